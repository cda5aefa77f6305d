/**
 * Where the sagas of the demo are kept: a process of its own, which outlives those that drive them, with the
 * methods of a store as its endpoints. In earnest this is PostgreSQL.
 */
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { InMemorySagaStore } from 'keelson/saga';

const store = new InMemorySagaStore();

const server = createServer(async (request, response) => {
  const method = request.url.slice(1);
  try {
    const value = await store[method](...JSON.parse(await text(request)));
    response.end(JSON.stringify({ value }));
  } catch (error) {
    response.writeHead(500).end(JSON.stringify({ error: String(error) }));
  }
});
process.on('disconnect', () => process.exit());
server.listen(0, '127.0.0.1', () => {
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  process.send({ type: 'ready', port });
});
