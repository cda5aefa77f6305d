/** The door of the shop: who asks, how often, and what a page is made of. */
import { aggregate, CircuitBreaker, Fallback, optional, part, pipeline, Retry, Timeout } from 'keelson';
import { ApiGateway, apiKeys, hashApiKey } from 'keelson/gateway';
import { openBus } from './buses.mjs';
import { finder, jsonOf } from './clients.mjs';
import { openOps } from './ops.mjs';
import { answerParent, endWithParent, tell, told } from './service.mjs';
import { keys, limits } from './settings.mjs';

endWithParent();
answerParent({});
const find = finder();
const ops = told.watch ? await openOps(await openBus(told, 'gateway'), '/ops') : undefined;
const keep = (name, ...policies) => (name === told.off ? [] : policies);
const again = new Retry({ attempts: 3, backoff: { kind: 'exponential', initialMs: 30, maxMs: 200 } });
const perInstance = id => {
  const breaker = new CircuitBreaker({ name: `inventory ${id}`, consecutiveFailures: 3, openMs: 500 });
  ops?.observatory.watch(breaker);
  return breaker;
};
const attempt = keep('timeout', new Timeout({ timeoutMs: limits.stockMs, name: 'stock' }));
const [inventory, recommendations, orders] = await Promise.all([
  find('inventory', { policy: pipeline(again, ...attempt), perInstance }),
  find('recommendations'),
  find('orders'),
]);

/** What was on the shelf when somebody last knew. */
let lastStock = { units: 0 };
const stale = new Fallback({ run: () => ({ ...lastStock, stale: true }) });

/** Required: there is no page without it, but an old number will do. */
const stock = part(
  async (context, { params }) => {
    // Handed the context, the request has the deadline of the page.
    lastStock = await jsonOf(await inventory.fetch(`/stock/${params.sku}`, {}, context));
    return lastStock;
  },
  { policy: pipeline(...keep('fallback', stale)) },
);

/** Optional: nobody misses it. */
const tips = part(
  async (context, { params }) =>
    (await jsonOf(await recommendations.fetch(`/tips/${params.sku}`, {}, context))).tips,
  told.off === 'timeout' ? {} : { timeoutMs: limits.tipsMs },
);

const page = aggregate(
  { stock, tips: told.off === 'optional' ? tips : optional(tips, { otherwise: [] }) },
  { timeoutMs: told.off === 'timeout' ? Infinity : limits.pageMs },
);

const identity = async (key, subject) => ({ hash: await hashApiKey(key), identity: { subject } });
const known = await Promise.all([identity(keys.customers, 'customers'), identity(keys.bot, 'bot')]);
const pages = { name: 'pages', limit: limits.pagesPerSecond, perMs: 1_000, burst: limits.pagesAtOnce };

const gateway = new ApiGateway({
  ...(told.off !== 'keys' && { auth: apiKeys({ keys: known }) }),
  routes: [
    ...(ops ? [ops.route] : []),
    {
      path: '/pages/:sku',
      methods: ['GET'],
      upstream: { aggregate: page },
      // Without keys nobody is told from anybody, so all of them are counted as one.
      limits: keep('limit', { ...pages, by: told.off === 'keys' ? 'route' : 'identity' }),
    },
    {
      // A PUT without a body may be asked again, and the id of an order is the customer's.
      path: '/orders/:id',
      methods: ['PUT'],
      upstream: orders,
      policy: pipeline(...keep('timeout', new Timeout({ timeoutMs: limits.placeMs })), again),
    },
  ],
});
for (const thing of [gateway, inventory, recommendations, orders, again, stale])
  ops?.observatory.watch(thing);
const { url, port } = await gateway.listen({ port: told.port ?? 0, host: '127.0.0.1' });
tell({ type: 'ready', url, port });
