import { expect, it } from 'vitest';
import { defineSaga } from '../../../src/saga/definition.js';
import { InMemorySagaStore } from '../../../src/saga/in-memory-saga-store.js';
import type { SagaStore } from '../../../src/saga/saga-store.js';
import { Gate, SagaScene, storeAround } from './saga-scene.js';

const line = defineSaga('line')
  .step('a', { forward: () => 'answer', compensate: 'nothing' })
  .step('b', { forward: () => {}, compensate: 'nothing' });

/** A worker that counts what it asks the store for. */
async function counted(scene: SagaScene, concurrency = 100) {
  const asked = new Map<keyof SagaStore, number>();
  const store = storeAround(scene.store, (method, real) => {
    asked.set(method, (asked.get(method) ?? 0) + 1);
    return real();
  });
  const sagas = await scene.worker([line], { store, concurrency });
  await scene.clock.advance(0);
  asked.clear();
  return { sagas, asked };
}

it('asks the store for an insert and a write a step, and no more, where a saga runs through', async () => {
  const { sagas, asked } = await counted(new SagaScene());
  const runs = Array.from({ length: 10 }, () => sagas.run(line, {}));
  expect(await Promise.all(runs)).toEqual(Array(10).fill({ a: 'answer' }));
  expect(Object.fromEntries(asked)).toEqual({ insert: 10, write: 20 });
  await sagas.close();
});

it('claims what it had no room for as soon as there is some', async () => {
  const scene = new SagaScene();
  const { sagas, asked } = await counted(scene, 1);
  const runs = Array.from({ length: 10 }, () => sagas.run(line, {}));
  await scene.clock.advance(0);
  await Promise.all(runs);
  expect(asked.get('claim')).toBeGreaterThanOrEqual(9);
  await sagas.close();
});

/** A saga of one step that lasts until somebody opens its gate. */
function gated() {
  const gate = new Gate();
  const step = { forward: () => gate.promise, compensate: 'nothing', timeoutMs: Infinity } as const;
  return { gate, saga: defineSaga('s').step('a', step) };
}

it('hears at once of the end of a saga, however many wait for it, and keeps no timer for them', async () => {
  const scene = new SagaScene();
  const { gate, saga } = gated();
  const sagas = await scene.worker([saga]);
  const handle = await sagas.start(saga, {});
  const before = scene.clock.timers;
  const { signal } = new AbortController();
  const ends = Array.from({ length: 20 }, () => handle.result({ signal }));
  await scene.clock.advance(0);
  expect(sagas.snapshot().waiting).toBe(20);
  expect(scene.clock.timers).toBe(before + 1);
  gate.open();
  expect(await Promise.all(ends)).toHaveLength(20);
  expect(sagas.snapshot().waiting).toBe(0);
  expect(scene.clock.timers).toBeLessThanOrEqual(before);
  await sagas.close();
});

it('looks into the store for the end of a saga whose worker it lost without knowing', async () => {
  const scene = new SagaScene();
  const { gate, saga } = gated();
  const sagas = await scene.worker([saga]);
  const handle = await sagas.start(saga, {}, { id: 'one' });
  const end = handle.result();
  await scene.clock.advance(0);
  const { epoch, revision, state, cancellable } = (await scene.store.get('one'))!;
  const over = { ...state, entries: { a: { state: 'done', output: 'of another' } } } as const;
  const write = { id: 'one', epoch, revision, state: over, status: 'completed', cancellable } as const;
  await scene.store.write({
    ...write,
    events: [],
    consumed: [],
    release: { wakeAt: undefined, signals: 0 },
    heedsCancel: false,
  });
  await scene.clock.advance(300);
  expect(await end).toEqual({ a: 'of another' });
  gate.open();
  await sagas.close();
});

it('tells each event of a history by its number, also when the first are forgotten', async () => {
  const scene = new SagaScene();
  const store = new InMemorySagaStore({ clock: scene.clock, maxHistory: 1 });
  const sagas = await scene.worker([line], { store });
  const { id } = await sagas.start(line, {});
  await scene.clock.advance(0);
  expect(await sagas.history(id)).toMatchObject([{ seq: 2, epoch: 1, event: { kind: 'done', step: 'b' } }]);
  await sagas.close();
});
