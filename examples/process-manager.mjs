/** An order that lives by messages: it is charged, shipped when it is paid, and given up when it is not. */

import { InMemoryBus, topic } from 'keelson/messaging';
import { defineProcess, InMemoryProcessStore, ProcessManager } from 'keelson/saga';

const placed = topic('orders.placed');
const paid = topic('payments.paid');
const charge = topic('payments.charge');
const ship = topic('shipping.ship');
const apologise = topic('mail.apologise');

const order = defineProcess({
  name: 'order',
  receives: { placed, paid },
  sends: { charge, ship, apologise },
  timeouts: { unpaid: 500 },
  startedBy: ['placed'],
  initial: () => ({ status: 'new' }),
  correlate: ({ data }) => data.order,
  // No effects here: what is returned is written in one transaction with the message, or not at all.
  decide: (_, { type, data, id }) => {
    if (type === 'placed') {
      return { events: ['placed'], send: [{ to: 'charge', data }], schedule: { unpaid: true } };
    }
    if (type === 'paid') return { events: ['paid'], send: [{ to: 'ship', data }], end: true };
    const [, key] = id.split('/');
    return { events: ['given up'], send: [{ to: 'apologise', data: { order: key } }], end: true };
  },
  evolve: (_, status) => ({ status }),
});

const bus = new InMemoryBus();
let published = 0;
for (const to of [charge, ship, apologise]) {
  await bus.subscribe(to, { group: 'others' }, async ({ data }) => {
    console.log(`${to.name} ${data.order}`);
    published++;
    // Ann pays, and Bob does not.
    if (to === charge && data.order === 'ann-1') await bus.publish(paid, data, { id: 'payment-1' });
  }).ready;
}
// A `PostgresProcessStore` of keelson/postgres keeps them, and any number of programs shares it.
const store = new InMemoryProcessStore();
const manager = new ProcessManager({ process: order, bus, store, pollMs: 20 });
manager.on('late', ({ key, type }) => console.log(`too late: ${type} for ${key}`));
await manager.start();

const messages = async count => {
  while (published < count) await new Promise(resolve => setTimeout(resolve, 10));
};
await bus.publish(placed, { order: 'ann-1' });
await messages(2);
await bus.publish(placed, { order: 'bob-1' });
await messages(4);
console.log(await manager.handle('paid', { id: 'payment-1', data: { order: 'ann-1' } }));
console.log(await manager.handle('paid', { id: 'payment-2', data: { order: 'bob-1' } }));

await manager.close();
await bus.close();
