import { LatencyBuckets } from './latency-buckets.js';

/** The calls that ended within one slice of time. */
export interface MeterSlice {
  /** When it began, in epoch ms. */
  readonly at: number;
  /** The calls that ended, rejected ones included. */
  readonly calls: number;
  /** Those of them that failed. */
  readonly failures: number;
  /** Half took no longer; 0 where no call of the slice has a latency, here and below. */
  readonly p50Ms: number;
  /** All but one in twenty took no longer. */
  readonly p95Ms: number;
  /** All but one in a hundred took no longer. */
  readonly p99Ms: number;
}

const FIELDS = 5;
const QUANTILES = [0.5, 0.95, 0.99];

/**
 * The last so many slices of time, with a few numbers for each: only the present slice has a histogram, which
 * is emptied into that of all time when the slice is over.
 */
export class MeterSlices {
  readonly #sliceMs: number;
  readonly #most: number;
  readonly #ring: Float64Array;
  /** Which slice each place of the ring holds. */
  readonly #held: Float64Array;
  readonly #first: number;
  readonly #all = new LatencyBuckets();
  readonly #present = new LatencyBuckets();
  /** What epoch time is ahead of the clock, as slices are told by; see `list`. */
  #aheadMs = Number.NaN;
  #slice: number;
  #endsAt: number;
  #calls = 0;
  #failures = 0;

  constructor(sliceMs: number, slices: number, now: number) {
    this.#sliceMs = sliceMs;
    this.#most = slices;
    this.#ring = new Float64Array(slices * FIELDS);
    this.#held = new Float64Array(slices).fill(-1);
    this.#first = this.#slice = Math.floor(now / sliceMs);
    this.#endsAt = (this.#slice + 1) * sliceMs;
  }

  /** Counts a call that ended now; `tookMs` is below 0, or `NaN`, for one without a latency. */
  count(now: number, tookMs: number, failed: boolean): void {
    if (now >= this.#endsAt) this.#turn(now);
    this.#calls++;
    if (failed) this.#failures++;
    if (tookMs >= 0) this.#present.add(tookMs);
  }

  /** The latencies of all time. */
  total(): LatencyBuckets {
    const total = new LatencyBuckets();
    total.merge(this.#all);
    total.merge(this.#present);
    return total;
  }

  /**
   * Those that are kept, the present one last. `aheadMs` is what epoch time is ahead of the clock. Epoch time
   * is told in whole ms and read a moment later, so that this is another number at each look, yet who looks
   * again has to find the same slice at the same time: only a step of the clock moves them.
   */
  list(now: number, aheadMs: number): MeterSlice[] {
    if (now >= this.#endsAt) this.#turn(now);
    const isNear = Math.abs(aheadMs - this.#aheadMs) <= this.#sliceMs / 2;
    if (!isNear) this.#aheadMs = aheadMs;
    this.#keep();
    const list: MeterSlice[] = [];
    const from = Math.max(this.#first, this.#slice - this.#most + 1);
    for (let slice = from; slice <= this.#slice; slice++) {
      const place = slice % this.#most;
      const at = Math.round(slice * this.#sliceMs + this.#aheadMs);
      const numbers = this.#ring.subarray(place * FIELDS, (place + 1) * FIELDS);
      // Nothing was kept of a slice without a call.
      const [calls = 0, failures = 0, p50Ms = 0, p95Ms = 0, p99Ms = 0] =
        this.#held[place] === slice ? numbers : [];
      list.push({ at, calls, failures, p50Ms, p95Ms, p99Ms });
    }
    return list;
  }

  #turn(now: number): void {
    if (this.#calls > 0) this.#keep();
    this.#all.merge(this.#present);
    this.#present.clear();
    this.#calls = this.#failures = 0;
    this.#slice = Math.floor(now / this.#sliceMs);
    this.#endsAt = (this.#slice + 1) * this.#sliceMs;
  }

  #keep(): void {
    const place = this.#slice % this.#most;
    this.#held[place] = this.#slice;
    this.#ring.set([this.#calls, this.#failures, ...this.#present.quantiles(...QUANTILES)], place * FIELDS);
  }
}
