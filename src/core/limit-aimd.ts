import { bounded, type LimitAlgorithm, type LimitBounds } from './concurrency-limit.js';
import type { LimitWindow } from './limit-window.js';

/** One more for each window that used half of the limit; a tenth less for one with a drop in it. */
export class AimdLimit implements LimitAlgorithm {
  #bounds: LimitBounds;
  #limit: number;

  constructor(limit: number, bounds: LimitBounds) {
    this.#bounds = bounds;
    this.#limit = limit;
  }

  get limit(): number {
    return this.#limit;
  }

  update({ drops, peak }: LimitWindow): boolean {
    if (drops > 0) this.#limit = bounded(0.9 * this.#limit, this.#bounds);
    else if (peak >= this.#limit / 2) this.#limit = bounded(this.#limit + 1, this.#bounds);
    return drops > 0;
  }

  amend(bounds: LimitBounds): void {
    this.#bounds = bounds;
    this.#limit = bounded(this.#limit, bounds);
  }

  reset(limit: number): void {
    this.#limit = limit;
  }
}
