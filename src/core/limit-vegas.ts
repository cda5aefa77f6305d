import { bounded, type LimitAlgorithm, type LimitBounds } from './concurrency-limit.js';
import type { LimitWindow } from './limit-window.js';

/** Windows between two measurements of the latency without load. */
const REMEASURE_EVERY = 60;

/**
 * TCP Vegas (Brakmo and Peterson, 1994) in the form of Netflix's `VegasLimit`: the queue at the remote is
 * taken to be limit × (1 − shortest / latency), and kept between 3 and 6 times log10(limit).
 *
 * Two things differ. It doubles until it first sees a queue, where the original goes up a few at a time. And
 * the shortest latency is measured anew with half of the limit, where the original takes what it finds under
 * full load, queue included, and so drifts upwards. Latencies are means of windows.
 */
export class VegasLimit implements LimitAlgorithm {
  #bounds: LimitBounds;
  #limit: number;
  #shortestMs = Infinity;
  #ramping = true;
  #windows = 0;
  /** The limit to go back to when the measurement is done. */
  #resume = 0;

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
    this.#shortestMs = Infinity;
    this.#ramping = true;
    this.#windows = 0;
    this.#resume = 0;
  }

  update({ drops, meanMs, peak }: LimitWindow): boolean {
    const step = Math.max(1, Math.log10(this.#limit));
    const resume = this.#resume;
    this.#resume = 0;
    if (drops > 0) {
      this.#ramping = false;
      return this.#set(Math.min(this.#limit - step, 0.9 * this.#limit), true);
    }
    const unused = peak < this.#limit / 2;
    this.#shortestMs = resume > 0 && !unused ? meanMs : Math.min(this.#shortestMs, meanMs);
    if (unused) return false;
    if (resume > 0) return this.#set(resume, false);
    if (++this.#windows % REMEASURE_EVERY === 0) {
      this.#resume = this.#limit;
      return this.#set(this.#limit / 2, true);
    }
    const queue = Math.ceil(this.#limit * (1 - this.#shortestMs / meanMs));
    return this.#set(this.#limit + this.#change(queue, step), false);
  }

  #change(queue: number, step: number): number {
    if (queue > step) this.#ramping = false;
    if (this.#ramping) return this.#limit;
    if (queue <= step) return 6 * step;
    if (queue < 3 * step) return step;
    return queue > 6 * step ? -step : 0;
  }

  #set(limit: number, unsettled: boolean): boolean {
    this.#limit = bounded(limit, this.#bounds);
    return unsettled;
  }
}
