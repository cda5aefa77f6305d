/** An order and the message about it are one transaction, and reach the bus once that has committed. */

import { PGlite } from '@electric-sql/pglite';
import { Inbox, Outbox, OutboxRelay } from 'keelson/data';
import { InMemoryBus, topic } from 'keelson/messaging';
import { PostgresBarrierStore, PostgresOutboxStore } from 'keelson/postgres';

const client = await PGlite.create();
await client.exec('CREATE TABLE orders (id text, cents int CHECK (cents > 0))');
await client.exec('CREATE TABLE invoice (cents int)');
const [store, handled] = [new PostgresOutboxStore({ client }), new PostgresBarrierStore({ client })];
await store.connect();
await handled.connect();
const outbox = new Outbox({ store });
const placed = topic('orders.placed', { key: order => order.customer });

/** @param {string} id @param {string} customer @param {number} cents */
async function place(id, customer, cents) {
  const work = client.transaction(async tx => {
    await outbox.publish(tx, { topic: placed, data: { id, customer, cents } });
    await tx.query('INSERT INTO orders VALUES ($1, $2)', [id, cents]);
  });
  await work.catch(error => console.log(`${id} not placed: ${error.constraint}`));
}

await place('ann-1', 'ann', 300);
await place('bob-1', 'bob', -5);
await place('ann-2', 'ann', 200);
console.log(`${(await outbox.lag()).messages} messages wait`);

const bus = new InMemoryBus();
const inbox = new Inbox({ store: handled, consumer: 'billing', redeliveryMs: 86_400_000 });
/** @param {{ id: string, data: { cents: number } }} message */
const bill = async ({ id, data }) => {
  const { outcome } = await client.transaction(tx =>
    inbox.run(tx, id, () => tx.query('INSERT INTO invoice VALUES ($1)', [data.cents]).then(() => undefined)),
  );
  return outcome;
};
let left = 2;
const billed = new Promise(resolve => {
  bus.subscribe(placed, { group: 'billing' }, async message => {
    // As if its acknowledgement had been lost: what comes twice has its effect once.
    console.log(`${message.data.id}: ${await bill(message)}, and then ${await bill(message)}`);
    if (--left === 0) resolve(undefined);
  });
});

const relay = new OutboxRelay({ store, bus });
await relay.start();
await billed;
await relay.close();
const { rows } = await client.query('SELECT cents FROM invoice');
console.log(`${rows.length} invoices, ${(await outbox.lag()).messages} messages wait`);

await bus.close();
await client.close();
