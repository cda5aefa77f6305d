import { expect } from 'vitest';
import type { LimitBounds } from '../../../src/core/concurrency-limit.js';
import { KneeLimit } from '../../../src/core/limit-knee.js';

/** What else a window has shown; all that is in flight is its peak. */
export interface Rest {
  readonly errorMs?: number;
  readonly drops?: number;
  readonly peak?: number;
}

/** A knee that is shown windows one by one, as a remote could have made them. */
export class Shown {
  readonly knee: KneeLimit;

  constructor(limit: number, bounds: Partial<LimitBounds> = {}) {
    this.knee = new KneeLimit(limit, { minLimit: 1, maxLimit: 1_000, ...bounds });
  }

  /** The limit after a window with so many calls in flight, and whether the next window has to wait. */
  see(load: number, meanMs: number, { errorMs = 0, drops = 0, peak = load }: Rest = {}): [number, boolean] {
    const window = { samples: 100, drops, meanMs, errorMs2: errorMs ** 2, meanInFlight: load, peak };
    const unsettled = this.knee.update(window);
    return [this.knee.limit, unsettled];
  }

  /** So many windows like one another. */
  repeat(windows: number, load: number, meanMs: number, rest: Rest = {}): this {
    for (let window = 0; window < windows; window++) this.see(load, meanMs, rest);
    return this;
  }
}

/** A limit, up to rounding, and whether the next window waits. */
export const near = (limit: number, unsettled: boolean) => [expect.closeTo(limit, 6), unsettled];

/** One that has found a baseline of `baseMs` with half of its limit, and is back at the limit. */
export function settled(
  limit: number,
  baseMs: number,
  bounds: Partial<LimitBounds> = {},
  errorMs = 0,
): Shown {
  const shown = new Shown(limit, bounds);
  shown.see(limit, baseMs);
  const half = shown.knee.limit;
  expect(shown.see(half, baseMs, { errorMs })).toEqual([limit, false]);
  return shown;
}
