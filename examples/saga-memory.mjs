/** An order over three services: done in order, undone in reverse, parked where only a person can tell. */

import { defineSaga, InMemorySagaStore, SagaOrchestrator, StepFailedError } from 'keelson/saga';

const stock = new Map([['tea', 2]]);
let stockIsDown = false;

/** @typedef {import('keelson/saga').SagaDefinition<{ sku: string, cents: number }, {}, 'before'>} Order */

const order = /** @type {Order} */ (defineSaga('order'))
  .step('reserve', {
    forward: ({ input }) => {
      const left = stock.get(input.sku) ?? 0;
      if (left === 0) throw new StepFailedError('sold out');
      stock.set(input.sku, left - 1);
      return { reservation: `one ${input.sku}` };
    },
    compensate: ({ input, output }) => {
      if (stockIsDown) throw new Error('the stock does not answer');
      stock.set(input.sku, stock.get(input.sku) + 1);
      console.log(`  given back: ${output.reservation}`);
    },
    compensation: { retry: { attempts: 2, backoff: { kind: 'constant', delayMs: 5 } } },
  })
  .step('charge', {
    // Tells repeated calls by the key, as a real bank does.
    forward: ({ input, idempotencyKey }) => {
      if (input.cents > 1_000) throw new StepFailedError('no funds');
      return { receipt: idempotencyKey };
    },
    compensate: () => console.log('  refunded'),
  })
  .step('ship', { forward: ({ outputs }) => `paid with ${outputs.charge.receipt}`, compensate: 'nothing' });

const sagas = new SagaOrchestrator({ store: new InMemorySagaStore(), definitions: [order] });
await sagas.work();

async function place(id, input) {
  try {
    const { ship } = await sagas.run(order, input, { id });
    console.log(`${id}: ${ship}, ${stock.get(input.sku)} left`);
  } catch (error) {
    console.log(`${id}: ${error.code}, ${stock.get(input.sku)} left`);
  }
}

await place('order-1', { sku: 'tea', cents: 500 });
await place('order-1', { sku: 'tea', cents: 500 }); // known: nothing happens twice
await place('order-2', { sku: 'tea', cents: 5_000 });
stockIsDown = true;
await place('order-3', { sku: 'tea', cents: 5_000 });

stockIsDown = false;
await sagas.retry('order-3');
while ((await sagas.get('order-3')).status !== 'compensated') await new Promise(setImmediate);
console.log(`order-3, tried again: ${stock.get('tea')} left`);
await sagas.close();
