import { expect, it } from 'vitest';
import { FRESH } from '../../../src/core/saga-state.js';
import { defineSaga } from '../../../src/saga/definition.js';
import { freshSaga } from '../../../src/saga/fresh-saga.js';
import { StepFailedError } from '../../../src/saga/saga-errors.js';
import { Gate, SagaScene } from './saga-scene.js';

const refused = (): never => {
  throw new StepFailedError('sold out');
};

it('begins no step that waited for its turn when the saga turned back', async () => {
  const scene = new SagaScene();
  const calls: string[] = [];
  const saga = defineSaga('s', { concurrency: 1 }).parallel({
    a: { forward: refused, compensate: () => void calls.push('undo a') },
    b: { forward: () => void calls.push('b'), compensate: () => void calls.push('undo b') },
  });
  const sagas = await scene.worker([saga]);
  await sagas.start(saga, {}, { id: 's1' });
  expect(await scene.end(sagas, 's1')).toBe('compensated');
  expect(calls).toEqual([]);
  await sagas.close();
});

it('undoes nothing that was marked and only waited for its turn', async () => {
  const scene = new SagaScene();
  const calls: string[] = [];
  const saga = defineSaga('s', { concurrency: 1 }).parallel({
    a: { forward: refused, compensate: 'nothing' },
    b: { forward: () => void calls.push('b'), compensate: () => void calls.push('undo'), nullSafe: false },
  });
  const sagas = await scene.worker([saga]);
  await sagas.start(saga, {}, { id: 's1' });
  expect(await scene.end(sagas, 's1')).toBe('compensated');
  expect(calls).toEqual([]);
  expect(await scene.told('s1')).not.toContain('started b');
  await sagas.close();
});

it('waits for the steps beside the one that failed, tells them, and undoes what they did', async () => {
  const scene = new SagaScene();
  const calls: string[] = [];
  const gate = new Gate<string>();
  let signal: AbortSignal | undefined;
  const saga = defineSaga('s').parallel({
    a: { forward: async () => refused(), compensate: 'nothing' },
    b: {
      forward: context => {
        signal = context.signal;
        return gate.promise;
      },
      compensate: ({ output, ran }) => void calls.push(`undo ${output} ${ran}`),
    },
  });
  const sagas = await scene.worker([saga]);
  await sagas.start(saga, {}, { id: 's1' });
  await scene.clock.advance(1_000);
  expect(signal?.aborted).toBe(true);
  expect(calls).toEqual([]);
  gate.open('done');
  expect(await scene.end(sagas, 's1')).toBe('compensated');
  expect(calls).toEqual(['undo done true']);
  await sagas.close();
});

it('is not over, and keeps its lock, before what ran beside the failed step has ended', async () => {
  const scene = new SagaScene();
  const gate = new Gate();
  const saga = defineSaga('s')
    .lock('one', () => 'account')
    .parallel({
      b: { forward: () => gate.promise, compensate: 'nothing' },
      a: { forward: refused, compensate: () => {} },
    });
  const sagas = await scene.worker([saga]);
  await sagas.start(saga, {}, { id: 's1' });
  await scene.clock.advance(100);
  expect((await sagas.get('s1'))?.status).toBe('compensating');
  await sagas.start(saga, {}, { id: 's2' });
  await scene.clock.advance(1_000);
  expect((await sagas.get('s2'))?.state.entries['one']?.state).toBe('started');
  gate.open();
  expect(await scene.end(sagas, 's1')).toBe('compensated');
  expect(await scene.end(sagas, 's2')).toBe('compensated');
  await sagas.close();
});

it('gives a compensation all its attempts, whatever the step had used of its own', async () => {
  const scene = new SagaScene();
  const calls: string[] = [];
  const gate = new Gate();
  const saga = defineSaga('s').parallel({
    a: { forward: async () => refused(), compensate: 'nothing' },
    b: {
      forward: () => gate.promise,
      compensate: () => void calls.push('undo'),
      compensation: { retry: { attempts: 1 } },
    },
  });
  const sagas = await scene.worker([saga]);
  await sagas.start(saga, {}, { id: 's1' });
  await scene.clock.advance(10);
  gate.fail(new Error('broken pipe'));
  expect(await scene.end(sagas, 's1')).toBe('compensated');
  expect(calls).toEqual(['undo']);
  await sagas.close();
});

it('runs so many steps of a saga at a time, also where they become due one after the other', async () => {
  const scene = new SagaScene();
  let running = 0;
  let most = 0;
  const step = (...after: never[]) => ({
    forward: async () => {
      running++;
      most = Math.max(most, running);
      await new Promise<void>(resolve => scene.clock.schedule(10 * running, () => resolve()));
      running--;
    },
    compensate: 'nothing' as const,
    ...(after.length > 0 && { after }),
  });
  let saga = defineSaga('s', { concurrency: 2 }).parallel({ a: step(), b: step(), c: step() });
  // The only one that becomes due, while two run.
  saga = saga.step('d', step('a' as never)) as never;
  const sagas = await scene.worker([saga]);
  await sagas.start(saga, {}, { id: 's1' });
  expect(await scene.end(sagas, 's1')).toBe('completed');
  expect(most).toBe(2);
  await sagas.close();
});

it('asks whether a step is to run once, and takes only yes or no for an answer', async () => {
  const scene = new SagaScene();
  let asked = 0;
  const saga = defineSaga('s')
    .step('a', {
      forward: () => 1,
      compensate: 'nothing',
      nullSafe: false,
      when: () => {
        asked++;
        return true;
      },
    })
    .step('b', { forward: () => 2, compensate: 'nothing', when: (async () => false) as never });
  const sagas = await scene.worker([saga]);
  await sagas.start(saga, {}, { id: 's1' });
  expect(await scene.end(sagas, 's1')).toBe('compensated');
  expect(asked).toBe(1);
  expect((await sagas.get('s1'))?.state.because?.error?.message).toBe(
    'step b: `when` must be true or false, got a promise',
  );
  await sagas.close();
});

it('asks whether a step is to run when its worker was gone before it was asked', async () => {
  const scene = new SagaScene();
  let ran = 0;
  const saga = defineSaga('s')
    .step('a', { forward: () => ++ran, compensate: 'nothing', when: () => false })
    .step('b', { forward: () => 2, compensate: 'nothing', when: () => true });
  const begun = { id: 's1', key: undefined, parent: undefined, input: {}, state: FRESH };
  await scene.store.insert(freshSaga(saga, begun, 'one that is gone', 1_000));
  const sagas = await scene.worker([saga]);
  expect(await scene.end(sagas, 's1')).toBe('completed');
  expect(await scene.told('s1')).toEqual(['interrupted', 'skipped a', 'done b']);
  expect(ran).toBe(0);
  await sagas.close();
});

it('does not ask again about a step that was tried', async () => {
  const scene = new SagaScene();
  let asked = 0;
  const saga = defineSaga('s').step('a', {
    forward: ({ attempt }) => (attempt === 1 ? Promise.reject(new Error('no answer')) : attempt),
    compensate: 'nothing',
    when: () => ++asked === 1,
  });
  const sagas = await scene.worker([saga]);
  await sagas.start(saga, {}, { id: 's1' });
  expect(await scene.end(sagas, 's1')).toBe('completed');
  expect(asked).toBe(1);
  await sagas.close();
});

it('is stopped by no error that cannot be told', async () => {
  const scene = new SagaScene();
  const saga = defineSaga('s').step('a', {
    forward: () => 1,
    compensate: 'nothing',
    when: () => {
      throw Object.create(null);
    },
  });
  const sagas = await scene.worker([saga]);
  await sagas.start(saga, {}, { id: 's1' });
  expect(await scene.end(sagas, 's1')).toBe('compensated');
  await sagas.close();
});
