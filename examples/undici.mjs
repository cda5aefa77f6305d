/** Requests of undici, whoever makes them, through policies: by an interceptor of its dispatcher. */
import { createServer } from 'node:http';
import { CircuitBreaker, pipeline, Retry, Timeout } from 'keelson';
import { undiciInterceptor, undiciRetryVerdict, undiciVerdict } from 'keelson/undici';
import { Agent, request } from 'undici';

// A server that is busy at first, and breaks off one of its answers.
let asked = 0;
const server = createServer((incoming, response) => {
  asked++;
  if (incoming.url === '/half') {
    response.writeHead(200, { 'content-length': 100 }).write('half of ');
    setTimeout(() => response.destroy(), 20);
  } else {
    response.statusCode = asked < 3 ? 503 : 200;
    response.end(`request ${asked}`);
  }
});
await new Promise(resolve => server.listen(0, '127.0.0.1', () => resolve(undefined)));
const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
const origin = `http://127.0.0.1:${port}`;

const breaker = new CircuitBreaker({ consecutiveFailures: 3, classify: undiciVerdict });
const timeout = new Timeout({ timeoutMs: 2_000 });
const retry = new Retry({ backoff: { kind: 'constant', delayMs: 5 }, classify: undiciRetryVerdict });
const agent = new Agent();
const dispatcher = agent.compose(
  undiciInterceptor({
    policy: pipeline(retry, breaker, timeout),
    once: pipeline(breaker, timeout),
  }),
);

async function show(path, init) {
  const { statusCode, body } = await request(origin + path, { dispatcher, ...init });
  console.log(statusCode, await body.text());
}

// Busy twice, then not: whoever asks sees one answer.
await show('/stock');

// A part of this one has been handed on: it is not asked for again, but the breaker has seen it break.
asked = 3;
await show('/half').catch(error => console.log(`broken off: ${error.code}, after ${asked - 3} request`));

// What may not happen twice goes through `once`.
asked = 0;
await show('/orders', { method: 'POST', body: 'tea' });
console.log(`the breaker is ${breaker.state}`);

await agent.close();
server.closeAllConnections();
server.close();
