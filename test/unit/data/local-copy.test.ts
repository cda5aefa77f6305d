import { describe, expect, it } from 'vitest';
import { LocalCopy } from '../../../src/data/local-copy.js';
import { InMemoryLocalCopyStore } from '../../../src/data/local-copy-memory.js';
import { VirtualClock } from '../../../src/testing/virtual-clock.js';
import { type CopyScene, keepsCopies } from '../../fixtures/local-copy.js';

describe('a copy in memory', () => {
  const scene = (): CopyScene<never> => {
    const clock = new VirtualClock();
    const store = new InMemoryLocalCopyStore({ clock });
    const age = (ms: number) => clock.advance(ms);
    return { store, transaction: store.transaction.bind(store), age } as never;
  };
  keepsCopies(scene, 300);
});

function scene(more: object = {}) {
  const clock = new VirtualClock();
  const store = new InMemoryLocalCopyStore({ clock, maxRows: 2 });
  const copy = new LocalCopy<unknown, never>({ name: 'prices', store, redeliveryMs: 1_000, clock, ...more });
  return { clock, store, copy };
}

describe('a local copy', () => {
  it('is fresh by heartbeats, and by the latest change where there are none', async () => {
    const { clock, copy } = scene();
    await copy.apply({ key: 'a', version: 1, value: 1, at: clock.wall() });
    expect(await copy.freshWithin(Infinity)).toBe(false);
    await expect(copy.requireFresh(5)).rejects.toThrow('prices: the copy was never loaded to its end');
    await copy.load({ subscribe: () => {}, read: () => [{ key: 'a', version: 1, value: 1 }] });
    await clock.advance(500);
    expect([await copy.freshWithin(499), await copy.freshWithin(500)]).toEqual([false, true]);
    await copy.heartbeat(clock.wall());
    await clock.advance(100);
    expect([await copy.freshWithin(99), await copy.freshWithin(100)]).toEqual([false, true]);
    await expect(copy.requireFresh(99)).rejects.toMatchObject({ code: 'ERR_COPY_STALE' });
    await expect(copy.requireFresh(99)).rejects.toThrow('is 100 ms old, at most 99 ms were asked for');
    await copy.requireFresh(100);
    // The clock of the owner goes before that of this service.
    await copy.heartbeat(clock.wall() + 9_000);
    expect((await copy.freshness()).heartbeatAgeMs).toBe(0);
  });

  it('of which nobody said any time is of no known age', async () => {
    const { copy } = scene();
    await copy.load({ subscribe: () => {}, read: () => [] });
    await expect(copy.requireFresh(5)).rejects.toThrow('is of an unknown age');
    expect(await copy.freshWithin(Infinity)).toBe(true);
  });

  it('subscribes before it reads, and gives up when it is told to', async () => {
    const { copy } = scene();
    const done: string[] = [];
    const giving = new AbortController();
    const reason = new Error('shutting down');
    const loading = copy.load({
      subscribe: async () => {
        await null;
        done.push('subscribed');
      },
      read: async function* (signal) {
        done.push('read');
        yield { key: 'a', version: 1, value: 1 };
        giving.abort(reason);
        expect(signal.aborted).toBe(true);
        yield { key: 'b', version: 1, value: 1 };
      },
      signal: giving.signal,
    });
    await expect(loading).rejects.toBe(reason);
    expect(done).toEqual(['subscribed', 'read']);
    expect((await copy.page()).map(({ key }) => key)).toEqual(['a']);
    await expect(
      copy.load({ subscribe: () => done.push('again'), read: () => [], signal: giving.signal }),
    ).rejects.toBe(reason);
    expect(done).toHaveLength(2);
  });

  it.each([
    [{ version: 1, value: 1 }, '`key` must be a text of 1 to 255 characters'],
    [{ key: 'a', value: 1 }, '`version` must be an integer >= 0'],
    [{ key: 'a', version: -1, value: 1 }, '`version` must be an integer >= 0'],
    [{ key: 'a', version: 1.5, value: 1 }, '`version` must be an integer >= 0'],
    [{ key: 'a', version: 1 }, '`value` must be JSON data'],
    [{ key: 'a', version: 1, value: () => {} }, '`value` must be JSON data'],
    [{ key: 'a', version: 1, value: 1, deleted: true }, '`value` must be left out'],
    [{ key: 'a', version: 1, deleted: 1 }, '`deleted` must be true or false'],
    [{ key: 'a', version: 1, value: 1, at: 'now' }, '`at` must be epoch ms'],
    [{ key: 'a', version: 1, value: 'x'.repeat(20) }, 'has 22 bytes, `maxValueBytes` is 10'],
    [1, 'a change must be an object'],
  ])('refuses a change that cannot be kept: %j', async (change, says) => {
    const { copy } = scene({ maxValueBytes: 10 });
    const refused = copy.apply(change as never);
    await expect(refused).rejects.toMatchObject({ code: 'ERR_COPY_CHANGE' });
    await expect(refused).rejects.toThrow(says);
  });

  it('has no more rows than there may be in memory', async () => {
    const { copy } = scene();
    await copy.apply({ key: 'a', version: 1, value: 1 });
    await copy.apply({ key: 'b', version: 1, value: 1 });
    const more = copy.apply({ key: 'c', version: 1, value: 1 });
    await expect(more).rejects.toThrow('there is no room, `maxRows` is 2');
    expect(await copy.apply({ key: 'b', version: 2, value: 2 })).toBe(true);
  });

  it.each([
    [{ name: '' }, '`name` must be a text of 1 to 100 characters'],
    [{ store: {} }, '`store` must be a LocalCopyStore with put'],
    [{ redeliveryMs: undefined }, '`redeliveryMs` must be'],
    [{ tombstoneMs: 999 }, '`tombstoneMs` must be'],
    [{ maxValueBytes: 0 }, '`maxValueBytes` must be'],
    [{ maxSources: 0 }, '`maxSources` must be'],
    [{ maxRows: 0 }, '`maxRows` must be'],
    [{ key: 'x' }, 'unknown option `key`'],
  ])('refuses %j', (more, says) => {
    expect(() => scene(more)).toThrow(says);
  });

  it('refuses questions that are none, and says how it was made', async () => {
    const { copy } = scene();
    await expect(copy.getMany(Array.from({ length: 1_001 }, String))).rejects.toThrow(
      'an array of at most 1000',
    );
    await expect(copy.getMany('a' as never)).rejects.toThrow(TypeError);
    await expect(copy.freshWithin(-1)).rejects.toThrow(RangeError);
    await expect(copy.heartbeat(Number.NaN)).rejects.toThrow('`at` must be');
    await expect(copy.heartbeat(1, 'x'.repeat(101))).rejects.toThrow('`source` must be');
    expect(await copy.getMany([])).toEqual([]);
    expect(copy.describe()).toEqual({
      ...{ kind: 'local-copy', name: 'prices', redeliveryMs: 1_000 },
      ...LocalCopy.defaults,
    });
    expect(InMemoryLocalCopyStore.defaults).toEqual({ maxRows: 100_000 });
  });
});
