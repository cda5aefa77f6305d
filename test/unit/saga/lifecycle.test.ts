import { expect, it } from 'vitest';
import { defineSaga } from '../../../src/saga/definition.js';
import { Gate, SagaScene, storeAround } from './saga-scene.js';

const two = (gate: Gate, calls: string[]) =>
  defineSaga('s')
    .step('a', { forward: () => gate.promise, compensate: 'nothing', timeoutMs: Infinity })
    .step('b', { forward: () => void calls.push('b'), compensate: 'nothing' });

it('waits for the steps that run, begins nothing more, and gives its sagas back at once', async () => {
  const scene = new SagaScene();
  const gate = new Gate();
  const calls: string[] = [];
  const saga = two(gate, calls);
  const sagas = await scene.worker([saga]);
  await sagas.start(saga, {}, { id: 's1' });
  await sagas.start(saga, {}, { id: 's2' });
  await scene.clock.advance(100);
  let closed = false;
  const closing = sagas.close().then(() => (closed = true));
  await scene.clock.advance(5_000);
  expect(closed).toBe(false);
  expect(sagas.snapshot()).toMatchObject({ status: 'closing', driving: 2 });
  gate.open();
  await scene.clock.advance(0);
  expect(closed).toBe(true);
  await closing;
  expect(calls).toEqual([]);
  const { state, owner, wakeAt } = (await scene.store.get('s1'))!;
  expect(state.entries['a']?.state).toBe('done');
  expect([owner, wakeAt]).toEqual([undefined, scene.clock.wall()]);
  expect(scene.clock.timers).toBe(0);
  const heir = await scene.worker([saga]);
  await scene.clock.advance(10);
  expect(calls).toEqual(['b', 'b']);
  expect(await scene.told('s1')).toEqual(['done a', 'done b']);
  await heir.close();
  expect(scene.clock.timers).toBe(0);
});

it('leaves what does not end in time to its lease', async () => {
  const scene = new SagaScene();
  const saga = two(new Gate(), []);
  const sagas = await scene.worker([saga], { drainMs: 1_000 });
  await sagas.start(saga, {}, { id: 's1' });
  const closing = sagas.close();
  await scene.clock.advance(1_000);
  await closing;
  expect(sagas.snapshot()).toMatchObject({ status: 'closed', driving: 0 });
  expect(scene.clock.timers).toBe(0);
  expect((await scene.store.claim('x', [{ ...(await scene.store.get('s1'))! }], 1, 1)).length).toBe(0);
  await scene.clock.advance(30_000);
  const [claimed] = await scene.store.claim('x', [{ ...(await scene.store.get('s1'))! }], 1, 1);
  expect(claimed?.interrupted).toBe(true);
});

it('ends though its store hangs', async () => {
  const scene = new SagaScene();
  let hangs = false;
  const store = storeAround(scene.store, (_, real) => (hangs ? new Promise(() => {}) : real()));
  const saga = two(new Gate(), []);
  const sagas = await scene.worker([saga], { store, drainMs: 1_000 });
  hangs = true;
  await scene.clock.advance(2_000);
  let closed = false;
  void sagas.close().then(() => (closed = true));
  await scene.clock.advance(1_000);
  expect(closed).toBe(true);
  expect(scene.clock.timers).toBe(0);
});

it('starts nothing once it is closed, and answers those who wait', async () => {
  const scene = new SagaScene();
  const saga = two(new Gate(), []);
  const idle = scene.orchestrator([saga]);
  const handle = await idle.start(saga, {}, { id: 's1' });
  const result = expect(handle.result()).rejects.toThrow(
    'the orchestrator is closed; the saga goes on elsewhere',
  );
  await scene.clock.advance(10);
  expect(idle.snapshot()).toEqual({
    ...{ name: 'sagas', owner: expect.stringMatching(/^sagas:/), status: 'idle', driving: 0, waiting: 1 },
  });
  await idle[Symbol.asyncDispose]();
  await result;
  await expect(idle.start(saga, {})).rejects.toThrow('start: the orchestrator is closed');
  await idle.work();
  expect(idle.snapshot().status).toBe('closed');
  expect(idle.close()).toBe(idle.close());
  expect(scene.clock.timers).toBe(0);
});

it('gives up waiting when the signal says so, and leaves the saga as it is', async () => {
  const scene = new SagaScene();
  const gate = new Gate();
  const saga = two(gate, []);
  const sagas = await scene.worker([saga]);
  const controller = new AbortController();
  const run = sagas.run(saga, {}, { id: 's1', signal: controller.signal });
  const rejects = expect(run).rejects.toBe('enough');
  await scene.clock.advance(100);
  controller.abort('enough');
  await rejects;
  await expect(sagas.run(saga, {}, { id: 's1', signal: controller.signal })).rejects.toBe('enough');
  gate.open();
  expect(await scene.end(sagas, 's1')).toBe('completed');
  await sagas.close();
});

it('tries a store again that could not be opened', async () => {
  const scene = new SagaScene();
  let opens = 0;
  const store = storeAround(scene.store, (method, real) =>
    method === 'open' && opens++ === 0 ? Promise.reject(new Error('no table')) : real(),
  );
  const saga = two(new Gate(), []);
  const sagas = scene.orchestrator([saga], { store });
  await expect(sagas.work()).rejects.toThrow('no table');
  await sagas.work();
  expect(sagas.snapshot().status).toBe('working');
  await sagas.close();
});

it('drives at once what was started while it looked for something to do', async () => {
  const scene = new SagaScene();
  const gate = new Gate();
  let held = false;
  const store = storeAround(scene.store, async (method, real) => {
    if (method === 'claim' && held) await gate.promise;
    return real();
  });
  const done = new Gate();
  done.open();
  const calls: string[] = [];
  const saga = two(done, calls);
  const sagas = await scene.worker([saga], { store });
  held = true;
  await scene.clock.advance(3_000);
  await sagas.start(saga, {}, { id: 's1' });
  held = false;
  gate.open();
  await scene.clock.advance(1);
  expect(calls).toEqual(['b']);
  await sagas.close();
});

it('forgets what has been over for long, and says what it is made of', async () => {
  const scene = new SagaScene();
  const done = new Gate();
  done.open();
  const saga = two(done, []);
  const sagas = await scene.worker([saga], { name: 'orders' });
  for (let n = 0; n < 5; n++) await scene.clock.runUntil(sagas.run(saga, {}, { id: `s${n}` }));
  expect(await sagas.purge(1_000)).toBe(0);
  await scene.clock.advance(1_000);
  expect(await sagas.purge(1_000, 3)).toBe(3);
  expect((await sagas.list()).map(({ id }) => id)).toEqual(['s3', 's4']);
  expect(sagas.describe()).toMatchObject({
    ...{ kind: 'saga-orchestrator', name: 'orders', leaseMs: 30_000 },
    definitions: [{ kind: 'saga', name: 's', steps: [{ name: 'a' }, { name: 'b', after: ['a'] }] }],
  });
  expect(JSON.parse(JSON.stringify(sagas.describe()))).toEqual(sagas.describe());
  await sagas.close();
});
