import type { Clock, Timer } from '../../../src/kernel/clock.js';

interface Scheduled extends Timer {
  readonly at: number;
  readonly keepAlive: boolean;
  readonly callback: () => void;
}

/**
 * A clock with turns, as an event loop has them: coarse time stands still within one, and timers fire only
 * between them. All by hand.
 */
export class TurnClock implements Clock {
  time = 0;
  /** How many timers have ever been set. */
  set = 0;
  #turn = 0;
  #ends: (() => void)[] = [];
  #timers: Scheduled[] = [];

  now(): number {
    return this.time;
  }

  wall(): number {
    return this.time;
  }

  coarse(): number {
    return this.#turn;
  }

  afterTurn(callback: () => void): void {
    this.#ends.push(callback);
  }

  schedule(delayMs: number, callback: () => void, keepAlive = false): Timer {
    this.set++;
    const timer: Scheduled = {
      at: this.time + delayMs,
      keepAlive,
      callback,
      cancel: () => {
        this.#timers = this.#timers.filter(other => other !== timer);
      },
    };
    this.#timers.push(timer);
    return timer;
  }

  /** When the timers fire, soonest first. */
  get timersAt(): readonly number[] {
    return this.#timers.map(timer => timer.at).sort((a, b) => a - b);
  }

  get keepAliveTimers(): number {
    return this.#timers.filter(timer => timer.keepAlive).length;
  }

  /** How many callbacks wait for the end of the turn. */
  get turnEnds(): number {
    return this.#ends.length;
  }

  /** The turn goes on for `ms`, and nothing else can run. */
  block(ms: number): void {
    this.time += ms;
  }

  /** Coarse time is read anew amid a turn. */
  refresh(): void {
    this.#turn = this.time;
  }

  /** The turn is over; the next begins `ms` later, with the timers that are due by then. */
  nextTurn(ms = 0): void {
    const ends = this.#ends;
    this.#ends = [];
    for (const end of ends) end();
    this.time += ms;
    this.refresh();
    for (const timer of this.#timers.filter(({ at }) => at <= this.time)) {
      timer.cancel();
      timer.callback();
    }
  }
}
