import { expect, it } from 'vitest';
import { defineSaga } from '../../../src/saga/definition.js';
import { InMemorySagaStore } from '../../../src/saga/in-memory-saga-store.js';
import { SagaOrchestrator } from '../../../src/saga/orchestrator.js';
import { StepFailedError } from '../../../src/saga/saga-errors.js';

it('runs the steps in order and answers with what they answered', async () => {
  const calls: string[] = [];
  const order = defineSaga<{ cents: number }>('order')
    .step('reserve', {
      forward: ({ input, idempotencyKey }) => {
        calls.push(idempotencyKey);
        return { sku: 'apple', cents: input.cents };
      },
      compensate: () => {},
    })
    .step('charge', {
      forward: async ({ outputs }) => {
        calls.push(outputs.reserve.sku);
        return 'receipt';
      },
      compensate: () => {},
    });
  const store = new InMemorySagaStore();
  const sagas = new SagaOrchestrator({ store, definitions: [order] });
  await sagas.work();
  const outputs = await sagas.run(order, { cents: 5 }, { id: 's1' });
  expect(outputs).toEqual({ reserve: { sku: 'apple', cents: 5 }, charge: 'receipt' });
  expect(calls).toEqual(['s1:reserve:forward', 'apple']);
  expect((await store.get('s1'))?.revision).toBe(2);
  await sagas.close();
});

it('undoes in reverse what was done when a step fails', async () => {
  const calls: string[] = [];
  const step = (name: string, fail = false) => ({
    forward: () => {
      calls.push(name);
      if (fail) throw new StepFailedError('sold out');
      return name;
    },
    compensate: ({ output }: { output: string | undefined }) => {
      calls.push(`undo ${name} ${output}`);
    },
  });
  const order = defineSaga('order').step('a', step('a')).step('b', step('b')).step('c', step('c', true));
  const sagas = new SagaOrchestrator({ store: new InMemorySagaStore(), definitions: [order] });
  await sagas.work();
  await expect(sagas.run(order, {})).rejects.toMatchObject({ code: 'ERR_SAGA_COMPENSATED' });
  expect(calls).toEqual(['a', 'b', 'c', 'undo b b', 'undo a a']);
  await sagas.close();
});
