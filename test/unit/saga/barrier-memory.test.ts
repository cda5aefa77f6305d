import { describe, expect, it } from 'vitest';
import { ParticipantBarrier } from '../../../src/saga/barrier.js';
import { InMemoryBarrierStore, type MemoryTransaction } from '../../../src/saga/barrier-memory.js';
import { Gate } from './saga-scene.js';

describe('the store in memory', () => {
  it('forgets the oldest step when there are too many', async () => {
    const store = new InMemoryBarrierStore({ maxSteps: 2 });
    const barrier = new ParticipantBarrier({ store });
    for (const saga of ['a', 'b', 'c']) {
      await store.transaction(tx => barrier.run(tx, `${saga}:pay:forward`, () => saga));
    }
    expect(store.size).toBe(2);
    const again = await store.transaction(tx => barrier.run(tx, 'a:pay:forward', () => 'anew'));
    expect(again).toEqual({ outcome: 'done', result: 'anew' });
  });

  it('refuses a call whose transaction has ended, and holds nobody up by it', async () => {
    const store = new InMemoryBarrierStore();
    const barrier = new ParticipantBarrier({ store });
    const ran: string[] = [];
    const pay = (tx: MemoryTransaction, saga: string) =>
      barrier.run(tx, `${saga}:pay:forward`, () => void ran.push(saga));
    const over = 'InMemoryBarrierStore: the transaction must be under way, and has ended: await what it does';
    const late: Promise<unknown>[] = [];
    // It is held by another one, and not awaited.
    const gate = new Gate();
    const first = new Gate();
    const held = store.transaction(async tx => {
      await pay(tx, 'a');
      first.open();
      await gate.promise;
    });
    await first.promise;
    const ended = await store.transaction(tx => {
      late.push(pay(tx, 'a').catch((error: Error) => error.message));
      return tx;
    });
    gate.open();
    await held;
    late.push(pay(ended, 'b').catch((error: Error) => error.message));
    expect(await Promise.all(late)).toEqual([over, over]);
    // Nor is anything kept of what its business code has begun and not ended.
    const begun = store.transaction(tx => {
      late.push(
        barrier.run(tx, 'c:pay:forward', () => Promise.resolve()).catch((error: Error) => error.message),
      );
    });
    await begun;
    expect(await late[2]).toBe(over);
    for (const saga of ['a', 'b', 'c']) await store.transaction(tx => pay(tx, saga));
    expect(ran).toEqual(['a', 'b', 'c']);
  });

  it('keeps nothing of a transaction of which a part could not be applied', async () => {
    const store = new InMemoryBarrierStore();
    const barrier = new ParticipantBarrier({ store });
    const undone: string[] = [];
    const broken = store.transaction(tx => {
      tx.onCommit(() => {
        throw new Error('full');
      });
      tx.onRollback(() => undone.push('undone'));
      return barrier.run(tx, 's:pay:forward', () => 1);
    });
    await expect(broken).rejects.toThrow('full');
    expect(undone).toEqual(['undone']);
    const again = await store.transaction(tx => barrier.run(tx, 's:pay:forward', () => 2));
    expect(again).toEqual({ outcome: 'done', result: 2 });
  });

  it('takes no transaction of others, and no bad options', async () => {
    const store = new InMemoryBarrierStore();
    const barrier = new ParticipantBarrier({ store });
    await expect(barrier.run({ onRollback() {}, onCommit() {} }, 's:pay:forward', () => 1)).rejects.toThrow(
      'InMemoryBarrierStore: the transaction must be one of `transaction(work)`',
    );
    expect(() => new InMemoryBarrierStore({ maxSteps: 0 })).toThrow('`maxSteps` must be an integer >= 1');
    expect(InMemoryBarrierStore.defaults).toEqual({ maxSteps: 100_000 });
  });

  /** A transaction that runs steps one after the other, each when its turn comes. */
  const through = (
    store: InMemoryBarrierStore,
    barrier: ParticipantBarrier<MemoryTransaction>,
    sagas: readonly string[],
  ): Promise<readonly string[]> =>
    store.transaction(async tx => {
      const outcomes: string[] = [];
      for (const saga of sagas) {
        outcomes.push((await barrier.run(tx, `${saga}:pay:forward`, () => 1)).outcome);
        // Others have their turn.
        for (let turn = 0; turn < 20; turn++) await Promise.resolve();
      }
      return outcomes;
    });

  it('lets any number wait for one step, whatever else they hold', async () => {
    const store = new InMemoryBarrierStore();
    const barrier = new ParticipantBarrier({ store });
    const own = Array.from({ length: 200 }, (_, n) => through(store, barrier, [`own ${n}`, 'hot']));
    const none = Array.from({ length: 15_000 }, () => through(store, barrier, ['hot']));
    const outcomes = (await Promise.all([...own, ...none])).flat();
    expect(outcomes.filter(outcome => outcome === 'done')).toHaveLength(201);
  });

  it('refuses the transaction that would close a circle of those that wait for each other', async () => {
    const store = new InMemoryBarrierStore();
    const barrier = new ParticipantBarrier({ store });
    const one = through(store, barrier, ['a', 'b']);
    const other = through(store, barrier, ['b', 'a']);
    await expect(other).rejects.toMatchObject({ code: 'ERR_BARRIER_DEADLOCK', name: 'BarrierDeadlockError' });
    await expect(one).resolves.toEqual(['done', 'done']);
    await expect(through(store, barrier, ['b', 'a'])).resolves.toEqual(['duplicate', 'duplicate']);
    const circle = [
      ['c', 'd'],
      ['d', 'e'],
      ['e', 'c'],
    ].map(sagas => through(store, barrier, sagas));
    const ends = await Promise.allSettled(circle);
    expect(ends.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected']);
  });

  it('refuses nobody who only waits', async () => {
    const store = new InMemoryBarrierStore();
    const barrier = new ParticipantBarrier({ store });
    const all = [1, 2, 3].map(() => through(store, barrier, ['a', 'b', 'c']));
    expect(await Promise.all(all)).toEqual([
      ['done', 'done', 'done'],
      ['duplicate', 'duplicate', 'duplicate'],
      ['duplicate', 'duplicate', 'duplicate'],
    ]);
  });

  it('lets a transaction call the same step again', async () => {
    const store = new InMemoryBarrierStore();
    const barrier = new ParticipantBarrier({ store });
    const answers = await store.transaction(async tx => [
      await barrier.run(tx, 's:pay:forward', () => 1),
      await barrier.run(tx, 's:pay:forward', () => 2),
      await barrier.run(tx, 's:pay:compensate', ({ forwardResult }) => forwardResult),
    ]);
    expect(answers).toEqual([
      { outcome: 'done', result: 1 },
      { outcome: 'duplicate', result: 1 },
      { outcome: 'done', result: 1 },
    ]);
  });
});
