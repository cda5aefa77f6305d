import type { Clock, Timer } from './clock.js';

/** Does something again and again: at once while there is more to do, else after a wait, or when woken. */
export class WorkLoop {
  readonly #work: () => Promise<boolean>;
  readonly #onError: (error: unknown) => void;
  readonly #everyMs: number;
  readonly #clock: Clock;
  #timer: Timer | undefined;
  #running: Promise<void> | undefined;
  #again = false;
  #closed = true;

  /** `work` says whether there is more to do. */
  constructor(
    work: () => Promise<boolean>,
    onError: (error: unknown) => void,
    everyMs: number,
    clock: Clock,
  ) {
    this.#work = work;
    this.#onError = onError;
    this.#everyMs = everyMs;
    this.#clock = clock;
  }

  start(): void {
    this.#closed = false;
    this.wake();
  }

  /** There may be something to do. */
  wake(): void {
    if (this.#closed) return;
    this.#again = true;
    this.#running ??= this.#run();
  }

  /** Resolves when nothing runs. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#timer?.cancel();
    await this.#running;
  }

  async #run(): Promise<void> {
    this.#timer?.cancel();
    while (this.#again && !this.#closed) {
      this.#again = false;
      try {
        if (await this.#work()) this.#again = true;
      } catch (error) {
        // Not at once: whatever is away would be asked without end.
        this.#again = false;
        this.#onError(error);
      }
      // A store that answers at once must not keep everything else from running.
      if (this.#again) await new Promise<void>(resolve => this.#clock.afterTurn(resolve));
    }
    this.#running = undefined;
    if (!this.#closed) this.#timer = this.#clock.schedule(this.#everyMs, () => this.wake());
  }
}
