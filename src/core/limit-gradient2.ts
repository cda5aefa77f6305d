import { bounded, type LimitAlgorithm, type LimitBounds } from './concurrency-limit.js';
import type { LimitWindow } from './limit-window.js';

const WARM_UP = 10;
/** Shares of a window in the long mean: where it is faster than that, and where it is slower. */
const DOWN = 2 / 101;
const UP = DOWN / 10;
const TOLERANCE = 1.5;
const QUEUE = 4;
const SMOOTHING = 0.2;

/**
 * Netflix's `Gradient2Limit`: the limit follows how the latency of now stands to a long mean of it.
 *
 * Three things differ. A window with drops lowers the limit, where the original looks at latency alone. Room
 * for a queue is added only while latency is tolerable, where the original adds it always and so rises under
 * a steady overload. And the long mean follows rises ten times as slowly as falls, so that overload is not
 * soon taken for normal.
 */
export class Gradient2Limit implements LimitAlgorithm {
  #bounds: LimitBounds;
  #limit: number;
  #longMs = 0;
  #windows = 0;

  constructor(limit: number, bounds: LimitBounds) {
    this.#bounds = bounds;
    this.#limit = limit;
  }

  get limit(): number {
    return this.#limit;
  }

  amend(bounds: LimitBounds): void {
    this.#bounds = bounds;
    this.#limit = bounded(this.#limit, bounds);
  }

  reset(limit: number): void {
    this.#limit = limit;
    this.#longMs = 0;
    this.#windows = 0;
  }

  update({ drops, meanMs, peak }: LimitWindow): boolean {
    if (drops > 0) {
      this.#limit = bounded(0.9 * this.#limit, this.#bounds);
      return true;
    }
    this.#learn(meanMs);
    if (peak < this.#limit / 2) return false;
    const gradient = Math.min(1, Math.max(0.5, (TOLERANCE * this.#longMs) / meanMs));
    const target = this.#limit * gradient + (gradient === 1 ? QUEUE : 0);
    this.#limit = bounded(this.#limit + SMOOTHING * (target - this.#limit), this.#bounds);
    return false;
  }

  #learn(meanMs: number): void {
    this.#windows++;
    const share = meanMs > this.#longMs ? UP : DOWN;
    this.#longMs += (this.#windows <= WARM_UP ? 1 / this.#windows : share) * (meanMs - this.#longMs);
    // After a spell of slowness it comes back sooner than its share would let it.
    if (this.#longMs > 2 * meanMs) this.#longMs *= 0.95;
  }
}
