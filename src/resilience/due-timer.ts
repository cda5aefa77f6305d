import { type Due, DueHeap } from '../core/due-heap.js';
import type { Clock, Timer } from '../kernel/clock.js';

/** Many due times behind one timer, and no timer when there are none. */
export class DueTimer<T> {
  readonly #clock: Clock;
  readonly #onDue: (item: T) => void;
  readonly #heap = new DueHeap<T>();
  #timer: Timer | undefined;
  #timerAt = 0;
  // Answers that lie in the socket buffers are read before anything expires: they may make it needless.
  readonly #fire = (): void => {
    this.#timer = undefined;
    this.#clock.afterTurn(this.#expire);
  };
  readonly #expire = (): void => {
    const now = this.#clock.now();
    for (let item = this.#heap.shift(now); item !== undefined; item = this.#heap.shift(now))
      this.#onDue(item);
    this.#arm();
  };

  constructor(clock: Clock, onDue: (item: T) => void) {
    this.#clock = clock;
    this.#onDue = onDue;
  }

  /** Calls `onDue` with `item` at the time `at` of the clock. */
  add(item: T, at: number): Due<T> {
    const due = this.#heap.add(item, at);
    this.#arm();
    return due;
  }

  remove(due: Due<T>): void {
    this.#heap.remove(due);
    if (this.#heap.size > 0) return;
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #arm(): void {
    const at = this.#heap.earliest;
    // A timer that is too early is left: it costs less to wake once than to rearm whenever somebody leaves.
    if (at === Infinity || (this.#timer !== undefined && this.#timerAt <= at)) return;
    this.#timer?.cancel();
    this.#timerAt = at;
    // Somebody waits for this: the process must live to tell them.
    this.#timer = this.#clock.schedule(at - this.#clock.now(), this.#fire, true);
  }
}
