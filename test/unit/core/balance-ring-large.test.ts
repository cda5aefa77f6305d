import { describe, expect, it } from 'vitest';
import type { BalancedHost } from '../../../src/core/balance.js';
import { HashRing, MOST_POINTS } from '../../../src/core/balance-ring.js';
import { fmix32, fnv1a } from './published-hashes.js';

type Host = BalancedHost & { inFlight: number };
const hostsOf = (...weights: number[]): Host[] =>
  weights.map((weight, at) => ({ id: `h${at}`, slot: at, weight, inFlight: 0 }));
const KEYS = Array.from({ length: 2_000 }, (_, key) => fmix32(key + 1));

describe('a ring that would be too large', () => {
  it('is scaled down: shares stay as the weights say, and each host has a point', () => {
    const large = hostsOf(3_000_000, 1_000_000, 0.000_001);
    const ring = new HashRing<Host>(160, Infinity);
    ring.reset(large);
    const all = KEYS.map(key => ring.choose(key, undefined)!);
    const part = all.filter(host => host === large[0]).length / KEYS.length;
    expect(Math.abs(part - 0.75)).toBeLessThan(0.03);
    expect(ring.choose(0, host => host !== large[2])).toBe(large[2]);
    expect(MOST_POINTS).toBe(2_097_152);
  }, 60_000);

  it('tells more than 2 ** 20 hosts apart', () => {
    const count = 2 ** 20 + 2;
    const many: Host[] = Array.from({ length: count }, (_, at) => ({
      id: `h${at}`,
      slot: at,
      weight: 1,
      inFlight: 0,
    }));
    const ring = new HashRing<Host>(1, Infinity);
    ring.reset(many);
    // The one point of each host is its own, to the bit that there is no room for.
    for (const at of [0, 1, 5, 2 ** 19, 2 ** 20 - 1, 2 ** 20, 2 ** 20 + 1]) {
      const point = fmix32((fmix32(fnv1a(`h${at}`)) + 0x9e3779b9) % 2 ** 32);
      const near = new Set<Host>();
      const found = ring.choose(point - (point % 2), host => near.add(host).size < 8 && host !== many[at]);
      expect(found).toBe(many[at]);
    }
  }, 60_000);
});
