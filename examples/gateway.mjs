/** One entry point for two services: keys, a rewrite, a retry, and a page that is made of both. */
import { createServer } from 'node:http';
import { aggregate, Retry } from 'keelson';
import { ApiGateway, apiKeys, hashApiKey } from 'keelson/gateway';

/** Stands for a service; answers by its path. */
async function service(answer) {
  const server = createServer((request, response) => answer(request, response));
  await new Promise(resolve => server.listen(0, '127.0.0.1', () => resolve(undefined)));
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  return { url: `http://127.0.0.1:${port}`, stop: () => server.close() };
}

let asked = 0;
const stock = await service((request, response) => {
  asked++;
  // Its first answer is a failure.
  if (asked === 1) response.writeHead(503).end();
  else response.end(JSON.stringify({ path: request.url, inStock: 12 }));
});
const prices = await service((_, response) => response.end(JSON.stringify({ eur: 4.5 })));
const json = async (url, signal) => (await fetch(url, { signal })).json();

const page = aggregate({
  stock: ({ signal }, { params }) => json(`${stock.url}/items/${params.id}`, signal),
  price: ({ signal }) => json(prices.url, signal),
});

const key = 'k'.repeat(40);
const gateway = new ApiGateway({
  auth: apiKeys({ keys: [{ hash: await hashApiKey(key), identity: { subject: 'shop' } }] }),
  routes: [
    {
      path: '/stock/*rest',
      upstream: stock.url,
      rewrite: '/items/*rest',
      policy: new Retry({ attempts: 2, backoff: { kind: 'constant', delayMs: 5 } }),
    },
    { path: '/pages/:id', upstream: { aggregate: page } },
  ],
});
const { url } = await gateway.listen({ port: 0, host: '127.0.0.1' });

const headers = { 'x-api-key': key };
console.log('without a key:', (await fetch(`${url}/stock/tea`)).status);
const tea = await (await fetch(`${url}/stock/tea`, { headers })).text();
console.log('with it:', tea, `after ${asked} requests`);
console.log('a page of both:', await (await fetch(`${url}/pages/tea`, { headers })).text());
console.log('a trick:', (await fetch(`${url}/stock/..%2f..%2fadmin`, { headers })).status);

await gateway.close();
stock.stop();
prices.stop();
