import type { Clock, Timer } from '../kernel/clock.js';
import { settle } from './settle.js';
import { TimerHeap, VirtualTimer } from './timer-heap.js';

/** Where a {@link VirtualClock} starts. */
export interface VirtualClockOptions {
  /** The first `now()`, in ms. @default 0 */
  readonly nowMs?: number;
  /** The first `wall()`, in ms since the epoch. @default the start of 2026, UTC */
  readonly wallMs?: number;
}

const defaults: Required<VirtualClockOptions> = { nowMs: 0, wallMs: 1_767_225_600_000 };

/** The number of timers after which a run is taken to have no end. */
const MAX_TIMERS = 10_000;

/**
 * A clock that stands still until it is told to move, for tests without sleeps. Timers fire in order of time,
 * ties in the order in which they were scheduled, and `now()` is exactly their time when they do. A timer
 * that throws makes the method that moved the clock throw.
 *
 * Its moves wait for promises in between, so a continuation that schedules another timer within the span is
 * honoured. Await each move before the next.
 *
 * @example
 * ```ts
 * import { VirtualClock } from 'keelson/testing';
 *
 * const clock = new VirtualClock();
 * const fired: number[] = [];
 * clock.schedule(100, () => {
 *   fired.push(clock.now());
 *   void Promise.resolve().then(() => clock.schedule(50, () => fired.push(clock.now())));
 * });
 * await clock.advance(200);
 * fired; // => [100, 150]
 * clock.timers; // => 0
 * ```
 */
export class VirtualClock implements Clock {
  #now: number;
  #wallOffset: number;
  #moving = false;
  readonly #timers = new TimerHeap();

  /** @throws RangeError when a start is not a finite number. */
  constructor(options: VirtualClockOptions = {}) {
    const { nowMs, wallMs } = { ...defaults, ...options };
    this.#now = finite('nowMs', nowMs);
    this.#wallOffset = finite('wallMs', wallMs) - nowMs;
  }

  now(): number {
    return this.#now;
  }

  wall(): number {
    return this.#now + this.#wallOffset;
  }

  /** The same as `now()`: virtual time does not move within a turn. */
  coarse(): number {
    return this.#now;
  }

  /** Calls `callback` at once, so that what it reconciles is exact. */
  afterTurn(callback: () => void): void {
    callback();
  }

  /**
   * A negative delay counts as 0. Nothing fires before the clock is moved, not even a delay of 0.
   * @throws RangeError when `delayMs` is NaN.
   */
  schedule(delayMs: number, callback: () => void, keepAlive = false): Timer {
    if (Number.isNaN(delayMs)) throw new RangeError('VirtualClock: `delayMs` must be a number, got NaN');
    const timer = new VirtualTimer(this.#now + Math.max(0, delayMs), callback, keepAlive, this.#timers);
    if (delayMs !== Number.POSITIVE_INFINITY) this.#timers.add(timer);
    return timer;
  }

  /** How many timers are waiting to fire: 0 when nothing was leaked. */
  get timers(): number {
    return this.#timers.size;
  }

  /** How many of them would hold a real process open. */
  get keepAliveTimers(): number {
    return [...this.#timers].filter(timer => timer.keepAlive).length;
  }

  /** When the next timer fires, on `now()`'s scale; `Infinity` when none waits. */
  get nextTimerAt(): number {
    return this.#timers.first?.due ?? Number.POSITIVE_INFINITY;
  }

  /** Lets `ms` pass. Promises that are due settle first, after each timer, and at the end. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + forward('advance', ms);
    await this.#move(async () => {
      for (let timer = this.#take(end); timer !== undefined; timer = this.#take(end)) {
        this.#now = Math.max(this.#now, timer.due);
        timer.fire();
        await settle();
      }
      this.#now = end;
    });
  }

  /** Lets `ms` pass without waiting for promises: for code that has none, and for synchronous properties. */
  advanceSync(ms: number): void {
    const end = this.#now + forward('advanceSync', ms);
    if (this.#moving) throw new Error(MOVING);
    for (let timer = this.#take(end); timer !== undefined; timer = this.#take(end)) {
      this.#now = Math.max(this.#now, timer.due);
      timer.fire();
    }
    this.#now = end;
  }

  /**
   * The process was suspended, or its event loop blocked, for `ms`: the time has passed before anything runs,
   * and all timers that came due meanwhile fire late, one after the other, as a resumed process fires them.
   */
  async suspend(ms: number): Promise<void> {
    const end = this.#now + forward('suspend', ms);
    await this.#move(async () => {
      this.#now = end;
      for (let timer = this.#take(end); timer !== undefined; timer = this.#take(end)) {
        timer.fire();
        await settle();
      }
    });
  }

  /**
   * Steps the wall clock, forwards or (negative) backwards, as an administrator or NTP does; `now()` stays.
   */
  stepWall(ms: number): void {
    this.#wallOffset += finite('stepWall', ms);
  }

  /**
   * Fires timer after timer until none waits.
   * @throws Error when more than `maxTimers` have fired: something reschedules itself for ever.
   */
  async runAll(maxTimers: number = MAX_TIMERS): Promise<void> {
    await this.#run(() => false, maxTimers);
  }

  /**
   * Fires timer after timer, no more than it takes, until `promise` settles, and settles alike.
   * @throws Error when no timer is left or `maxTimers` have fired, and it still has not.
   * @example
   * ```ts
   * import { VirtualClock } from 'keelson/testing';
   *
   * const clock = new VirtualClock();
   * const sleep = new Promise<string>(resolve => clock.schedule(1_000, () => resolve('awake')));
   * await clock.runUntil(sleep); // => 'awake'
   * clock.now(); // => 1000
   * ```
   */
  async runUntil<T>(promise: PromiseLike<T>, maxTimers: number = MAX_TIMERS): Promise<T> {
    let settled = false;
    const mark = (): void => {
      settled = true;
    };
    promise.then(mark, mark);
    await this.#run(() => settled, maxTimers);
    if (!settled) throw new Error('VirtualClock: no timer is left and the promise is still pending');
    return promise;
  }

  async #run(done: () => boolean, maxTimers: number): Promise<void> {
    await this.#move(async () => {
      for (let fired = 0; !done(); fired++) {
        if (this.#timers.size === 0) return;
        if (fired === maxTimers)
          throw new Error(`VirtualClock: ${maxTimers} timers have fired and more wait`);
        const timer = this.#take(Number.POSITIVE_INFINITY)!;
        this.#now = Math.max(this.#now, timer.due);
        timer.fire();
        await settle();
      }
    });
  }

  /** One move at a time: two at once would mean that somebody forgot to await the first. */
  async #move(steps: () => Promise<void>): Promise<void> {
    if (this.#moving) throw new Error(MOVING);
    this.#moving = true;
    try {
      await settle();
      await steps();
    } finally {
      this.#moving = false;
    }
  }

  /** Takes the next timer that is due by `end` out of the heap. */
  #take(end: number): VirtualTimer | undefined {
    const { first } = this.#timers;
    if (first === undefined || first.due > end) return undefined;
    this.#timers.remove(first);
    return first;
  }
}

const MOVING = 'VirtualClock: the clock is moving already; await one move before the next';

function finite(name: string, value: number): number {
  if (Number.isFinite(value)) return value;
  throw new RangeError(`VirtualClock: \`${name}\` must be a finite number, got ${value}`);
}

function forward(name: string, ms: number): number {
  if (ms >= 0 && ms < Number.POSITIVE_INFINITY) return ms;
  throw new RangeError(`VirtualClock: \`${name}\` must be a finite number >= 0, got ${ms}`);
}
