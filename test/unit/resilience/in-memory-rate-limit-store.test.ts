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
