// A service in a process of its own, over the built package, which registers itself in etcd. The test kills
// it, stops it, or asks it to leave.
import { createServer } from 'node:http';
import { etcdRegistry } from 'keelson/etcd';

const { endpoint, prefix, id, ttlMs, drainMs } = JSON.parse(process.argv[2]);
const server = createServer((_, response) => {
  setTimeout(() => response.end(id), 5);
});
await new Promise(resolve => server.listen(0, '127.0.0.1', resolve));
const registry = etcdRegistry({ endpoints: endpoint, prefix });
const { port } = server.address();
const registration = registry.register(
  { service: 'fleet', id, address: `127.0.0.1:${port}` },
  { ttlMs, drainMs },
);
await registration.ready;
process.on('SIGTERM', async () => {
  // First nobody comes any more, then the last ones are served.
  await registry.close();
  server.close(() => process.exit(0));
  server.closeIdleConnections();
});
process.send('ready');
