/** Messages over RabbitMQ: a group shares them, failures are tried again, the hopeless is set aside. */

import { connect } from 'amqplib';
import { createBus, topic } from 'keelson/messaging';
import { rabbitmq } from 'keelson/rabbitmq';

const url = process.env.AMQP_URL ?? 'amqp://guest:guest@127.0.0.1:5672';
let admin;
try {
  admin = await connect(url);
} catch (error) {
  console.log(`skipped: no RabbitMQ (${error.code ?? error.message})`);
  process.exit(process.env.CI ? 1 : 0);
}

// A prefix of its own, so that two of these do not hear of each other.
const prefix = `example-${process.pid}`;
const services = [1, 2].map(() => createBus(rabbitmq({ connect: () => connect(url), prefix })));
const orders = topic('orders.placed');

const lines = [];
for (const [place, bus] of services.entries()) {
  const failure = { redeliver: [100] };
  await bus.subscribe(orders, { group: 'billing', concurrency: 4, failure }, ({ data, attempt }) => {
    if (data.total < 0) throw new RangeError('a negative total');
    if (data.total === 13 && attempt === 1) throw new Error('bad luck');
    lines.push({ ...data, attempt, by: place });
  }).ready;
}

const [bus] = services;
for (const total of [13, 7, -1, 20]) await bus.publish(orders, { total });

const letters = bus.deadLetters(orders, 'billing');
while (lines.length < 3 || (await letters.list()).length < 1) {
  await new Promise(resolve => setTimeout(resolve, 10));
}

for (const { total, attempt } of lines.sort((a, b) => a.total - b.total)) {
  console.log(`${total} was billed by delivery ${attempt}`);
}
for (const { error, attempts } of await letters.list()) {
  console.log(`set aside: ${error.name}: ${error.message}, after ${attempts} deliveries`);
}

await Promise.all(services.map(each => each.close()));
const channel = await admin.createChannel();
for (const name of [':group:billing:orders.placed', ':dead:billing:orders.placed', ':wait:0']) {
  await channel.deleteQueue(prefix + name);
}
for (const name of ['', ':to', ':wait:0', ':wait:over']) await channel.deleteExchange(prefix + name);
await admin.close();
