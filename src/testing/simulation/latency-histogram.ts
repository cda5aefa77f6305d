/** How long calls took, in ms, each within 1 % of the truth but `mean` and `maxMs`, which are exact. */
export interface Latencies {
  /** How many calls these are of. */
  readonly count: number;
  /** The arithmetic mean; 0 without any call, here and below. */
  readonly meanMs: number;
  /** Half took no longer. */
  readonly p50Ms: number;
  /** Nine in ten took no longer. */
  readonly p90Ms: number;
  /** All but one in a hundred took no longer. */
  readonly p99Ms: number;
  /** All but one in a thousand took no longer. */
  readonly p999Ms: number;
  /** The longest. */
  readonly maxMs: number;
}

/** Each bucket is 2 % wider than the one before, so its middle is within 1 % of all that is in it. */
const GROWTH = 0.0198;
/** What is shorter is taken for this. */
const LEAST_MS = 0.01;
/** Up to some 10 000 days; what is longer is in the last. */
const BUCKETS = 1_600;

/** Counts spans in buckets: as many numbers for a million spans as for one. */
export class LatencyHistogram {
  readonly #counts = new Uint32Array(BUCKETS);
  #count = 0;
  #sumMs = 0;
  #maxMs = 0;

  add(ms: number): void {
    const bucket = Math.floor(Math.log(Math.max(ms, LEAST_MS) / LEAST_MS) / GROWTH);
    this.#counts[Math.min(bucket, BUCKETS - 1)]!++;
    this.#count++;
    this.#sumMs += ms;
    this.#maxMs = Math.max(this.#maxMs, ms);
  }

  /** The span that a part of them did not exceed: a rank of the nearest kind. */
  quantile(part: number): number {
    let left = Math.max(1, Math.ceil(part * this.#count));
    if (this.#count === 0) return 0;
    let bucket = 0;
    while (left > this.#counts[bucket]!) left -= this.#counts[bucket++]!;
    return Math.min(LEAST_MS * Math.exp((bucket + 0.5) * GROWTH), this.#maxMs);
  }

  report(): Latencies {
    return {
      count: this.#count,
      meanMs: this.#count === 0 ? 0 : this.#sumMs / this.#count,
      p50Ms: this.quantile(0.5),
      p90Ms: this.quantile(0.9),
      p99Ms: this.quantile(0.99),
      p999Ms: this.quantile(0.999),
      maxMs: this.#maxMs,
    };
  }
}
