import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Sieve, SieveNode } from '../../src/core/sieve.js';
import { seededRandom } from '../../src/testing/seeded-random.js';
import { NaiveSieve } from '../fixtures/naive-sieve.js';

const key = fc.integer({ min: 0, max: 9 }).map(String);
const action = fc.oneof(
  fc.record({ do: fc.constant('ask' as const), key }),
  fc.record({ do: fc.constant('add' as const), key }),
  fc.record({ do: fc.constant('delete' as const), key }),
);

describe('Sieve', () => {
  it('evicts what the naive sieve evicts, and never holds more than it may', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 6 }),
        fc.array(action, { maxLength: 120, size: 'max' }),
        (max, actions) => {
          const sieve = new Sieve(max);
          const naive = new NaiveSieve(max);
          for (const { do: what, key } of actions) {
            if (what === 'ask') expect(sieve.get(key) !== undefined).toBe(naive.get(key));
            if (what === 'add') expect(sieve.add(new SieveNode(key))?.key).toBe(naive.add(key));
            if (what === 'delete') expect(sieve.delete(key) !== undefined).toBe(naive.delete(key));
            expect(sieve.size).toBeLessThanOrEqual(max);
            expect(sieve.size).toBe(naive.queue.length);
            expect([...sieve.nodes()].map(node => node.key).sort()).toEqual(
              naive.queue.map(node => node.key).sort(),
            );
          }
        },
      ),
      { numRuns: 500 },
    );
  });

  it('holds no more than its bound however many keys come', () => {
    const sieve = new Sieve(100);
    const random = seededRandom(3);
    for (let call = 0; call < 100_000; call++) {
      const key = String(Math.floor(random() * 1e9));
      if (sieve.get(key) === undefined) sieve.add(new SieveNode(key));
    }
    expect(sieve.size).toBe(100);
    expect([...sieve.nodes()]).toHaveLength(100);
  });

  it.each([0.8, 1, 1.2])('hits at least as often as LRU on a Zipf trace of exponent %d', exponent => {
    for (const seed of [1, 2, 3]) {
      const trace = zipfTrace(exponent, 2_000, 50_000, seed);
      expect(sieveHits(trace, 100)).toBeGreaterThanOrEqual(lruHits(trace, 100));
    }
  });
});

function zipfTrace(exponent: number, keys: number, length: number, seed: number): string[] {
  const random = seededRandom(seed);
  let total = 0;
  const sums = Array.from({ length: keys }, (_, rank) => {
    total += 1 / (rank + 1) ** exponent;
    return total;
  });
  return Array.from({ length }, () => {
    const drawn = random() * total;
    let low = 0;
    let high = keys - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (sums[middle]! > drawn) high = middle;
      else low = middle + 1;
    }
    return String(low);
  });
}

function sieveHits(trace: readonly string[], max: number): number {
  const sieve = new Sieve(max);
  let hits = 0;
  for (const key of trace) {
    if (sieve.get(key) !== undefined) hits++;
    else sieve.add(new SieveNode(key));
  }
  return hits;
}

function lruHits(trace: readonly string[], max: number): number {
  const held = new Set<string>();
  let hits = 0;
  for (const key of trace) {
    if (held.delete(key)) hits++;
    else if (held.size === max) held.delete(held.values().next().value!);
    held.add(key);
  }
  return hits;
}
