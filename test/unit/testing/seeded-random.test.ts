import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../../src/testing/seeded-random.js';

const take = (count: number, random: () => number): number[] => Array.from({ length: count }, () => random());

/** The generator as published, in wide integers and without any of the tricks. */
function reference(seed: number): () => number {
  const M = 0xffff_ffffn;
  const rotl = (x: bigint, k: bigint): bigint => ((x << k) | (x >> (32n - k))) & M;
  const murmur = (x: bigint): bigint => {
    let h = x;
    h = ((h ^ (h >> 16n)) * 0x85ebca6bn) & M;
    h = ((h ^ (h >> 13n)) * 0xc2b2ae35n) & M;
    return h ^ (h >> 16n);
  };
  const whole = BigInt.asUintN(64, BigInt(seed));
  const s = [1n, 2n, 3n, 4n].map(k => murmur((((whole & M) + k * 0x9e3779b9n) & M) ^ murmur(whole >> 32n)));
  const next = (): bigint => {
    const result = (rotl((s[1]! * 5n) & M, 7n) * 9n) & M;
    const t = (s[1]! << 9n) & M;
    s[2]! ^= s[0]!;
    s[3]! ^= s[1]!;
    s[1]! ^= s[2]!;
    s[0]! ^= s[3]!;
    s[2]! ^= t;
    s[3] = rotl(s[3]!, 11n);
    return result;
  };
  return () => Number(((next() >> 5n) << 26n) + (next() >> 6n)) / 2 ** 53;
}

describe('seededRandom', () => {
  it('repeats for a seed and differs between seeds', () => {
    expect(take(20, seededRandom(7))).toEqual(take(20, seededRandom(7)));
    const firsts = new Set(Array.from({ length: 1_000 }, (_, seed) => seededRandom(seed)()));
    expect(firsts.size).toBe(1_000);
  });

  it('equals the published algorithm for any seed', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), seed => {
        expect(take(8, seededRandom(seed))).toEqual(take(8, reference(seed)));
      }),
    );
  });

  it('never changes what a recorded seed means', () => {
    expect(take(3, seededRandom(42))).toMatchInlineSnapshot(`
      [
        0.6606157208001621,
        0.1117019639532224,
        0.0791056456144914,
      ]
    `);
    expect(take(2, seededRandom(42).fork())).toMatchInlineSnapshot(`
      [
        0.8398736113641891,
        0.6498856432182798,
      ]
    `);
  });

  it('stays in [0, 1) and fills 64 buckets evenly', () => {
    const random = seededRandom(1);
    const buckets = new Array<number>(64).fill(0);
    for (let draw = 0; draw < 64_000; draw++) buckets[Math.floor(random() * 64)]!++;
    const chiSquare = buckets.reduce((sum, count) => sum + (count - 1_000) ** 2 / 1_000, 0);
    // 63 degrees of freedom: 0.1 % of good generators lie outside, and the seed is fixed.
    expect(chiSquare).toBeGreaterThan(33);
    expect(chiSquare).toBeLessThan(106);
  });

  it('forks generators that do not follow their parent or each other', () => {
    const parent = seededRandom(5);
    const [left, right] = [parent.fork(), parent.fork()];
    for (const [a, b] of [
      [left, right],
      [left, parent],
    ] as const) {
      const covariance =
        take(10_000, () => (a() - 0.5) * (b() - 0.5)).reduce((sum, x) => sum + x, 0) / 10_000;
      // Correlation below 4 standard errors: 12 is 1 over the variance.
      expect(Math.abs(covariance * 12)).toBeLessThan(0.04);
    }
  });

  it('keeps a fork apart from what its parent draws later', () => {
    const [one, other] = [seededRandom(9), seededRandom(9)];
    const [first, second] = [one.fork(), other.fork()];
    take(100, other);
    expect(take(10, first)).toEqual(take(10, second));
  });

  it.each([Number.NaN, 0.5, 2 ** 53, Number.POSITIVE_INFINITY])('refuses %d as a seed', seed => {
    expect(() => seededRandom(seed)).toThrow(RangeError);
  });
});
