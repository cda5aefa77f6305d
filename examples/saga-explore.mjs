/** What a crash does to a saga, before it happens: every point of it, and how a mistake is found. */

import { defineSaga, lintSaga, planSaga } from 'keelson/saga';
import { exploreSaga } from 'keelson/testing';

const reserve = { forward: () => {}, compensate: () => {} };

const order = defineSaga('order')
  .step('reserve', reserve)
  .pivot('charge', { forward: () => {} })
  .step('ship', { forward: () => {} });

// A worker is killed at each point. Left out, the options have more: paused workers, and pairs.
const { runs, takeovers, ends } = await exploreSaga(order, { input: {}, interruptions: 1, zombies: false });
console.log(`${runs} runs, ${takeovers} takeovers: nothing lost, doubled or out of order`);
console.log(`ends: ${Object.keys(ends).filter(end => ends[end] > 0)}`);

// The bank cannot tell a repeated call, and the definition does not hide it.
const careless = defineSaga('careless')
  .step('reserve', reserve)
  .step('charge', { forward: () => {}, compensate: () => {}, idempotent: false });

for (const { step, message } of lintSaga(careless)) console.log(`${step}: ${message}`);
const { calls } = planSaga(careless, { failing: 'charge', outcome: 'unknown', id: '7' });
console.log(calls.map(({ idempotencyKey }) => idempotencyKey).join(' '));

// A promise of one's own, which does not hold: that every order is completed.
try {
  await exploreSaga(order, {
    input: {},
    interruptions: 0,
    invariant: ({ record }) => (record.status === 'completed' ? undefined : `it is ${record.status}`),
  });
} catch (error) {
  console.log(`${error.name}: ${error.message.split('\n')[0]}`);
  console.log(error.trace.filter(line => /forward|compensate/.test(line)).join('; '));
}
