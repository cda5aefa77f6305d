import { expect, it } from 'vitest';
import { checkDeploy } from '../../../src/saga/check-deploy.js';
import { defineSaga } from '../../../src/saga/definition.js';
import { StepFailedError } from '../../../src/saga/saga-errors.js';
import { Gate, SagaScene } from './saga-scene.js';

/** An orchestrator, as somebody has it who does not look at types. */
type Loose = Readonly<Record<Verb, (...args: unknown[]) => Promise<{ result(options: object): unknown }>>>;
type Verb =
  | 'start'
  | 'run'
  | 'get'
  | 'list'
  | 'signal'
  | 'history'
  | 'cancel'
  | 'retry'
  | 'skip'
  | 'resolve'
  | 'forceCompensate';

const once = { attempts: 1 };
const broken = (): never => {
  throw new Error('broken pipe');
};

/** A saga of two steps, the first with an effect, the second parked. */
function parkedAt(calls: string[]) {
  return defineSaga('s')
    .step('a', { forward: () => 'A', compensate: () => void calls.push('undo a') })
    .pivot('p', { forward: broken, retry: once });
}

it('parks a saga whose pivot may have run, and asks somebody', async () => {
  const scene = new SagaScene();
  const calls: string[] = [];
  const saga = parkedAt(calls);
  const sagas = await scene.worker([saga]);
  const parked: unknown[] = [];
  sagas.on('parked', ({ steps }) => parked.push(steps));
  const handle = await sagas.start(saga, {}, { id: 's1' });
  expect(await scene.end(sagas, 's1')).toBe('parked');
  await expect(handle.result()).rejects.toMatchObject({ code: 'ERR_SAGA_PARKED', steps: ['p'] });
  expect(parked).toEqual([['p']]);
  expect(calls).toEqual([]);
  // Nobody drives it, so a cancellation would be heeded by nobody.
  await expect(sagas.cancel('s1')).rejects.toThrow('is parked: see `forceCompensate`');
  await expect(sagas.skip('s1', 'a', 'why not')).rejects.toThrow('"a" of the saga s1 is not stuck');
  await sagas.resolve('s1', 'p', 'paid');
  expect(await scene.end(sagas, 's1')).toBe('completed');
  expect(await handle.result()).toEqual({ a: 'A', p: 'paid' });
  await expect(sagas.forceCompensate('s1', 'r')).rejects.toThrow('is past its pivot');
  expect(await sagas.cancel('s1')).toBe(false);
  await sagas.close();
});

it('undoes what is parked by force, and leaves what the pivot may have done', async () => {
  const scene = new SagaScene();
  const calls: string[] = [];
  const saga = parkedAt(calls);
  const sagas = await scene.worker([saga]);
  await sagas.start(saga, {}, { id: 's1' });
  await scene.end(sagas, 's1');
  await sagas.forceCompensate('s1', 'the customer is gone');
  expect(await scene.end(sagas, 's1')).toBe('compensated');
  expect(calls).toEqual(['undo a']);
  const { state } = (await sagas.get('s1'))!;
  expect(state.entries['p']?.state).toBe('left');
  expect(state.because).toEqual({ kind: 'forced', reason: 'the customer is gone' });
  expect(await sagas.cancel('s1')).toBe(false);
  await expect(sagas.retry('s1')).rejects.toThrow('is compensated, not parked');
  await sagas.close();
});

it('tries again what is stuck, as often as it may be tried', async () => {
  const scene = new SagaScene();
  let fails = 2;
  const saga = defineSaga('s').pivot('p', {
    forward: () => (fails-- > 0 ? broken() : 'paid'),
    retry: once,
  });
  const sagas = await scene.worker([saga]);
  await sagas.start(saga, {}, { id: 's1' });
  expect(await scene.end(sagas, 's1')).toBe('parked');
  await sagas.retry('s1');
  await scene.clock.advance(100);
  expect(await scene.end(sagas, 's1')).toBe('parked');
  await sagas.retry('s1');
  await scene.clock.advance(100);
  expect(await scene.end(sagas, 's1')).toBe('completed');
  await sagas.close();
});

it('undoes the rest beside a compensation that is stuck, and goes on where somebody skips it', async () => {
  const scene = new SagaScene();
  const calls: string[] = [];
  const saga = defineSaga('s')
    .step('a', { forward: () => {}, compensate: () => void calls.push('undo a') })
    .parallel({
      b: { forward: () => {}, compensate: broken, compensation: { retry: once } },
      c: { forward: () => {}, compensate: () => void calls.push('undo c') },
    })
    .step('d', {
      forward: () => {
        throw new StepFailedError('no');
      },
      compensate: 'nothing',
    });
  const sagas = await scene.worker([saga]);
  await sagas.start(saga, {}, { id: 's1' });
  expect(await scene.end(sagas, 's1')).toBe('parked');
  expect(calls).toEqual(['undo c']);
  await sagas.skip('s1', 'b', 'written off');
  expect(await scene.end(sagas, 's1')).toBe('compensated');
  expect(calls).toEqual(['undo c', 'undo a']);
  expect((await sagas.get('s1'))?.state.entries['b']).toMatchObject({ state: 'left', reason: 'written off' });
  await sagas.close();
});

it.each(['retry', 'forceCompensate'] as const)(
  'remembers what a lost worker was about, whoever asks first: %s',
  async verb => {
    const scene = new SagaScene();
    const calls: string[] = [];
    const saga = defineSaga('s').step('a', {
      // It has its effect, and its worker never hears of it.
      forward: () => new Gate().promise,
      compensate: ({ ran }) => void calls.push(`undo ${ran}`),
      timeoutMs: Infinity,
    });
    const dead = await scene.worker([saga]);
    await dead.start(saga, {}, { id: 's1' });
    await scene.clock.advance(10);
    // As if its lease had run out.
    await scene.store.renew([{ id: 's1', epoch: 1 }], -1);
    const other = scene.orchestrator([saga]);
    await expect(other[verb]('s1', 'r')).rejects.toMatchObject({ code: 'ERR_SAGA_REFUSED' });
    expect((await other.get('s1'))?.state.entries['a']).toMatchObject({ maybe: true, attempts: 1 });
    expect(await other.cancel('s1')).toBe(true);
    await other.work();
    expect(await scene.end(other, 's1')).toBe('compensated');
    expect(calls).toEqual(['undo false']);
  },
);

it('leaves a saga that it does not know to its lease, whatever is asked of it', async () => {
  const scene = new SagaScene();
  const saga = defineSaga('s').step('a', { forward: () => new Gate().promise, compensate: () => {} });
  const dead = await scene.worker([saga]);
  await dead.start(saga, {}, { id: 's1' });
  await scene.clock.advance(10);
  await scene.store.renew([{ id: 's1', epoch: 1 }], -1);
  const other = scene.orchestrator([defineSaga('t').step('a', { forward: () => {}, compensate: 'nothing' })]);
  await expect(other.skip('s1', 'a', 'r')).rejects.toThrow('no definition here is "s", version 1');
  await scene.clock.advance(31_000);
  const claimed = await scene.store.claimOne('x', 's1', 1);
  expect(claimed?.interrupted).toBe(true);
});

it('refuses what is no reason, no step and no saga', async () => {
  const scene = new SagaScene();
  const saga = parkedAt([]);
  const sagas = scene.orchestrator([saga]);
  await expect(sagas.skip('none', 'a', '')).rejects.toThrow(
    'skip: `reason` must be a text of 1 to 1000 characters',
  );
  await expect(sagas.retry('none')).rejects.toThrow('retry: there is no saga none');
  await expect(sagas.cancel('none')).rejects.toThrow('cancel: there is no saga none');
  await expect(sagas.cancel('none', 7 as never)).rejects.toThrow('cancel: `reason`');
  await expect(sagas.resolve('none', 'a', new Map())).rejects.toThrow('output is an object of class Map');
  await sagas.start(saga, {}, { id: 's1' });
  await expect(sagas.retry('s1')).rejects.toThrow('is running, not parked');
  await expect(sagas.forceCompensate('s1', 'r')).rejects.toThrow('is under way: cancel it');
  await expect(sagas.signal(undefined as never, 'x')).rejects.toThrow('signal: `definition`');
  await expect(sagas.signal('s1', '')).rejects.toThrow('signal: `name`');
  await expect(sagas.signal('s1', 'x', 1, { dedupe: 5 as never })).rejects.toThrow('signal: `dedupe`');
});

it.each<[call: string, ask: (sagas: Loose, saga: unknown) => Promise<unknown>]>([
  ['get: `definition` must be a text of 1 to 256 characters, got undefined', s => s.get()],
  ['get: `key` must be a text of 1 to 256 characters, got 5', s => s.get({ definition: 's', key: 5 })],
  ['get: `saga` must be a text of 1 to 1000 characters, got ""', s => s.get('')],
  ['signal: `key` must be a text of 1 to 256', s => s.signal({ definition: 's', key: 'k'.repeat(257) }, 'e')],
  ['signal: `name` must be a text of 1 to 256', s => s.signal('s1', 'e'.repeat(257))],
  ['signal: `dedupe` must be a text of 1 to 256', s => s.signal('s1', 'e', 1, { dedupe: 'd'.repeat(257) })],
  ["list: `status` must be 'running' or 'waiting' or", s => s.list({ status: 'done' })],
  ['list: `definition` must be a text', s => s.list({ definition: 5 })],
  ['list: `after` must be an id, got 5', s => s.list({ after: 5 })],
  ['list: `limit` must be an integer >= 1 <= 10000, got 0', s => s.list({ limit: 0 })],
  ['history: `id` must be a text of 1 to 1000 characters, got 7', s => s.history(7)],
  ['cancel: `id` must be a text of 1 to 1000 characters, got null', s => s.cancel(null)],
  ['retry: `id` must be a text of 1 to 1000 characters, got undefined', s => s.retry()],
  ['skip: `id` must be a text', s => s.skip(7, 'a', 'why')],
  ['resolve: `id` must be a text', s => s.resolve(7, 'a')],
  ['forceCompensate: `id` must be a text', s => s.forceCompensate({}, 'why')],
  ['run: `signal` must be an AbortSignal, got 5', (s, saga) => s.run(saga, {}, { signal: 5 })],
  [
    'result: `signal` must be an AbortSignal, got null',
    async (s, saga) => (await s.start(saga, {})).result({ signal: null }),
  ],
])('says what is wrong with what it is asked: %s', async (text, ask) => {
  const saga = parkedAt([]);
  const sagas = new SagaScene().orchestrator([saga]);
  await expect((async () => ask(sagas as never, saga))()).rejects.toThrow(text);
});

it('says what is wrong with what a deployment is checked by', async () => {
  const { store } = new SagaScene();
  const wrong: [never, never][] = [
    [undefined as never, [] as never],
    [store as never, undefined as never],
    [store as never, [undefined] as never],
  ];
  const told = wrong.map(args => checkDeploy(...args).catch((error: Error) => error.message));
  expect(await Promise.all(told)).toEqual([
    'checkDeploy: `store` must be a SagaStore, got undefined',
    'checkDeploy: `definitions` must be a list of definitions, got undefined',
    'checkDeploy: `definitions` must be a list of definitions, got an object',
  ]);
});

it('tells of the end that somebody decides on, and those who wait for it', async () => {
  const scene = new SagaScene();
  const told: string[] = [];
  const saga = parkedAt([]);
  const outer = defineSaga('outer').saga('inner', saga, () => ({}));
  const sagas = await scene.worker([saga, outer]);
  const ends = ['completed', 'compensated'] as const;
  for (const name of ends) sagas.on(name, ({ sagaId }) => told.push(`${sagaId} ${name}`));
  await sagas.start(saga, {}, { id: 's1' });
  await sagas.start(outer, {}, { id: 'o' });
  expect(await scene.end(sagas, 's1')).toBe('parked');
  expect(await scene.end(sagas, 'o/inner')).toBe('parked');
  await sagas.resolve('s1', 'p', 1);
  await sagas.resolve('o/inner', 'p', 2);
  expect(told).toEqual(['s1 completed', 'o/inner completed']);
  // Well before the outer one would look by itself.
  await scene.clock.advance(1);
  expect(told).toEqual(['s1 completed', 'o/inner completed', 'o completed']);
  await sagas.close();
});

it('does not undo by force what another saga counts on', async () => {
  const scene = new SagaScene();
  const calls: string[] = [];
  const inner = defineSaga('inner').step('a', {
    forward: () => {},
    compensate: () => void calls.push('undo'),
  });
  const outer = defineSaga('outer')
    .saga('inner', inner, () => ({}))
    .waitForEvent('never');
  const sagas = await scene.worker([inner, outer]);
  await sagas.start(outer, {}, { id: 'o' });
  expect(await scene.end(sagas, 'o/inner')).toBe('completed');
  await expect(sagas.forceCompensate('o/inner', 'why')).rejects.toThrow(
    'forceCompensate: the saga o/inner is a step of o, which counts on it: undo that one',
  );
  await sagas.cancel('o');
  expect(await scene.end(sagas, 'o')).toBe('compensated');
  expect(calls).toEqual(['undo']);
  await sagas.close();
});
