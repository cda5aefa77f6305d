/** What the calls of one window have shown. */
export interface LimitWindow {
  /** Calls that ended in it, dropped ones included. */
  readonly samples: number;
  /** Of these, those that ended in a sign of overload. */
  readonly drops: number;
  /** What a call took on average, in ms. */
  readonly meanMs: number;
  /** The square of the standard error of `meanMs`, as if calls knew nothing of each other. */
  readonly errorMs2: number;
  /** Calls in flight on average, by Little's law: what they took in sum, over the length of the window. */
  readonly meanInFlight: number;
  /** The most that were in flight at a time. */
  readonly peak: number;
}

/** Gathers samples into windows. Adding one allocates nothing. */
export class WindowGatherer {
  #samples = 0;
  #drops = 0;
  #sum = 0;
  #squares = 0;
  #peak = 0;
  #since: number;

  constructor(now: number) {
    this.#since = now;
  }

  get samples(): number {
    return this.#samples;
  }

  /** When the window begins; may lie ahead. */
  get since(): number {
    return this.#since;
  }

  get peak(): number {
    return this.#peak;
  }

  add(rttMs: number, inFlight: number, dropped: boolean): void {
    this.#samples++;
    if (dropped) this.#drops++;
    this.#sum += rttMs;
    this.#squares += rttMs * rttMs;
    if (inFlight > this.#peak) this.#peak = inFlight;
  }

  /** What was gathered up to `now`; there must be a sample. */
  close(now: number): LimitWindow {
    const samples = this.#samples;
    const meanMs = this.#sum / samples;
    // Rounding may leave a trace below 0 where all calls took the same.
    const spread = Math.max(0, this.#squares / samples - meanMs * meanMs);
    const elapsed = now - this.#since;
    return {
      samples,
      drops: this.#drops,
      meanMs,
      errorMs2: spread / samples,
      meanInFlight: elapsed > 0 ? this.#sum / elapsed : this.#peak,
      peak: this.#peak,
    };
  }

  /** Begins anew at `since`. */
  open(since: number): void {
    this.#samples = 0;
    this.#drops = 0;
    this.#sum = 0;
    this.#squares = 0;
    this.#peak = 0;
    this.#since = since;
  }
}
