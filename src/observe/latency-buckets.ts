/**
 * How long calls took, in as many numbers for a million of them as for one.
 *
 * Buckets as in the HDR histogram of Gil Tene: microseconds, each octave in 32 equal parts, found by counting
 * leading zeros, without a logarithm. A quantile is never below that of what was recorded, and at most 3.2 %
 * and 1 µs above it.
 */

const PARTS = 32;
const PART_BITS = 5;
/** What is longer, some 36 minutes, is in the last bucket. */
const MOST_US = 2 ** 31 - 1;
const BUCKETS = 864;

function bucketOf(us: number): number {
  const octave = 31 - Math.clz32(us | 1) - PART_BITS;
  return octave <= 0 ? us : octave * PARTS + (us >>> octave);
}

/** The end of a bucket in µs; it does not belong to it. */
function endOf(bucket: number): number {
  const octave = Math.max(0, Math.floor(bucket / PARTS) - 1);
  return (bucket - octave * PARTS + 1) * 2 ** octave;
}

export class LatencyBuckets {
  /** Doubles: they count to 2^53. */
  readonly #counts: Float64Array = new Float64Array(BUCKETS);
  size = 0;
  sumMs = 0;
  maxMs = 0;

  /** `ms` is at least 0. */
  add(ms: number): void {
    const us = Math.min(ms * 1000, MOST_US) | 0;
    this.#counts[bucketOf(us)]!++;
    this.size++;
    this.sumMs += ms;
    if (ms > this.maxMs) this.maxMs = ms;
  }

  /** Takes all of `other` in. */
  merge(other: LatencyBuckets): void {
    const from = other.#counts;
    for (let bucket = 0; bucket < BUCKETS; bucket++) this.#counts[bucket]! += from[bucket]!;
    this.size += other.size;
    this.sumMs += other.sumMs;
    this.maxMs = Math.max(this.maxMs, other.maxMs);
  }

  clear(): void {
    this.#counts.fill(0);
    this.size = this.sumMs = this.maxMs = 0;
  }

  /** The span that each of these parts, in rising order, did not exceed, in ms; 0 where there is none. */
  quantiles(...ratios: readonly number[]): number[] {
    let bucket = -1;
    let seen = 0;
    return ratios.map(ratio => {
      const rank = Math.max(1, Math.ceil(ratio * this.size));
      while (seen < rank && bucket < BUCKETS - 1) seen += this.#counts[++bucket]!;
      return this.size === 0 ? 0 : Math.min(endOf(bucket) / 1000, this.maxMs);
    });
  }

  /**
   * How many took no longer than each bound, in rising order of ms. What lies in one bucket with a bound
   * counts as longer.
   */
  upTo(boundsMs: readonly number[]): number[] {
    let bucket = 0;
    let seen = 0;
    return boundsMs.map(boundMs => {
      while (bucket < BUCKETS && endOf(bucket) <= boundMs * 1000) seen += this.#counts[bucket++]!;
      return seen;
    });
  }
}
