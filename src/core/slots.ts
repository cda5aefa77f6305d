import { type Waiter, WaitLine, type WaitLineRules } from './wait-line.js';

/**
 * A number of slots, and the line of those who wait for one.
 *
 * Invariant: between calls nobody waits while a slot is free. A freed slot goes to the next waiter in the same
 * step, so a newcomer, however it times its arrival, never sees it. Each admission, be it by `take`, `release` or
 * `next`, is owed exactly one `release`.
 */
export class Slots<W> {
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
  join(item: W, level: number, now: number): Waiter<W> {
    return this.#line.join(item, level, now);
  }

  /** Makes room in a full line: takes out whoever would be served last, or nobody if that is the newcomer. */
  displace(level: number, now: number): Waiter<W> | undefined {
    return this.#line.displace(level, now);
  }

  /** Gives up waiting; false if the waiter was served or had left before, which changes nothing. */
  leave(waiter: Waiter<W>): boolean {
    return this.#line.leave(waiter);
  }

  /** Gives a slot back; the waiter that now holds it, if any, is the answer. Never frees more than were taken. */
  release(): Waiter<W> | undefined {
    if (this.#taken > 0) this.#taken--;
    return this.next();
  }

  /** Admits the waiter whose turn it is if a slot is free. To be called after `resize`, until nobody comes. */
  next(): Waiter<W> | undefined {
    if (this.#taken >= this.#limit) return undefined;
    const waiter = this.#line.shift();
    if (waiter !== undefined) this.#taken++;
    return waiter;
  }

  /**
   * Changes the number of slots now. Who holds a slot keeps it; below the new limit `next` admits the waiters, one
   * by one, because each of them may run code that changes the line.
   *
   * @throws RangeError unless `limit` is an integer of at least 1.
   */
  resize(limit: number): void {
    this.#limit = checkedLimit(limit);
  }
}

function checkedLimit(limit: number): number {
  if (Number.isSafeInteger(limit) && limit >= 1) return limit;
  throw new RangeError(`Slots: \`limit\` must be an integer >= 1, got ${limit}`);
}
