/** A callback that waits for its time. `cancel` is idempotent. */
export interface Timer {
  /** The callback will not be called any more. */
  cancel(): void;
}

/**
 * The only source of time. Pass your own (`VirtualClock` of `keelson/testing`) to make a test exact.
 * All times are milliseconds.
 */
export interface Clock {
  /** Monotonic time, for durations: never steps, whatever happens to the wall clock. */
  now(): number;
  /** Epoch time, for stamps that people read. May step. */
  wall(): number;
  /**
   * Calls `callback` once, `delayMs` from now and never earlier. Any delay is fine: long ones are chained,
   * `Infinity` never fires. Unless `keepAlive` is true the timer does not hold the process open.
   */
  schedule(delayMs: number, callback: () => void, keepAlive?: boolean): Timer;
  /**
   * Monotonic time that may be as old as the current turn of the event loop, or up to 1 ms ahead, and so is
   * nearly free to read.
   */
  coarse(): number;
  /** Calls `callback` when the current turn of the event loop is over; a virtual clock calls it at once. */
  afterTurn(callback: () => void): void;
}

/** The longest delay that `setTimeout` can hold; above it Node fires after 1 ms. */
const LONGEST = 2 ** 31 - 1;

/**
 * Reads of `coarse()` served by one clock read, so that time moves even in a loop that never leaves
 * microtasks.
 */
const READS_PER_TURN = 64;

class SystemTimer implements Timer {
  readonly #due: number;
  readonly #keepAlive: boolean;
  #callback: (() => void) | undefined;
  #handle: ReturnType<typeof setTimeout> | undefined;

  constructor(delayMs: number, callback: () => void, keepAlive: boolean) {
    this.#due = performance.now() + delayMs;
    this.#keepAlive = keepAlive;
    this.#callback = callback;
    if (delayMs < Infinity) this.#arm(delayMs);
  }

  cancel(): void {
    this.#callback = undefined;
    clearTimeout(this.#handle);
  }

  #arm(delayMs: number): void {
    this.#handle = setTimeout(() => this.#fire(), Math.min(Math.max(Math.ceil(delayMs), 0), LONGEST));
    // Browsers hand out numbers, which have nothing to unref.
    if (!this.#keepAlive && typeof this.#handle === 'object') this.#handle.unref();
  }

  /** Timers are cut to whole milliseconds by some runtimes and so may come early: look at the clock again. */
  #fire(): void {
    const early = this.#due - performance.now();
    if (early > 0) {
      this.#arm(early);
      return;
    }
    const callback = this.#callback;
    this.#callback = undefined;
    callback?.();
  }
}

let turnTime = 0;
let readsLeft = 0;
let turnWatched = false;
let turnEnd: (() => void)[] = [];

function endTurn(): void {
  turnWatched = false;
  readsLeft = 0;
  const callbacks = turnEnd;
  if (callbacks.length === 0) return;
  turnEnd = [];
  let called = 0;
  try {
    for (const callback of callbacks) {
      called++;
      callback();
    }
  } finally {
    // One that fails must not take the others, such as all deadlines of a policy, with it.
    if (called < callbacks.length) {
      turnEnd = callbacks.slice(called).concat(turnEnd);
      watchTurn();
    }
  }
}

/**
 * The check phase ends a turn. The immediate must hold the loop open: an unref'd one lets the loop block for
 * I/O first, and the next callback would read a time as old as that wait.
 */
function watchTurn(): void {
  if (turnWatched) return;
  turnWatched = true;
  setImmediate(endTurn);
}

function readTurn(): number {
  // A runtime without setImmediate has no cheap end of a turn: there every read is a real one.
  readsLeft = 0;
  if (typeof setImmediate === 'function') {
    watchTurn();
    readsLeft = READS_PER_TURN;
  }
  // Whole milliseconds: V8 keeps small integers without a box. Upwards, so that no deadline comes early.
  turnTime = Math.ceil(performance.now());
  return turnTime;
}

/** The clock of the process: `performance.now`, `Date.now` and `setTimeout`. */
export const systemClock: Clock = {
  now: () => performance.now(),
  wall: () => Date.now(),
  schedule: (delayMs, callback, keepAlive = false) => new SystemTimer(delayMs, callback, keepAlive),
  coarse: () => (readsLeft-- > 0 ? turnTime : readTurn()),
  afterTurn(callback) {
    if (typeof setImmediate === 'function') {
      turnEnd.push(callback);
      watchTurn();
    } else {
      callback();
    }
  },
};
