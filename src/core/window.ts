/** What a window counts. A call can be both a failure and slow. */
export interface Tally {
  /** Calls that settled and were not neutral. */
  readonly calls: number;
  /** Those that failed. */
  readonly failures: number;
  /** Those that were slow. */
  readonly slow: number;
}

/**
 * The recent outcomes by which a breaker judges. `now` is monotonic; one that goes back moves nothing back.
 */
export interface Window extends Tally {
  push(failed: boolean, slow: boolean, now: number): void;
  /** Forgets what has become too old at `now`. */
  expire(now: number): void;
  clear(): void;
  /** The content as plain JSON, with ages instead of points in time. */
  save(now: number): unknown;
  /** Takes over what `save` gave, `downtimeMs` later. Data that does not fit leaves the window empty. */
  load(saved: unknown, now: number, downtimeMs: number): void;
}

/**
 * So many bits fit a small integer, which V8 keeps in the array itself: a typed array alone would add 200
 * bytes.
 */
const WORD = 31;

const wordsFor = (bits: number): number => Math.ceil(bits / WORD);

const bitAt = (words: readonly number[], index: number): number =>
  (words[Math.floor(index / WORD)]! >>> (index % WORD)) & 1;

/** By how much the number of ones changes. */
function setBit(words: number[], index: number, bit: boolean): number {
  const change = (bit ? 1 : 0) - bitAt(words, index);
  if (change !== 0) words[Math.floor(index / WORD)]! ^= 1 << (index % WORD);
  return change;
}

/** The last `size` outcomes, however old they are. Never looks at the clock. */
export class CountWindow implements Window {
  calls = 0;
  failures = 0;
  slow = 0;
  readonly #size: number;
  /** Where the next outcome goes. */
  #head = 0;
  /**
   * A ring with one bit for each outcome, whether it failed; in a second half another, whether it was slow.
   * Made when the first bit is set: breakers come by the thousand, and most of them are healthy.
   */
  #words: number[] | undefined;
  readonly #tracksSlow: boolean;

  /** Without `tracksSlow` there is no second half, and no outcome is slow. */
  constructor(size: number, tracksSlow: boolean) {
    this.#size = size;
    this.#tracksSlow = tracksSlow;
  }

  push(failed: boolean, slow: boolean): void {
    const size = this.#size;
    if (this.calls < size) this.calls++;
    // A zero pushed into zeros changes nothing: a healthy dependency pays for this line only.
    if (!failed && !slow && this.failures + this.slow === 0) return;
    const head = this.#head;
    this.#head = head + 1 === size ? 0 : head + 1;
    const half = wordsFor(size);
    this.#words ??= new Array<number>(half * (this.#tracksSlow ? 2 : 1)).fill(0);
    this.failures += setBit(this.#words, head, failed);
    if (this.#tracksSlow) this.slow += setBit(this.#words, half * WORD + head, slow);
  }

  expire(): void {}

  clear(): void {
    this.calls = this.failures = this.slow = 0;
    this.#words = undefined;
  }

  /** One digit for each outcome, the oldest first: 1 for a failure plus 2 for a slow call. */
  save(): string {
    let digits = '';
    const words = this.#words ?? [];
    for (let age = this.calls; age > 0; age--) {
      const at = (this.#head - age + this.#size) % this.#size;
      digits += bitAt(words, at) + 2 * bitAt(words, wordsFor(this.#size) * WORD + at);
    }
    return digits;
  }

  /** Fits a window of any size: the newest outcomes win. */
  load(saved: unknown): void {
    this.clear();
    if (typeof saved !== 'string') return;
    for (const digit of saved) {
      const kind = '0123'.indexOf(digit);
      if (kind >= 0) this.push((kind & 1) > 0, kind > 1);
    }
  }
}
