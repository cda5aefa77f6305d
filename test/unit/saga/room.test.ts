import { describe, expect, it } from 'vitest';
import { defineSaga } from '../../../src/saga/definition.js';
import { StepFailedError } from '../../../src/saga/saga-errors.js';
import { SagaScene } from './saga-scene.js';

/*
 * A worker drives so many sagas at a time. One that waits for another must not keep the place that the other
 * one needs.
 */

const refused = (): never => {
  throw new StepFailedError('no');
};
const inner = defineSaga('child').step('x', { forward: () => {}, compensate: () => {} });

describe('where there is a place for one saga only', () => {
  it('one that turns back lets the saga within it have the place, to be undone', async () => {
    const scene = new SagaScene();
    const outer = defineSaga('parent')
      .saga('inner', inner, () => ({}))
      .step('z', { forward: refused, compensate: 'nothing' });
    const sagas = await scene.worker([inner, outer], { concurrency: 1 });
    await sagas.start(outer, {}, { id: 'p' });
    expect(await scene.end(sagas, 'p')).toBe('compensated');
    expect((await sagas.get('p/inner'))?.status).toBe('compensated');
    await sagas.close();
  });

  it('one that waits for the saga within it lets that have the place, however often it looks', async () => {
    const scene = new SagaScene();
    const outer = defineSaga('parent').saga('inner', inner, () => ({}));
    const sagas = await scene.worker([inner, outer], { concurrency: 1, recheckMs: 500 });
    await sagas.start(outer, {}, { id: 'p' });
    expect(await scene.end(sagas, 'p')).toBe('completed');
    await sagas.close();
  });

  it('one that waits for a lock lets the saga have the place that keeps it', async () => {
    const scene = new SagaScene();
    const keeper = defineSaga('keeper')
      .lock('mine', () => 'k')
      .waitForEvent('go');
    const waiter = defineSaga('waiter').lock('mine', () => 'k', { timeoutMs: Infinity });
    const sagas = await scene.worker([keeper, waiter], { concurrency: 1, recheckMs: 500 });
    await sagas.start(keeper, {}, { id: 'k' });
    await scene.clock.advance(5_000);
    await sagas.start(waiter, {}, { id: 'w' });
    await scene.clock.advance(5_000);
    await sagas.signal('k', 'go');
    expect(await scene.end(sagas, 'k')).toBe('completed');
    expect(await scene.end(sagas, 'w')).toBe('completed');
    await sagas.close();
  });
});

it('as many parents as there are places, which all turn back, come to their end', async () => {
  const scene = new SagaScene();
  const outer = defineSaga('parent')
    .saga('inner', inner, () => ({}))
    .waitForEvent('never');
  const sagas = await scene.worker([inner, outer]);
  const ids = Array.from({ length: 150 }, (_, at) => `p${at}`);
  for (const id of ids) await sagas.start(outer, {}, { id });
  await scene.clock.advance(20_000);
  await Promise.all(ids.map(id => sagas.cancel(id)));
  for (const id of ids) expect(await scene.end(sagas, id)).toBe('compensated');
  expect(sagas.snapshot().driving).toBe(0);
  await sagas.close();
});

it('a saga that was claimed anew in the process that had lost it runs no step beside itself', async () => {
  const scene = new SagaScene();
  const [aborted, lost]: [unknown[], string[]] = [[], []];
  let [inside, most] = [0, 0];
  const slow = defineSaga('slow').step('s', {
    forward: ({ signal }) => {
      most = Math.max(most, ++inside);
      return new Promise<void>(resolve => {
        signal.addEventListener('abort', () => {
          inside--;
          aborted.push((signal.reason as { code?: unknown }).code);
        });
        if (aborted.length > 0) resolve();
      });
    },
    compensate: 'nothing',
    timeoutMs: 1e9,
  });
  const sagas = await scene.worker([slow]);
  sagas.on('lost', ({ sagaId }) => lost.push(sagaId));
  await sagas.start(slow, {}, { id: 'a' });
  // Its event loop stood still for longer than the lease, and looks for something to do before it renews.
  await scene.clock.suspend(70_000);
  expect(await scene.end(sagas, 'a')).toBe('completed');
  expect({ most, aborted, lost }).toEqual({ most: 1, aborted: ['ERR_LEASE_LOST'], lost: ['a'] });
  await sagas.close();
});
