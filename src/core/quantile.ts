/**
 * A quantile of the latest durations, some of which were cut short before their end was seen.
 *
 * Buckets of equal relative width, as in DDSketch (Masson, Rim and Lee, 2019): an answer is never below the
 * quantile of what was recorded, and at most 2.2 % above it. Two histograms take turns: when the younger one
 * is full, half a window, the older one is emptied; so the answer stands for the latest half to whole window,
 * and nothing grows.
 *
 * What was cut short is known to have lasted at least so long. To drop it, or to take it for whole, would
 * draw the quantile down: a hedge cuts just the slow ones short, so each estimate would be lower than the one
 * before it. The product-limit estimator (Kaplan and Meier, 1958) counts it for as long as it was watched and
 * no longer.
 */

/** Which quantile of how many durations. */
export interface QuantileRules {
  /** The share of durations that are not above the quantile; above 0, below 1. */
  readonly ratio: number;
  /** There is no answer before so many durations are recorded; at most half of the window. */
  readonly minSamples: number;
  /** How many durations it looks at, at most 100_000. */
  readonly windowCalls: number;
}

const PER_OCTAVE = 32;
/** Up to 1/16 ms is one bucket, and so is what is above 2^22 ms, 70 minutes. */
const LOWEST = -4;
const BUCKETS = (22 - LOWEST) * PER_OCTAVE + 1;
/** The answer is found anew after this part of the window has come in: to walk all buckets costs 1 µs. */
const REFRESHES = 64;

function bucketOf(ms: number): number {
  // What is no number has lasted no time.
  if (!(ms > 2 ** LOWEST)) return 0;
  return Math.min(Math.ceil((Math.log2(ms) - LOWEST) * PER_OCTAVE), BUCKETS - 1);
}

function upperEnd(bucket: number): number {
  return 2 ** (bucket / PER_OCTAVE + LOWEST);
}

/** Half a window of durations: those that were seen to their end come first, behind them the others. */
class Half {
  readonly counts: Uint16Array = new Uint16Array(2 * BUCKETS);
  size = 0;

  clear(): void {
    this.counts.fill(0);
    this.size = 0;
  }
}

/** The durations of one window. Allocates nothing after construction. */
export class QuantileWindow {
  #rules!: QuantileRules;
  #halfCalls!: number;
  #refreshCalls!: number;
  #younger = new Half();
  #older = new Half();
  #quantileMs = 0;
  /** Durations that `#quantileMs` knows nothing of. */
  #unheard!: number;

  constructor(rules: QuantileRules) {
    this.amend(rules);
  }

  get rules(): QuantileRules {
    return this.#rules;
  }

  /**
   * Goes by other rules from now on and keeps what was recorded. A window that became shorter forgets what is
   * too much when the half in use is full, at the next record.
   */
  amend(rules: QuantileRules): void {
    this.#rules = rules;
    this.#halfCalls = Math.ceil(rules.windowCalls / 2);
    this.#refreshCalls = Math.ceil(rules.windowCalls / REFRESHES);
    this.#unheard = Infinity;
  }

  /** How many durations are in the window. */
  get samples(): number {
    return this.#younger.size + this.#older.size;
  }

  /** Records a duration; with `cut` one of at least `ms`, whose end was not seen. */
  record(ms: number, cut: boolean): void {
    if (this.#younger.size >= this.#halfCalls) {
      [this.#younger, this.#older] = [this.#older, this.#younger];
      this.#younger.clear();
    }
    this.#younger.counts[bucketOf(ms) + (cut ? BUCKETS : 0)]!++;
    this.#younger.size++;
    this.#unheard++;
  }

  /**
   * The quantile in ms, `undefined` before there are `minSamples`. Where too much was cut short to know it,
   * the longest duration recorded: it is at least that.
   */
  get quantileMs(): number | undefined {
    if (this.samples < this.#rules.minSamples) return undefined;
    if (this.#unheard >= this.#refreshCalls) {
      this.#quantileMs = this.#estimate();
      this.#unheard = 0;
    }
    return this.#quantileMs;
  }

  #estimate(): number {
    const younger = this.#younger.counts;
    const older = this.#older.counts;
    // A hair above, so that 95 of 100 are 0.95 of them however the products are rounded.
    const target = 1 - this.#rules.ratio + 1e-12;
    let watched = this.samples;
    let surviving = 1;
    let longest = 0;
    for (let bucket = 0; watched > 0; bucket++) {
      const ended = younger[bucket]! + older[bucket]!;
      const gone = ended + younger[bucket + BUCKETS]! + older[bucket + BUCKETS]!;
      if (gone === 0) continue;
      longest = bucket;
      surviving *= 1 - ended / watched;
      if (surviving <= target) break;
      watched -= gone;
    }
    return upperEnd(longest);
  }
}
