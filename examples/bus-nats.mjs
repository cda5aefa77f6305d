/** Messages over NATS JetStream: two services, a pattern, a repeat, and a dead letter that comes back. */

import { connect } from '@nats-io/transport-node';
import { createBus, topic } from 'keelson/messaging';
import { jetStream } from 'keelson/nats';

const servers = process.env.NATS_URL ?? 'nats://127.0.0.1:4222';
const client = await connect({ servers, timeout: 2_000, maxReconnectAttempts: -1 }).catch(error => {
  console.log(`skipped: no NATS (${error.message})`);
  process.exit(process.env.CI ? 1 : 0);
});

// A prefix of its own, so that two of these do not hear of each other.
const prefix = `keelson-example-${process.pid}`;
const services = [1, 2].map(() => createBus(jetStream({ client, prefix, maxBytes: 1_048_576 })));
const [bus] = services;
const orders = topic('orders.placed');

const billed = [];
let bookIsOpen = false;
for (const each of services) {
  const failure = {
    redeliver: [50],
    classify: error => (error instanceof RangeError ? 'dead-letter' : 'retry'),
  };
  await each.subscribe(orders, { group: 'billing', failure }, ({ data, attempt }) => {
    if (data.total === 13 && attempt === 1) throw new Error('bad luck');
    if (data.total > 1_000 && !bookIsOpen) throw new RangeError('a total that somebody has to look at');
    billed.push(`${data.total} (delivery ${attempt})`);
  }).ready;
}
const audited = [];
await bus.subscribe('orders.*', { group: 'audit' }, ({ data }) => void audited.push(Object(data).total))
  .ready;

const until = async holds => {
  while (!(await holds())) await new Promise(resolve => setTimeout(resolve, 10));
};
const results = [];
for (const [id, total] of Object.entries({ a: 13, b: 7, c: 5_000 })) {
  results.push(await bus.publish(orders, { total }, { id }));
}
results.push(await bus.publish(orders, { total: 7 }, { id: 'b' }));
console.log(`known again: ${results.filter(({ duplicate }) => duplicate).map(({ id }) => id)}`);

const letters = bus.deadLetters(orders, 'billing');
await until(async () => (await letters.list()).length === 1 && billed.length === 2);
bookIsOpen = true;
for await (const letter of letters) {
  console.log(`set aside: ${Object(letter.data).total}, ${letter.error.message}`);
  await letter.replay();
}
await until(() => billed.length === 3 && audited.length === 3);
console.log(`billed: ${billed.sort().join(', ')}`);
console.log(`audited: ${audited.sort((one, other) => one - other).join(', ')}`);

await Promise.all(services.map(each => each.close()));
for (const stream of [prefix, `${prefix}-dead`]) await client.request(`$JS.API.STREAM.DELETE.${stream}`);
await client.close();
