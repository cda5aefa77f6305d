import { expect, it } from 'vitest';
import { defineSaga } from '../../../src/saga/definition.js';
import { InMemorySagaStore } from '../../../src/saga/in-memory-saga-store.js';
import { SagaOrchestrator } from '../../../src/saga/orchestrator.js';
import { settle } from '../../../src/testing/settle.js';
import { VirtualClock } from '../../../src/testing/virtual-clock.js';
import { SagaScene, storeAround } from './saga-scene.js';

it('looks at once when the store says that something may be due, until it is closed', async () => {
  const clock = new VirtualClock();
  const listeners = new Set<() => void>();
  const store = Object.assign(new InMemorySagaStore({ clock }), {
    onWake(listener: () => void) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  });
  const nothing = { forward: () => {}, compensate: () => {} };
  const order = defineSaga('order').step('charge', nothing);
  const parts = { store, clock, definitions: [order] };
  const starter = new SagaOrchestrator(parts);
  const worker = new SagaOrchestrator({ ...parts, pollMs: 60_000, maxPollMs: 60_000 });
  await worker.work();
  await settle();
  await starter.start(order, {}, { id: 'one' });
  await settle();
  expect((await store.get('one'))?.status).toBe('running');
  for (const listener of listeners) listener();
  await settle();
  expect((await store.get('one'))?.status).toBe('completed');
  await worker.close();
  expect(listeners.size).toBe(0);
});

it('does not claim a saga over and over that is due for the store alone, whose clock was set', async () => {
  const scene = new SagaScene();
  let writes = 0;
  const store = storeAround(scene.store, async (method, real) => {
    if (method === 'write' && ++writes > 20) throw new Error('it was written over and over');
    return real();
  });
  const nap = defineSaga('nap').sleep('nap', 60_000);
  const sagas = await scene.worker([nap], { store });
  await sagas.start(nap, {}, { id: 's1' });
  await scene.clock.advance(1_000);
  scene.clock.stepWall(120_000);
  await scene.clock.advance(2_000);
  expect((await sagas.get('s1'))?.status).toBe('completed');
  expect(writes).toBe(2);
  await sagas.close();
});

it('tells of a store that does not say what a saga waits for, and asks it again', async () => {
  const scene = new SagaScene();
  let down = true;
  const store = storeAround(scene.store, (method, real) =>
    method === 'signals' && down ? Promise.reject(new Error('down')) : real(),
  );
  const order = defineSaga('order').waitForEvent('paid');
  const sagas = await scene.worker([order], { store });
  const failed: string[] = [];
  sagas.on('storeFailed', ({ doing, error }) => failed.push(`${doing}: ${(error as Error).message}`));
  await sagas.start(order, {}, { id: 'a' });
  await scene.clock.advance(3_500);
  expect(failed).toEqual(['look: down', 'look: down', 'look: down', 'look: down']);
  down = false;
  await sagas.signal('a', 'paid');
  expect(await scene.end(sagas, 'a')).toBe('completed');
  await sagas.close();
});
