import { describe, expect, it } from 'vitest';
import { Cache } from '../../../src/resilience/cache.js';

describe('the options of Cache', () => {
  const bad = [Number.NaN, -1, -Infinity];
  it.each(['ttlMs', 'staleWhileRevalidateMs', 'staleIfErrorMs', 'revalidateTimeoutMs', 'ttlJitterRatio'])(
    'refuse a bad %s',
    option => {
      for (const value of bad) {
        expect(() => new Cache({ ttlMs: 1, [option]: value })).toThrow(`\`${option}\` must be`);
      }
    },
  );

  it.each([0, -1, 1.5, Number.NaN, Infinity, 2 ** 31])('refuse %d entries', maxEntries => {
    expect(() => new Cache({ ttlMs: 1, maxEntries })).toThrow('`maxEntries` must be an integer >= 1');
  });

  it('refuse what is no function, and what they do not know', () => {
    for (const option of ['negativeTtlMs', 'key', 'onEvict', 'random']) {
      expect(() => new Cache({ ttlMs: 1, [option]: 5 })).toThrow(`\`${option}\` must be a function`);
    }
    expect(() => new Cache({ ttlMs: 1, name: 5 as never })).toThrow('`name` must be a string');
    expect(() => new Cache({ ttl: 1 } as never)).toThrow('unknown option `ttl`');
    expect(() => new Cache({} as never)).toThrow('`ttlMs` must be a number');
    expect(() => new Cache({ ttlMs: 1, ttlJitterRatio: 1.1 })).toThrow('`ttlJitterRatio`');
  });

  it('are described', () => {
    const ttlMs = () => 5;
    expect(new Cache({ ttlMs, staleIfErrorMs: Infinity }).describe()).toEqual({
      kind: 'cache',
      name: 'cache',
      maxEntries: 1000,
      ttlMs: 'ttlMs',
      staleWhileRevalidateMs: 0,
      staleIfErrorMs: null,
      ttlJitterRatio: 0,
      revalidateTimeoutMs: 30_000,
    });
    expect(new Cache({ ttlMs: 7 }).describe().ttlMs).toBe(7);
    expect(Object.isFrozen(Cache.defaults)).toBe(true);
  });
});
