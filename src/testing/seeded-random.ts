/** Chance that repeats: uniform in `[0, 1)`, all 53 bits of a double. Fits wherever `random` is an option. */
export interface SeededRandom {
  (): number;
  /**
   * A generator of its own, seeded from the next draws of this one. Give each actor of a simulation a fork,
   * and what one draws does not shift what the others get.
   */
  fork(): SeededRandom;
}

/**
 * The same numbers for the same seed, on every machine and in every release. Not for secrets.
 *
 * xoshiro128** 1.1 (Blackman and Vigna, 2018; period 2^128 - 1), its state filled by the 32-bit finaliser of
 * MurmurHash3 (Appleby) over a Weyl sequence, so that neighbouring seeds have nothing in common.
 *
 * @param seed Any safe integer.
 * @throws RangeError when it is not one.
 * @example
 * ```ts
 * import { seededRandom } from 'keelson/testing';
 *
 * const random = seededRandom(42);
 * random() === seededRandom(42)(); // => true
 * ```
 */
export function seededRandom(seed: number): SeededRandom {
  if (!Number.isSafeInteger(seed)) {
    throw new RangeError(`seededRandom: \`seed\` must be a safe integer, got ${seed}`);
  }
  return generator(seed >>> 0, Math.floor(seed / 2 ** 32) >>> 0);
}

/** The golden ratio in 32 bits: steps of it visit every number before they repeat. */
const WEYL = 0x9e3779b9;

function generator(low: number, high: number): SeededRandom {
  let weyl = low;
  const fill = (): number => {
    weyl = (weyl + WEYL) | 0;
    return mix(weyl ^ mix(high));
  };
  // The sequence under `fill` does not repeat, so at most one of the four is 0 and the state never all 0.
  const state = Int32Array.of(fill(), fill(), fill(), fill());
  const next = (): number => scramble(state);
  const random = (): number => ((next() >>> 5) * 2 ** 26 + (next() >>> 6)) / 2 ** 53;
  return Object.assign(random, { fork: () => generator(next(), next()) });
}

/** The finaliser of MurmurHash3: a bijection in which each bit of the input moves half of the bits. */
function mix(value: number): number {
  let hash = value;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}

/** One step of xoshiro128**. */
function scramble(state: Int32Array): number {
  const [a, b, c, d] = state as unknown as readonly [number, number, number, number];
  const result = Math.imul(rotate(Math.imul(b, 5), 7), 9);
  state[2] = c ^ a;
  state[3] = d ^ b;
  state[1] = b ^ state[2];
  state[0] = a ^ state[3];
  state[2] ^= b << 9;
  state[3] = rotate(state[3], 11);
  return result;
}

function rotate(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits));
}
