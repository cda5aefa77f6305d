import { describe, expect, it } from 'vitest';
import { InMemoryRateLimitStore } from '../../../src/resilience/in-memory-rate-limit-store.js';
import { VirtualClock } from '../../../src/testing/virtual-clock.js';

const rule = { limit: 10, perMs: 1_000, burst: 10 };

function scene(maxKeys: number) {
  const clock = new VirtualClock();
  const store = new InMemoryRateLimitStore({ maxKeys, clock });
  const take = async (key: string, cost = 10) =>
    (await store.take({ key, rule, cost, maxWaitMs: 0 })).allowed;
  return { clock, store, take };
}

describe('a store in memory', () => {
  it('forgets a key whose bucket is full, and none before', async () => {
    const { clock, store, take } = scene(2);
    expect(await take('a')).toBe(true);
    await clock.advance(500);
    expect(await take('b')).toBe(true);
    await clock.advance(500);
    // The bucket of `a` is full again, that of `b` is not.
    expect(await take('c')).toBe(true);
    expect(await take('b')).toBe(false);
    expect(store.size).toBe(2);
  });

  it('has one bucket for all keys that there is no room for: many keys win nothing (RL7)', async () => {
    const { store, take } = scene(2);
    await take('a');
    await take('b');
    let passed = 0;
    for (let key = 0; key < 1_000; key++) if (await take(`key ${key}`, 1)) passed++;
    expect(passed).toBe(10);
    expect(store.size).toBe(2);
    expect(await take('a', 1)).toBe(false);
  });

  it('has one such bucket for each rule, so that none forgets what it gave by another', async () => {
    const { store, take, clock } = scene(1);
    await take('busy');
    const large = { limit: 100, perMs: 1_000, burst: 100 };
    const passed = { small: 0, large: 0 };
    for (let key = 0; key < 200; key++) {
      if (await take(`a${key}`, 1)) passed.small++;
      const { allowed } = await store.take({ key: `b${key}`, rule: large, cost: 1, maxWaitMs: 0 });
      if (allowed) passed.large++;
    }
    expect(passed).toEqual({ small: 10, large: 100 });
    await clock.advance(500);
    await take('busy', 5);
    expect(await take('a', 5)).toBe(true);
    expect(await take('b', 1)).toBe(false);
  });

  it('keeps those buckets for a hundred rules, and makes room where one has come to rest', async () => {
    const { store, take, clock } = scene(1);
    await take('busy');
    let key = 0;
    const by = async (limit: number): Promise<boolean> => {
      const rule = { limit, perMs: 10_000, burst: limit };
      return (await store.take({ key: `${key++}`, rule, cost: limit, maxWaitMs: 0 })).allowed;
    };
    for (let limit = 1; limit <= 100; limit++) expect([limit, await by(limit)]).toEqual([limit, true]);
    for (let limit = 1; limit <= 100; limit++) expect([limit, await by(limit)]).toEqual([limit, false]);
    // One more shares the bucket of another, and has no more than is left there.
    expect(await by(101)).toBe(false);
    await clock.advance(10_000);
    await take('busy');
    expect([await by(101), await by(101)]).toEqual([true, false]);
  });

  it('refunds nothing to the bucket that is shared', async () => {
    const { store, take } = scene(1);
    await take('a');
    await take('b');
    await store.refund({ key: 'b', rule, cost: 10 });
    expect(await take('c', 1)).toBe(false);
  });

  it('refuses options that make no sense', () => {
    const wrong = (options: object) => () => new InMemoryRateLimitStore(options);
    expect(wrong({ maxKeys: 0 })).toThrow('InMemoryRateLimitStore: `maxKeys` must be an integer >= 1');
    expect(wrong({ clock: 5 })).toThrow('`clock` must be a Clock, got 5');
    expect(wrong({ max: 5 })).toThrow('unknown option `max`');
  });
});
