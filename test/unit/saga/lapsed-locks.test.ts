import { describe, expect, it } from 'vitest';
import { defineSaga } from '../../../src/saga/definition.js';
import { Gate, SagaScene } from './saga-scene.js';

type Sagas = Awaited<ReturnType<SagaScene['worker']>>;

/** Sagas of one lock, which park as long as `open` is false; who is within, and how many at most. */
function rivals() {
  const scene = new SagaScene();
  const seen = { within: 0, most: 0, broken: true };
  const gate = new Gate();
  const saga = defineSaga<{ key: string }>('rival')
    .lock('mine', ({ input }) => input.key, { leaseMs: 1_000, timeoutMs: Infinity })
    .pivot('decide', { forward: () => {} })
    .step('work', {
      retry: { attempts: 1 },
      forward: async ({ sagaId }) => {
        if (seen.broken && sagaId === 'first') throw new Error('broken');
        seen.most = Math.max(seen.most, ++seen.within);
        await gate.promise;
        seen.within--;
      },
    });
  return { scene, seen, gate, saga };
}

describe('a lock that a parked saga has lost', () => {
  it.each([
    ['retry', (sagas: Sagas) => sagas.retry('first')],
    ['skip', (sagas: Sagas) => sagas.skip('first', 'half', 'not needed')],
    ['resolve', (sagas: Sagas) => sagas.resolve('first', 'half')],
  ])('keeps the saga parked, whatever is asked of it, until it has the lock again: %s', async (verb, ask) => {
    const { scene, seen, gate, saga } = rivals();
    const other = defineSaga<{ key: string }>('other')
      .lock('mine', ({ input }) => input.key, { leaseMs: 1_000 })
      .pivot('decide', { forward: () => {} })
      .step('half', { retry: { attempts: 1 }, forward: () => Promise.reject(new Error('broken')) })
      .step('work', {
        forward: () => {
          seen.most = Math.max(seen.most, seen.within + 1);
        },
      });
    const first = verb === 'retry' ? saga : other;
    const sagas = await scene.worker([saga, other]);
    await sagas.start(first, { key: 'k' }, { id: 'first' });
    expect(await scene.end(sagas, 'first')).toBe('parked');
    await scene.clock.advance(2_000);
    await sagas.start(saga, { key: 'k' }, { id: 'second' });
    await scene.clock.advance(2_000);
    expect(seen.within).toBe(1);
    seen.broken = false;
    const refusal = `${verb}: the lock "k" of the saga first is another saga's by now`;
    for (const _ of [1, 2]) await expect(ask(sagas)).rejects.toThrow(refusal);
    expect(await sagas.get('first')).toMatchObject({ status: 'parked', owner: undefined });
    gate.open();
    expect(await scene.end(sagas, 'second')).toBe('completed');
    await ask(sagas);
    expect(await scene.end(sagas, 'first')).toBe('completed');
    expect(seen.most).toBe(1);
    await sagas.close();
  });

  it('keeps it from being undone, as long as what was done under the lock is not', async () => {
    const scene = new SagaScene();
    const stuck = new Set(['b', 'x']);
    const undo = ({ step }: { readonly step: string }) => {
      if (stuck.has(step)) throw new Error('broken');
    };
    const once = { compensate: undo, compensation: { retry: { attempts: 1 } } };
    const saga = defineSaga('s')
      .step('x', { forward: () => {}, ...once })
      .step('a', { forward: () => 'k', ...once })
      .lock('mine', ({ outputs }) => outputs.a.toUpperCase(), { leaseMs: 1 })
      .step('b', { forward: () => {}, ...once })
      .waitForEvent('go');
    const sagas = await scene.worker([saga]);
    const begin = async (id: string) => {
      await sagas.start(saga, {}, { id });
      await scene.clock.advance(1_000);
    };
    await begin('first');
    await sagas.cancel('first');
    expect(await scene.end(sagas, 'first')).toBe('parked');
    await begin('second');
    await expect(sagas.resolve('first', 'b')).rejects.toThrow('the lock "K" of the saga first');
    await sagas.signal('second', 'go');
    expect(await scene.end(sagas, 'second')).toBe('completed');
    await sagas.resolve('first', 'b');
    // Undone by hand, and by itself: what is left came before the lock.
    expect(await scene.end(sagas, 'first')).toBe('parked');
    await scene.clock.advance(1_000);
    await begin('third');
    stuck.clear();
    await sagas.retry('first');
    expect(await scene.end(sagas, 'first')).toBe('compensated');
    expect((await sagas.get('third'))?.status).toBe('waiting');
    await sagas.close();
  });

  it('whose key is told no more leaves it parked', async () => {
    const scene = new SagaScene();
    let known = true;
    const saga = defineSaga('s')
      .lock('mine', () => {
        if (known) return 'k';
        throw new Error('forgotten');
      })
      .pivot('p', { forward: () => {} })
      .step('s', { retry: { attempts: 1 }, forward: () => Promise.reject(new Error('broken')) });
    const sagas = await scene.worker([saga]);
    await sagas.start(saga, {}, { id: 'a' });
    expect(await scene.end(sagas, 'a')).toBe('parked');
    known = false;
    const refusal = 'retry: the key of the lock "mine" of the saga a cannot be told';
    await expect(sagas.retry('a')).rejects.toThrow(refusal);
    known = true;
    await sagas.skip('a', 's', 'enough');
    expect(await scene.end(sagas, 'a')).toBe('completed');
    await sagas.close();
  });
});
