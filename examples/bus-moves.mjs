/** A service that began on a bus in memory and moves to a broker: one line is another, all else stays. */

import { Redis } from 'ioredis';
import { createBus, InMemoryBus, topic } from 'keelson/messaging';
import { redisStreams } from 'keelson/redis';

const orders = topic('orders.placed', { key: order => order.customer });

/** The service. It knows no broker. */
async function shop(bus) {
  const billed = [];
  const failure = { redeliver: [20] };
  await bus.subscribe(orders, { group: 'billing', order: 'key', failure }, ({ data, attempt }) => {
    if (attempt === 1 && data.total === 13) throw new Error('bad luck');
    billed.push(data.total);
  }).ready;
  for (const total of [13, 7]) await bus.publish(orders, { customer: 'ann', total });
  while (billed.length < 2) await new Promise(resolve => setTimeout(resolve, 5));
  await bus.close();
  return billed.join(', ');
}

console.log(`in memory: ${await shop(new InMemoryBus())}`);

const client = new Redis(process.env.REDIS_URL ?? 'redis://127.0.0.1:6379', { maxRetriesPerRequest: 2 });
client.on('error', () => {});
try {
  await client.ping();
} catch (error) {
  console.log(`no Redis to move to: ${error.message}`);
  client.disconnect();
  process.exit(process.env.CI ? 1 : 0);
}
const prefix = `keelson-example-${process.pid}`;
console.log(`over Redis: ${await shop(createBus(redisStreams({ client, prefix })))}`);

await client.del(...(await client.keys(`${prefix}:*`)));
client.disconnect();
