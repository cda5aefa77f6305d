import { describe, expect, it } from 'vitest';
import { CacheEntry, jitteredTtl } from '../../../src/core/cache-entry.js';

const rules = { staleWhileRevalidateMs: 10, staleIfErrorMs: 30 };

describe('CacheEntry', () => {
  it.each([
    [99, 'fresh'],
    [100, 'stale'],
    [109, 'stale'],
    [110, 'spare'],
    [129, 'spare'],
    [130, 'gone'],
    [Infinity, 'gone'],
  ])('at %d ms is %s', (now, phase) => {
    const entry = new CacheEntry('k', true, 'value', 100, rules);
    expect(entry.phase(now)).toBe(phase);
    expect(entry.standsIn(now)).toBe(phase !== 'gone');
  });

  it('is never spare when the one grace is not longer than the other', () => {
    const entry = new CacheEntry('k', true, 1, 100, { staleWhileRevalidateMs: 10, staleIfErrorMs: 10 });
    expect([100, 109, 110].map(now => entry.phase(now))).toEqual(['stale', 'stale', 'gone']);
  });

  it('stays for ever when it may', () => {
    expect(new CacheEntry('k', true, 1, Infinity, rules).phase(Number.MAX_VALUE)).toBe('fresh');
    const grace = { staleWhileRevalidateMs: 0, staleIfErrorMs: Infinity };
    expect(new CacheEntry('k', true, 1, 100, grace).phase(1e300)).toBe('spare');
  });

  it('gives an error no grace, and never lets it stand in', () => {
    const entry = new CacheEntry('k', false, 'error', 100, rules);
    expect([99, 100].map(now => entry.phase(now))).toEqual(['fresh', 'gone']);
    expect(entry.standsIn(0)).toBe(false);
  });
});

describe('jitteredTtl', () => {
  it.each([
    [100, 0.1, 0, 100],
    [100, 0.1, 0.5, 95],
    [100, 1, 0.999, 0.1],
    [Infinity, 0.5, 0.5, Infinity],
    [0, 1, 0.5, 0],
  ])('cuts %d ms by %d at chance %d to %d ms', (ttlMs, ratio, chance, expected) => {
    expect(jitteredTtl(ttlMs, ratio, chance)).toBeCloseTo(expected, 9);
  });

  it('never turns for ever into nothing', () => {
    expect(jitteredTtl(Infinity, 1, 1)).toBe(Infinity);
  });
});
