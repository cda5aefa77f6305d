import { hash32 } from './hash.js';

/** One side of a split, with its part of what comes. */
export interface SplitSide {
  readonly name: string;
  /** In proportion to those of the others; 0 for none. */
  readonly weight: number;
}

/**
 * The side of a key, the same at all times and in all processes: weighted rendezvous hashing (Thaler and
 * Ravishankar, 1998; weights by the logarithmic method of Schindelhauer and Schomaker, 2005). When one side
 * gets more weight, or comes or goes, keys move only to it or from it, and never between the others.
 * `undefined` where no side has a weight.
 */
export function sideOfKey<S extends SplitSide>(sides: readonly S[], key: string): S | undefined {
  let best: S | undefined;
  let most = 0;
  for (const side of sides) {
    if (side.weight === 0) continue;
    const share = (hash32(key, hash32(side.name)) + 0.5) / 2 ** 32;
    const score = -side.weight / Math.log(share);
    if (best !== undefined && score <= most) continue;
    best = side;
    most = score;
  }
  return best;
}

/**
 * A side by chance, by weight.
 *
 * @param chance Uniform in `[0, 1)`.
 */
export function sideByChance<S extends SplitSide>(sides: readonly S[], chance: number): S | undefined {
  const total = sides.reduce((sum, { weight }) => sum + weight, 0);
  let left = chance * total;
  let last: S | undefined;
  for (const side of sides) {
    if (side.weight === 0) continue;
    last = side;
    left -= side.weight;
    if (left < 0) break;
  }
  return last;
}
