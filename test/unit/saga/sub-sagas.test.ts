import { expect, it } from 'vitest';
import { FRESH } from '../../../src/core/saga-state.js';
import { defineSaga } from '../../../src/saga/definition.js';
import { freshSaga } from '../../../src/saga/fresh-saga.js';
import { InMemorySagaStore } from '../../../src/saga/in-memory-saga-store.js';
import { StepFailedError } from '../../../src/saga/saga-errors.js';
import { Gate, SagaScene } from './saga-scene.js';

const refused = (): never => {
  throw new StepFailedError('no');
};
const broken = (): never => {
  throw new Error('broken pipe');
};

function child(calls: string[]) {
  return defineSaga<{ n: number }>('child')
    .step('x', {
      forward: ({ input }) => {
        calls.push(`x ${input.n}`);
        return input.n + 1;
      },
      compensate: ({ output }) => void calls.push(`undo x ${output}`),
    })
    .step('y', { forward: () => void calls.push('y'), compensate: () => void calls.push('undo y') });
}

it('runs a saga within a saga, and answers with its answers', async () => {
  const scene = new SagaScene();
  const calls: string[] = [];
  const inner = child(calls);
  const outer = defineSaga<{ n: number }>('parent')
    .saga('inner', inner, ({ input }) => input)
    .step('z', { forward: ({ outputs }) => outputs.inner.x * 10, compensate: 'nothing' });
  const sagas = await scene.worker([inner, outer]);
  const outputs = await scene.clock.runUntil(sagas.run(outer, { n: 1 }, { id: 'p' }));
  expect(outputs).toEqual({ inner: { x: 2 }, z: 20 });
  expect((await sagas.get('p/inner'))?.parent).toBe('p');
  await sagas.close();
});

it('undoes a saga within that was completed, when it turns back', async () => {
  const scene = new SagaScene();
  const calls: string[] = [];
  const inner = child(calls);
  const outer = defineSaga('parent')
    .step('a', { forward: () => {}, compensate: () => void calls.push('undo a') })
    .saga('inner', inner, () => ({ n: 1 }))
    .step('z', { forward: refused, compensate: 'nothing' });
  const sagas = await scene.worker([inner, outer]);
  await sagas.start(outer, {}, { id: 'p' });
  expect(await scene.end(sagas, 'p')).toBe('compensated');
  expect(calls).toEqual(['x 1', 'y', 'undo y', 'undo x 2', 'undo a']);
  expect((await sagas.get('p/inner'))?.status).toBe('compensated');
  await sagas.close();
});

it('fails when the saga within was undone, and does not undo it again', async () => {
  const scene = new SagaScene();
  const calls: string[] = [];
  const inner = defineSaga('child')
    .step('x', { forward: () => {}, compensate: () => void calls.push('undo x') })
    .step('y', { forward: refused, compensate: 'nothing' });
  const outer = defineSaga('parent').saga('inner', inner, () => ({}));
  const sagas = await scene.worker([inner, outer]);
  await sagas.start(outer, {}, { id: 'p' });
  expect(await scene.end(sagas, 'p')).toBe('compensated');
  expect(calls).toEqual(['undo x']);
  expect((await sagas.get('p'))?.state.because?.error?.message).toBe('the saga p/inner was undone: no');
  await sagas.close();
});

it('parks when the saga within is past its pivot, and cannot be undone', async () => {
  const scene = new SagaScene();
  const inner = defineSaga('child').pivot('x', { forward: () => 1 });
  const outer = defineSaga('parent')
    .saga('inner', inner, () => ({}))
    .step('z', { forward: refused, compensate: 'nothing' });
  const sagas = await scene.worker([inner, outer]);
  await sagas.start(outer, {}, { id: 'p' });
  expect(await scene.end(sagas, 'p')).toBe('parked');
  expect((await sagas.get('p'))?.state.entries['inner']).toMatchObject({
    stuck: true,
    error: { message: 'the saga p/inner is past its pivot, and is not undone' },
  });
  await sagas.skip('p', 'inner', 'it stays');
  expect(await scene.end(sagas, 'p')).toBe('compensated');
  await sagas.close();
});

it('turns back one that runs, by cancelling it', async () => {
  const scene = new SagaScene();
  const calls: string[] = [];
  const gate = new Gate();
  const inner = defineSaga('child')
    .step('x', { forward: () => {}, compensate: () => void calls.push('undo x') })
    .step('y', { forward: () => gate.promise, compensate: () => void calls.push('undo y') });
  const outer = defineSaga('parent').saga('inner', inner, () => ({}));
  const sagas = await scene.worker([inner, outer]);
  await sagas.start(outer, {}, { id: 'p' });
  await scene.clock.advance(1_000);
  expect(await sagas.cancel('p', 'enough')).toBe(true);
  await scene.clock.advance(1_000);
  expect(calls).toEqual([]);
  gate.open();
  expect(await scene.end(sagas, 'p')).toBe('compensated');
  expect(calls).toEqual(['undo y', 'undo x']);
  await sagas.close();
});

it('undoes by force one that is parked', async () => {
  const scene = new SagaScene();
  const calls: string[] = [];
  const inner = defineSaga('child')
    .step('x', { forward: () => {}, compensate: () => void calls.push('undo x') })
    .step('y', { forward: broken, idempotent: false, compensate: () => void calls.push('undo y') });
  const outer = defineSaga('parent').saga('inner', inner, () => ({}));
  const sagas = await scene.worker([inner, outer]);
  await sagas.start(outer, {}, { id: 'p' });
  expect(await scene.end(sagas, 'p/inner')).toBe('parked');
  expect(await sagas.cancel('p')).toBe(true);
  expect(await scene.end(sagas, 'p')).toBe('compensated');
  expect(calls).toEqual(['undo y', 'undo x']);
  await sagas.close();
});

it('keeps one that never began from beginning later', async () => {
  const scene = new SagaScene();
  const calls: string[] = [];
  const inner = child(calls);
  const outer = defineSaga('parent').saga('inner', inner, () => ({ n: 1 }));
  // The mark is written, and the worker is lost before the saga within is.
  const before = scene.orchestrator([inner, outer]);
  await before.start(outer, {}, { id: 'p' });
  const { record } = (await scene.store.claimOne('lost', 'p', 1_000))!;
  const entries = { inner: { state: 'started' as const } };
  const { id, epoch, revision, status } = record;
  await scene.store.write({
    ...{ id, epoch, revision, status, cancellable: true, state: { direction: 'forward', entries } },
    ...{ events: [], consumed: [], release: undefined, heedsCancel: false },
  });
  expect(await before.cancel('p')).toBe(true);
  await scene.clock.advance(2_000);
  await before.work();
  expect(await scene.end(before, 'p')).toBe('compensated');
  expect(await before.get('p/inner')).toMatchObject({ status: 'compensated', input: undefined });
  expect(calls).toEqual([]);
  // A parent that was thought lost wakes up and begins it now: there is one already.
  const late = await scene.store.insert({ ...(await before.get('p/inner'))!, status: 'running', leaseMs: 1 });
  expect(late).toMatchObject({ inserted: false, record: { status: 'compensated' } });
  await before.close();
});

it('fails where the input of the saga within cannot be told', async () => {
  const scene = new SagaScene();
  const inner = child([]);
  const outer = defineSaga('parent').saga('inner', inner, () => ({ n: 1n }) as never);
  const sagas = await scene.worker([inner, outer]);
  await sagas.start(outer, {}, { id: 'p' });
  expect(await scene.end(sagas, 'p')).toBe('compensated');
  expect((await sagas.get('p'))?.state.because?.error?.message).toContain('input.n is a bigint');
  await sagas.close();
});

it('is not made without the definition of the saga within, or with another of its name', () => {
  const scene = new SagaScene();
  const inner = child([]);
  const other = defineSaga('child').step('other', { forward: () => {}, compensate: 'nothing' });
  const outer = defineSaga('parent').saga('inner', inner, () => ({ n: 1 }));
  expect(() => scene.orchestrator([outer])).toThrow(
    '`definitions` lacks "child", which is a step of "parent"',
  );
  expect(() => scene.orchestrator([outer, other])).toThrow(
    '"child", version 1, in `definitions` is another than the step of "parent"',
  );
});

it('starts no saga by hand that would be taken for one within another', async () => {
  const scene = new SagaScene();
  const inner = child([]);
  const sagas = await scene.worker([inner]);
  await expect(sagas.start(inner, { n: 1 }, { id: 'p/inner' })).rejects.toMatchObject({
    code: 'ERR_SAGA_REFUSED',
    message: `start: the id "p/inner" has a "/", as only sagas within sagas have`,
  });
  expect(await sagas.get('p/inner')).toBeUndefined();
  await sagas.start(inner, { n: 1 }, { id: 'p', key: 'orders/17' });
  expect(await scene.end(sagas, 'p')).toBe('completed');
  await sagas.close();
});

it('takes no saga for its own that somebody else has begun, nor undoes it', async () => {
  const scene = new SagaScene();
  const calls: string[] = [];
  const inner = child(calls);
  const outer = defineSaga('parent')
    .step('a', { forward: () => {}, compensate: () => void calls.push('undo a') })
    .saga('inner', inner, () => ({ n: 1 }));
  const strange = { id: 'p/inner', key: undefined, parent: undefined, input: { n: 5 }, state: FRESH };
  await scene.store.insert(freshSaga(inner, strange, undefined, 0));
  const sagas = await scene.worker([inner, outer]);
  await sagas.start(outer, {}, { id: 'p' });
  expect(await scene.end(sagas, 'p')).toBe('compensated');
  expect((await sagas.get('p'))?.state.because?.error?.message).toBe('the saga p/inner is none of this one');
  expect(await scene.end(sagas, 'p/inner')).toBe('completed');
  expect(calls).toEqual(expect.arrayContaining(['x 5', 'y', 'undo a']));
  expect(calls).toHaveLength(3);
  await sagas.close();
});

it('keeps one that is over as long as it may have to be undone, and not for longer', async () => {
  const scene = new SagaScene();
  const store = new InMemorySagaStore({ clock: scene.clock, maxFinished: 2 });
  const calls: string[] = [];
  const inner = child(calls);
  const outer = defineSaga('parent')
    .saga('inner', inner, () => ({ n: 1 }))
    .waitForEvent('checked');
  const sagas = await scene.worker([inner, outer], { store });
  await sagas.start(outer, {}, { id: 'p' });
  await scene.clock.advance(100_000);
  expect(await sagas.purge(50_000)).toBe(0);
  for (const n of [1, 2, 3]) await scene.clock.runUntil(sagas.run(inner, { n }, { id: `other ${n}` }));
  expect((await sagas.list({ status: 'completed' })).map(({ id }) => id)).toEqual([
    ...['other 2', 'other 3', 'p/inner'],
  ]);
  calls.length = 0;
  await sagas.cancel('p');
  await scene.clock.advance(100_000);
  expect(calls).toEqual(['undo y', 'undo x 2']);
  expect((await sagas.list()).map(({ id, status }) => `${id} ${status}`)).toEqual([
    ...['p compensated', 'p/inner compensated'],
  ]);
  expect(await sagas.purge(1_000)).toBe(2);
  await sagas.close();
});

it('parks when one is to be undone that is forgotten, and takes it for none that never began', async () => {
  const scene = new SagaScene();
  const { clock } = scene;
  let isGone = false;
  class Forgetful extends InMemorySagaStore {
    override async get(id: string) {
      return isGone && id === 'p/inner' ? undefined : super.get(id);
    }
  }
  const inner = child([]);
  const outer = defineSaga('parent').saga('inner', inner, () => ({ n: 1 }));
  const sagas = await scene.worker([inner, outer], { store: new Forgetful({ clock }) });
  await clock.runUntil(sagas.run(outer, {}, { id: 'p' }));
  isGone = true;
  await sagas.forceCompensate('p', 'returned');
  const error = { message: 'the saga p/inner was completed, and is forgotten: nobody can undo it' };
  expect(await scene.end(sagas, 'p')).toBe('parked');
  expect((await sagas.get('p'))?.state.entries['inner']).toMatchObject({ stuck: true, error });
  await sagas.retry('p');
  expect(await scene.end(sagas, 'p')).toBe('parked');
  await sagas.resolve('p', 'inner');
  expect(await scene.end(sagas, 'p')).toBe('compensated');
  await sagas.close();
});
