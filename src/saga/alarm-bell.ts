/** Whoever can call back later. */
export interface Timers {
  /** Calls `callback` after so many ms; the function returned takes that back. */
  after(ms: number, callback: () => void): () => void;
}

/** Wakes whoever waits for it, now or when next it would wait; at a time as well, if there is one. */
export class AlarmBell {
  readonly #timers: Timers;
  #wake: (() => void) | undefined;
  #rung = false;

  constructor(timers: Timers) {
    this.#timers = timers;
  }

  ring(): void {
    this.#rung = true;
    this.#wake?.();
  }

  /** Until it rings, which it may have done; or for so many ms, where that is more than none. */
  async wait(ms: number): Promise<void> {
    if (!this.#rung) {
      const cancel = ms > 0 && ms < Infinity ? this.#timers.after(ms, () => this.ring()) : undefined;
      await new Promise<void>(resolve => (this.#wake = resolve));
      this.#wake = undefined;
      cancel?.();
    }
    this.#rung = false;
  }
}
