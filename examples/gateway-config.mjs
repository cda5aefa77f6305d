/** A gateway that is data: a service of two instances, a retry, a page of two parts, and a mistake. */
import { createServer } from 'node:http';
import { ConfigError, gatewayFrom } from 'keelson/gateway';

/** Stands for an instance of a service. */
async function instance(answer) {
  const server = createServer(answer);
  await new Promise(resolve => server.listen(0, '127.0.0.1', () => resolve(undefined)));
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  return { url: `http://127.0.0.1:${port}`, stop: () => server.close() };
}

const one = await instance((_, response) => response.writeHead(503).end());
const two = await instance((request, response) => response.end(JSON.stringify({ path: request.url })));

/** @type {import('keelson/gateway').ApiGatewayConfig} */
const config = {
  services: { stock: { instances: [one.url, two.url] } },
  pipelines: { reads: [{ kind: 'retry', attempts: 3, backoff: { kind: 'constant', delayMs: 1 } }] },
  routes: [
    { path: '/stock/*rest', upstream: { service: 'stock' }, rewrite: '/items/*rest', policy: 'reads' },
    {
      path: '/pages/:id',
      upstream: {
        aggregate: {
          parts: {
            item: { upstream: { service: 'stock' }, path: '/items/:id', policy: 'reads' },
            tips: { upstream: one.url, path: '/tips/:id', optional: true, otherwise: [] },
          },
        },
      },
    },
    { path: '/hello', reply: { body: 'hello' } },
  ],
};
const gateway = gatewayFrom(config);
const ask = async path => (await gateway.fetch(new Request(`http://gateway.example${path}`))).text();

console.log('from a service:', await ask('/stock/tea'));
console.log('a page:', await ask('/pages/tea'));
console.log('a reply:', await ask('/hello'));
try {
  gatewayFrom('{ "routes": [\n  { "path": "/", "reply": {}, "limitz": [] }\n] }');
} catch (error) {
  if (error instanceof ConfigError) for (const { message } of error.problems) console.log('wrong:', message);
}

await gateway.close();
one.stop();
two.stop();
