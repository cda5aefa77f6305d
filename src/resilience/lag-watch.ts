import type { Clock, Timer } from '../kernel/clock.js';

/** How far ahead the watch's timer is set. */
const WATCH_MS = 10;

/**
 * Notices that the event loop was blocked: a timer fires that much too late. Timers come before I/O in a turn
 * of the loop, so by the time a reply is read that has waited for the loop, this is known.
 *
 * One timer at a time, for calls that outlive the turn in which they began. It is not set again by itself,
 * but by whoever is active, so that a call that never ends does not keep a timer going.
 */
export class LagWatch {
  readonly #clock: Clock;
  readonly #maxLagMs: number;
  #timer: Timer | undefined;
  #due = 0;
  /** Whether somebody is in flight, and whether the end of the turn will look at that. */
  #wanted = false;
  #asked = false;
  /** When the last blockade was over, and how long it was. */
  #until = -Infinity;
  #lagMs = 0;
  readonly #arm = (): void => {
    this.#asked = false;
    if (!this.#wanted || this.#timer !== undefined) return;
    this.#due = this.#clock.now() + WATCH_MS;
    this.#timer = this.#clock.schedule(WATCH_MS, this.#fire);
  };
  readonly #fire = (): void => {
    this.#timer = undefined;
    const now = this.#clock.now();
    const lagMs = now - this.#due;
    if (lagMs <= this.#maxLagMs) return;
    this.#until = now;
    this.#lagMs = lagMs;
  };

  constructor(clock: Clock, maxLagMs: number) {
    this.#clock = clock;
    this.#maxLagMs = maxLagMs;
    // As if it were being set for ever: the calls' way then has one question to ask, not two.
    this.#asked = maxLagMs === Infinity;
  }

  /** A call has begun. */
  keep(): void {
    this.#wanted = true;
    if (this.#asked) return;
    this.#asked = true;
    this.#clock.afterTurn(this.#arm);
  }

  /** No call is in flight any more. */
  rest(): void {
    this.#wanted = false;
    if (this.#timer === undefined) return;
    this.#timer.cancel();
    this.#timer = undefined;
  }

  /** Whether a good part of what a call took, that began at `since`, may have been the loop's doing. */
  spoils(since: number, rttMs: number): boolean {
    return since < this.#until && rttMs < 10 * this.#lagMs;
  }
}
