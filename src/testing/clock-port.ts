/** What a scheduled callback can be called off with. */
export interface Timer {
  cancel(): void;
}

/** Where time comes from. All in milliseconds. */
export interface Clock {
  /** Monotonic, for durations. */
  now(): number;
  /** Epoch, for stamps. */
  wall(): number;
  /** Calls `callback` once, `delayMs` from now; `Infinity` never. Holds the process only with `keepAlive`. */
  schedule(delayMs: number, callback: () => void, keepAlive?: boolean): Timer;
  /** Monotonic, possibly as old as the current turn of the event loop. */
  coarse(): number;
  /** Calls `callback` once the current turn of the event loop is over. */
  afterTurn(callback: () => void): void;
}
