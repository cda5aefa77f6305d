import { expect, it } from 'vitest';
import { defineSaga } from '../../../src/saga/definition.js';
import type { SagaStore } from '../../../src/saga/saga-store.js';
import { Gate, SagaScene, storeAround } from './saga-scene.js';

/** A line of three steps that count their calls by key. */
function line(calls: Map<string, number>, scene: SagaScene) {
  const step = {
    forward: async ({ idempotencyKey }: { readonly idempotencyKey: string }) => {
      calls.set(idempotencyKey, (calls.get(idempotencyKey) ?? 0) + 1);
      await new Promise<void>(resolve => scene.clock.schedule(500, () => resolve()));
      return idempotencyKey;
    },
    compensate: 'nothing' as const,
  };
  return defineSaga('s').step('a', step).step('b', step).step('c', step);
}

const KEYS = ['s1:a:forward', 's1:b:forward', 's1:c:forward'];

it.each([0, 400, 800, 1_300])('loses nothing when the store is down for 30 s, from %s ms on', async from => {
  const scene = new SagaScene();
  const calls = new Map<string, number>();
  let failed = 0;
  const down = storeAround(scene.store, (_, real) => {
    const now = scene.clock.now() - 100;
    if (now < from || now >= from + 30_000) return real();
    failed++;
    return Promise.reject(new Error('connection refused'));
  });
  const saga = line(calls, scene);
  const told: string[] = [];
  const sagas = await scene.worker([saga], { store: down });
  sagas.on('storeFailed', ({ doing }) => told.push(doing));
  const started = sagas.start(saga, {}, { id: 's1' });
  await scene.clock.advance(90_000);
  await started;
  expect(failed).toBeGreaterThan(5);
  expect(told.length).toBeGreaterThan(5);
  expect((await sagas.get('s1'))?.status).toBe('completed');
  expect([...calls.keys()]).toEqual(KEYS);
  expect(Math.max(...calls.values())).toBeLessThanOrEqual(2);
  await sagas.close();
});

it.each(['write', 'claim', 'renew', 'insert'] as const)(
  'loses nothing when every other answer to a %s is lost, though it was done',
  async method => {
    const scene = new SagaScene();
    const calls = new Map<string, number>();
    let asked = 0;
    const lossy = storeAround(scene.store, async (called, real) => {
      const answer = await real();
      if (called === method && asked++ % 2 === 0) throw new Error('connection reset');
      return answer;
    });
    const saga = line(calls, scene);
    const sagas = await scene.worker([saga], { store: lossy, leaseMs: 3_000, marginMs: 500 });
    await sagas.start(saga, {}, { id: 's1' }).catch(() => sagas.start(saga, {}, { id: 's1' }));
    await scene.clock.advance(60_000);
    expect((await sagas.get('s1'))?.status).toBe('completed');
    expect([...calls.keys()]).toEqual(KEYS);
    expect(await scene.told('s1')).toContain('done c');
    await sagas.close();
  },
);

it('hears nothing of a worker that was paused for longer than its lease', async () => {
  const scene = new SagaScene();
  const calls: string[] = [];
  const gate = new Gate();
  const answer = new Gate<string>();
  let paused = false;
  const frozen = storeAround(scene.store, async (_, real) => {
    if (paused) await gate.promise;
    return real();
  });
  let who = 'zombie';
  const saga = defineSaga('s')
    .step('a', {
      forward: ({ epoch }) => {
        calls.push(`a by ${who}, epoch ${epoch}`);
        return who === 'zombie' ? answer.promise : who;
      },
      compensate: 'nothing',
      timeoutMs: Infinity,
    })
    .step('b', {
      forward: ({ outputs }) => void calls.push(`b after ${outputs.a}`),
      compensate: 'nothing',
    });
  const zombie = await scene.worker([saga], { store: frozen });
  const lost: string[] = [];
  zombie.on('lost', ({ sagaId }) => lost.push(sagaId));
  await zombie.start(saga, {}, { id: 's1' });
  await scene.clock.advance(1_000);
  paused = true;
  who = 'heir';
  const heir = await scene.worker([saga]);
  const takenOver: unknown[] = [];
  heir.on('takenOver', ({ sagaId, epoch }) => takenOver.push([sagaId, epoch]));
  // The lease of the zombie, and a poll.
  await scene.clock.advance(30_000 + 2_000);
  expect((await heir.get('s1'))?.status).toBe('completed');
  answer.open('zombie');
  gate.open();
  await scene.clock.advance(60_000);
  expect(calls).toEqual(['a by zombie, epoch 1', 'a by heir, epoch 2', 'b after heir']);
  expect(takenOver).toEqual([['s1', 2]]);
  expect(lost).toEqual(['s1']);
  const epochs = (await heir.history('s1')).map(({ epoch }) => epoch);
  expect(epochs).toEqual([...epochs].sort());
  await Promise.all([heir.close(), zombie.close()]);
});

it('begins nothing near the end of a claim that it cannot renew, nor what waited for its turn', async () => {
  const scene = new SagaScene();
  const begun: [string, number][] = [];
  let down = false;
  const store = storeAround(scene.store, (method, real) =>
    down && method === 'renew' ? new Promise(() => {}) : real(),
  );
  const step = (name: string, ms: number) => ({
    forward: async () => {
      begun.push([name, scene.clock.now()]);
      await new Promise<void>(resolve => scene.clock.schedule(ms, () => resolve()));
    },
    compensate: 'nothing' as const,
    timeoutMs: Infinity,
  });
  const saga = defineSaga('s', { concurrency: 1 }).parallel({ a: step('a', 26_000), b: step('b', 10) });
  const sagas = await scene.worker([saga], { store });
  down = true;
  await sagas.start(saga, {}, { id: 's1' });
  await scene.clock.advance(29_900);
  expect(begun.map(([name]) => name)).toEqual(['a']);
  const heir = await scene.worker([saga]);
  expect(await scene.end(heir, 's1')).toBe('completed');
  expect(begun.filter(([, at]) => at > 25_000 && at < 30_000)).toEqual([]);
  await heir.close();
});

it('does not let a poison saga delay the others', async () => {
  const scene = new SagaScene();
  const poison = defineSaga('poison').step('a', {
    forward: () => new Promise<never>(() => {}),
    compensate: 'nothing',
    timeoutMs: Infinity,
  });
  const good = defineSaga('good')
    .sleep('nap', 5_000)
    .step('a', { forward: () => 1, compensate: 'nothing' });
  const sagas = await scene.worker([poison, good], { concurrency: 3 });
  for (const id of ['p1', 'p2']) await sagas.start(poison, {}, { id });
  const began = scene.clock.now();
  for (let n = 0; n < 10; n++) await sagas.start(good, {}, { id: `g${n}` });
  await scene.clock.advance(9_000);
  expect((await sagas.list({ definition: 'good', status: 'completed' })).length).toBe(10);
  expect(scene.clock.now() - began).toBeLessThan(10_000);
  const closed = sagas.close();
  await scene.clock.advance(30_000);
  await closed;
});

it('touches no saga of another version or another shape', async () => {
  const scene = new SagaScene();
  const calls: string[] = [];
  const step = (name: string) => ({ forward: () => void calls.push(name), compensate: 'nothing' as const });
  const one = defineSaga('s', { version: 1 }).step('a', step('one'));
  const two = defineSaga('s', { version: 2 }).step('a', step('two'));
  const other = defineSaga('s', { version: 1 }).step('b', step('other'));
  const starter = scene.orchestrator([one]);
  await starter.start(one, {}, { id: 's1' });
  const strangers = [await scene.worker([two]), await scene.worker([other])];
  const before = await starter.get('s1');
  await scene.clock.advance(60_000);
  expect(await starter.get('s1')).toEqual(before);
  expect(calls).toEqual([]);
  await expect(strangers[0]!.start(one, {})).rejects.toThrow('"s" is not one of the `definitions`');
  await starter.work();
  expect(await scene.end(starter, 's1')).toBe('completed');
  expect(calls).toEqual(['one']);
  await Promise.all([...strangers, starter].map(sagas => sagas.close()));
});

it('starts a saga once for a key, however many ask at once', async () => {
  const scene = new SagaScene();
  let ran = 0;
  const saga = defineSaga('s').step('a', { forward: () => ++ran, compensate: 'nothing' });
  const workers = [await scene.worker([saga]), await scene.worker([saga])];
  const starts = Array.from({ length: 20 }, (_, n) => workers[n % 2]!.start(saga, { n }, { key: 'k' }));
  const handles = await Promise.all(starts);
  expect(new Set(handles.map(({ id }) => id)).size).toBe(1);
  expect(handles.filter(({ created }) => created)).toHaveLength(1);
  const results = await scene.clock.runUntil(Promise.all(handles.map(handle => handle.result())));
  expect(new Set(results.map(result => result.a))).toEqual(new Set([1]));
  expect(ran).toBe(1);
  await expect(
    workers[0]!.start(saga, {}, { id: handles[0]!.id }).then(({ created }) => created),
  ).resolves.toBe(false);
  await Promise.all(workers.map(sagas => sagas.close()));
});

it('does not take a saga of another definition for the one that it was to start', async () => {
  const scene = new SagaScene();
  const a = defineSaga('a').step('x', { forward: () => 1, compensate: 'nothing' });
  const b = defineSaga('b').step('x', { forward: () => 1, compensate: 'nothing' });
  const sagas = scene.orchestrator([a, b]);
  await sagas.start(a, {}, { id: 'same' });
  await expect(sagas.start(b, {}, { id: 'same' })).rejects.toThrow('start: the saga same is one of "a"');
});

it('tells of the end of a saga that the store had before its worker knew', async () => {
  const scene = new SagaScene();
  const slow = new Gate();
  let held = false;
  const store: SagaStore = storeAround(scene.store, async (method, real) => {
    const answer = await real();
    if (method === 'write' && held) await slow.promise;
    return answer;
  });
  const saga = defineSaga('s').step('a', { forward: () => 1, compensate: 'nothing' });
  const sagas = await scene.worker([saga], { store });
  const told: string[] = [];
  sagas.on('completed', () => told.push('completed'));
  sagas.on('lost', () => told.push('lost'));
  held = true;
  await sagas.start(saga, {}, { id: 's1' });
  // Over in the store, and the claims are renewed meanwhile.
  await scene.clock.advance(11_000);
  slow.open();
  await scene.clock.advance(1_000);
  expect(told).toEqual(['completed']);
  await sagas.close();
});
