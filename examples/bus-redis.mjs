/** Messages over Redis Streams: a group shares them, failures are tried again, the hopeless is set aside. */

import { Redis } from 'ioredis';
import { createBus, topic } from 'keelson/messaging';
import { redisStreams } from 'keelson/redis';

const client = new Redis(process.env.REDIS_URL ?? 'redis://127.0.0.1:6379', { maxRetriesPerRequest: 2 });
let why;
client.on('error', error => {
  why = error;
});
try {
  await client.ping();
} catch {
  console.log(`skipped: no Redis (${why?.code})`);
  client.disconnect();
  process.exit(process.env.CI ? 1 : 0);
}

// A prefix of its own, so that two of these do not hear of each other.
const prefix = `keelson-example-${process.pid}`;
const services = [1, 2].map(() => createBus(redisStreams({ client, prefix })));
const orders = topic('orders.placed', { key: order => order.customer });

const lines = [];
for (const [place, bus] of services.entries()) {
  const failure = { redeliver: [50] };
  await bus.subscribe(orders, { group: 'billing', order: 'key', failure }, ({ data, attempt }) => {
    if (data.total < 0) throw new RangeError('a negative total');
    if (data.total === 13 && attempt === 1) throw new Error('bad luck');
    lines.push({ ...data, attempt, by: place });
  }).ready;
}

const [bus] = services;
for (const total of [13, 7]) await bus.publish(orders, { customer: 'ann', total });
for (const total of [-1, 20]) await bus.publish(orders, { customer: 'bob', total });

const letters = bus.deadLetters(orders, 'billing');
while (lines.length < 3 || (await letters.list()).length < 1) {
  await new Promise(resolve => setTimeout(resolve, 10));
}

for (const customer of ['ann', 'bob']) {
  const theirs = lines.filter(line => line.customer === customer);
  const told = theirs.map(({ total, attempt }) => `${total} (delivery ${attempt})`);
  console.log(`${customer}: ${told.join(', ')}`);
}
for (const { message, error, attempts } of await letters.list()) {
  console.log(`set aside, of ${message.key}: ${error.name}: ${error.message}, after ${attempts} deliveries`);
}

await Promise.all(services.map(each => each.close()));
const left = await client.keys(`${prefix}:*`);
await client.del(...left);
client.disconnect();
