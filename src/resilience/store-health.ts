/** Whether a store can be asked: after a failure it is left alone for a while. */
export class StoreHealth {
  readonly #pauseMs: number;
  #pausedUntil = -Infinity;
  #failing = false;
  /** What it failed with last. */
  error: unknown = undefined;

  constructor(pauseMs: number) {
    this.#pauseMs = pauseMs;
  }

  /** How long it is to be left alone yet, in ms; 0 when it can be asked. */
  pauseMs(now: number): number {
    return Math.max(0, this.#pausedUntil - now);
  }

  /** It said nothing. True for the first time since it last answered. */
  failed(error: unknown, now: number): boolean {
    const first = !this.#failing;
    this.#failing = true;
    this.error = error;
    this.#pausedUntil = now + this.#pauseMs;
    return first;
  }

  /** It answered in time. True when it had failed before. */
  answered(): boolean {
    const recovered = this.#failing;
    this.#failing = false;
    this.error = undefined;
    this.#pausedUntil = -Infinity;
    return recovered;
  }
}
