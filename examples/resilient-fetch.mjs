/** A `fetch` that survives its servers: the same shape, the same answers, and policies inside. */
import { createServer } from 'node:http';
import { resilientFetch } from 'keelson';

// A server whose first answer to each address is that it is busy.
const seen = new Map();
const server = createServer((request, response) => {
  const times = (seen.get(request.url) ?? 0) + 1;
  seen.set(request.url, times);
  response.statusCode = request.url === '/down' || times === 1 ? 503 : 200;
  response.end(`${request.method} ${request.url}, request ${times}`);
});
await new Promise(resolve => server.listen(0, '127.0.0.1', () => resolve(undefined)));
const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
const origin = `http://127.0.0.1:${port}`;

const fetch = resilientFetch({
  baseUrl: origin,
  timeoutMs: 5_000,
  retry: { attempts: 3, backoff: { kind: 'constant', delayMs: 5 } },
  breaker: { consecutiveFailures: 5, openMs: 60_000 },
});

async function show(path, init) {
  const response = await fetch(path, init);
  console.log(response.status, await response.text());
}

// What may be repeated is: the busy answer is thrown away, the next one is good.
await show('/stock');

// A POST may not, for nobody knows what the first one did. With a key the server knows a repetition.
await show('/orders', { method: 'POST' });
await show('/invoices', { method: 'POST', headers: { 'idempotency-key': 'invoice-7' } });

// A response of any status resolves, as with `fetch`: here the last of three attempts.
await show('/down');
await show('/down').catch(error => console.log(error.code));
console.log(`the breaker of this origin is ${fetch.breaker(origin)?.state}`);

server.close();
server.closeAllConnections();
