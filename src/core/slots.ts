import { type Waiter, WaitLine, type WaitLineRules } from './wait-line.js';

/**
 * A number of slots, and the line of those who wait for one.
 *
 * Whoever has given a slot back, or raised the limit, calls `next` until nobody comes, in the same turn. A
 * slot that is free in between belongs to those who wait: a newcomer, however it times its arrival, is not
 * let in before them. Each admission, be it by `take` or by `next`, is owed exactly one `release`.
 */
export class Slots<W extends Waiter> {
  readonly #line: WaitLine<W>;
  #limit: number;
  #taken = 0;

  /** @throws RangeError unless `limit` is an integer of at least 1. */
  constructor(limit: number, rules: WaitLineRules) {
    this.#limit = checkedLimit(limit);
    this.#line = new WaitLine(rules);
  }

  get limit(): number {
    return this.#limit;
  }

  /** Slots in use. More than `limit` after it was lowered, until enough of them are released. */
  get taken(): number {
    return this.#taken;
  }

  get waiting(): number {
    return this.#line.size;
  }

  /** True if one more cannot wait without somebody going. */
  get isFull(): boolean {
    return this.#line.isFull;
  }

  /** Takes a slot if one is free and nobody waits for it. */
  take(): boolean {
    if (this.#taken >= this.#limit || this.#line.size > 0) return false;
    this.#taken++;
    return true;
  }

  /** Joins the line, which the caller has found not full; only after `take` said no. */
  join(waiter: W, level: number, now: number): void {
    this.#line.join(waiter, level, now);
  }

  /** Makes room in a full line: takes out whoever would be served last, or nobody if that is the newcomer. */
  displace(level: number, now: number): W | undefined {
    return this.#line.displace(level, now);
  }

  /** Gives up waiting; false if the waiter was served or had left before, which changes nothing. */
  leave(waiter: W): boolean {
    return this.#line.leave(waiter);
  }

  /** Gives a slot back. Never frees more than were taken. */
  release(): void {
    if (this.#taken > 0) this.#taken--;
  }

  /** Admits the waiter whose turn it is if a slot is free. */
  next(): W | undefined {
    if (this.#taken >= this.#limit) return undefined;
    const waiter = this.#line.shift();
    if (waiter !== undefined) this.#taken++;
    return waiter;
  }

  /** Takes out whoever is next in the line, without a slot. */
  evict(): W | undefined {
    return this.#line.shift();
  }

  /**
   * Changes the number of slots now. Who holds a slot keeps it; `next` admits nobody until fewer are taken
   * than the new limit.
   *
   * @throws RangeError unless `limit` is an integer of at least 1.
   */
  resize(limit: number): void {
    this.#limit = checkedLimit(limit);
  }

  /** Changes how many may wait. Nobody who waits is sent away. */
  resizeLine(places: number): void {
    this.#line.resize(places);
  }
}

function checkedLimit(limit: number): number {
  if (Number.isSafeInteger(limit) && limit >= 1) return limit;
  throw new RangeError(`Slots: \`limit\` must be an integer >= 1, got ${limit}`);
}
