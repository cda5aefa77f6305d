/** A run that several callers share. The board writes the two numbers. */
export interface Flight {
  readonly sharedKey: string;
  /** Those who joined and have not left. */
  callers: number;
  /** The latest deadline of all who joined. */
  latest: number;
}

/**
 * Which runs are under way, one for each key, and who still waits for them.
 *
 * A run stands here from its start until it lands, until its last caller has left, or until somebody takes
 * its key away from it. What comes after that is nobody's: a newcomer finds no run, and begins another one.
 *
 * Invariants: at most one run for a key, and none begins beyond `maxKeys`; a run that stands here has
 * callers; an answer is handed out to those who joined its own run, and to nobody else.
 */
export class Flights<F extends Flight> {
  readonly #board = new Map<string, F>();
  #maxKeys!: number;

  /** @throws RangeError unless `maxKeys` is an integer of at least 1. */
  constructor(maxKeys: number) {
    this.resize(maxKeys);
  }

  /**
   * Has room for so many from now on. Those that are beyond it stay to their end.
   *
   * @throws RangeError unless `maxKeys` is an integer of at least 1.
   */
  resize(maxKeys: number): void {
    if (!(Number.isSafeInteger(maxKeys) && maxKeys >= 1)) {
      throw new RangeError(`Flights: \`maxKeys\` must be an integer >= 1, got ${maxKeys}`);
    }
    this.#maxKeys = maxKeys;
  }

  get size(): number {
    return this.#board.size;
  }

  get isFull(): boolean {
    return this.#board.size >= this.#maxKeys;
  }

  get(key: string): F | undefined {
    return this.#board.get(key);
  }

  /** Whether this is the run of its key. */
  has(flight: F): boolean {
    return this.#board.get(flight.sharedKey) === flight;
  }

  /** Puts a run up, which has nobody yet; only where there is none of its key, and the board is not full. */
  start(flight: F): void {
    this.#board.set(flight.sharedKey, flight);
  }

  /** A caller joins, who wants the answer until `deadline`. */
  join(flight: F, deadline: number): void {
    flight.callers++;
    if (deadline > flight.latest) flight.latest = deadline;
  }

  /** A caller leaves before the end. True when it was the last: nobody wants the run any more. */
  leave(flight: F): boolean {
    if (--flight.callers > 0) return false;
    this.land(flight);
    return true;
  }

  /** The run is over, and its key is free. False when it had lost its key before, which changes nothing. */
  land(flight: F): boolean {
    return this.has(flight) && this.#board.delete(flight.sharedKey);
  }

  /** Takes the key away from its run: those who joined keep it, newcomers begin another one. */
  detach(key: string): void {
    this.#board.delete(key);
  }

  /** Takes all keys away from their runs. */
  detachAll(): void {
    this.#board.clear();
  }
}
