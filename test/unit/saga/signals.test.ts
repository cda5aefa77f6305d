import { expect, it } from 'vitest';
import { defineSaga } from '../../../src/saga/definition.js';
import { InMemorySagaStore } from '../../../src/saga/in-memory-saga-store.js';
import { SagaScene } from './saga-scene.js';

const order = defineSaga('order').waitForEvent('paid').waitForEvent('seen');

async function scene(limits: object) {
  const { clock, ...rest } = new SagaScene();
  const store = new InMemorySagaStore({ clock, ...limits });
  const sagas = await new SagaScene().worker([order], { store, clock });
  return { ...rest, clock, sagas };
}

it('refuses what is more than a saga may leave unused, and says how much that is', async () => {
  const { sagas, clock } = await scene({ maxSignalsPerSaga: 2 });
  await sagas.start(order, {}, { id: 'o', key: '7' });
  const early = { definition: 'order', key: '8' };
  for (const name of ['a', 'b']) {
    await sagas.signal('o', name);
    await sagas.signal(early, name);
  }
  await expect(sagas.signal('o', 'paid')).rejects.toMatchObject({
    ...{ name: 'SagaRefusedError', code: 'ERR_SAGA_REFUSED', rejected: true },
    message: 'InMemorySagaStore: at `maxSignalsPerSaga`, 2, no more signals are kept for "o"',
  });
  await expect(sagas.signal(early, 'paid')).rejects.toThrow(
    '`maxSignalsPerSaga`, 2, no more signals are kept for the key "8" of "order"',
  );
  // What it waits for can still be said by its key, and is no more than one each.
  for (const name of ['paid', 'seen']) {
    expect(await sagas.signal({ definition: 'order', key: '7' }, name)).toBe('kept');
    await clock.advance(1_000);
  }
  expect((await sagas.get('o'))?.status).toBe('completed');
  expect(await sagas.signal('o', 'paid')).toBe('late');
  await sagas.close();
});

it('refuses what is more than all sagas of a store in memory may leave unused', async () => {
  const { sagas } = await scene({ maxSignals: 2 });
  for (const key of ['1', '2']) await sagas.signal({ definition: 'order', key }, 'paid', 0, { dedupe: 'd' });
  const third = { definition: 'order', key: '3' };
  await expect(sagas.signal(third, 'paid')).rejects.toMatchObject({
    code: 'ERR_SAGA_REFUSED',
    message: 'InMemorySagaStore: at `maxSignals`, 2, no more signals are kept for the key "3" of "order"',
  });
  expect(await sagas.signal({ definition: 'order', key: '1' }, 'paid', 0, { dedupe: 'd' })).toBe('known');
  await sagas.close();
});
