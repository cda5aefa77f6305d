import type { Clock, Timer } from '../kernel/clock.js';

/** Tells when something that is expected does not come in time. */
export class StreamWatch {
  readonly #clock: Clock;
  readonly #keepAlive: boolean;
  readonly #onLate: () => void;
  #due = Infinity;
  #timer: Timer | undefined;
  #timerAt = Infinity;
  // As everywhere, what lies in the socket buffers is read before anything is late.
  readonly #fire = (): void => {
    this.#timer = undefined;
    if (this.#due < Infinity) this.#clock.afterTurn(this.#look);
  };
  readonly #look = (): void => {
    if (this.#due === Infinity) return;
    if (this.#clock.now() < this.#due) this.#arm();
    else {
      this.#due = Infinity;
      this.#onLate();
    }
  };

  /** With `keepAlive` the process lives while something is expected. */
  constructor(clock: Clock, keepAlive: boolean, onLate: () => void) {
    this.#clock = clock;
    this.#keepAlive = keepAlive;
    this.#onLate = onLate;
  }

  /** Something is expected within `spanMs` from now. */
  expect(spanMs: number): void {
    this.#due = this.#clock.now() + spanMs;
    this.#arm();
  }

  /** It came. The timer is left to run where it holds nothing up, for the next thing is expected soon. */
  rest(): void {
    this.#due = Infinity;
    if (this.#keepAlive) this.stop();
  }

  /** Nothing will be expected any more. */
  stop(): void {
    this.#due = Infinity;
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #arm(): void {
    const due = this.#due;
    if (due === Infinity || (this.#timer !== undefined && this.#timerAt <= due)) return;
    this.#timer?.cancel();
    this.#timerAt = due;
    this.#timer = this.#clock.schedule(due - this.#clock.now(), this.#fire, this.#keepAlive);
  }
}
