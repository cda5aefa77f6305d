import type { Ahead, Allowance, RateRule } from './allowance.js';
import { type Waiter, WaitLine } from './wait-line.js';

/** One who waits for what it costs to pass. */
export interface Claim extends Waiter {
  readonly cost: number;
}

const nobody: Ahead = { total: 0, [Symbol.iterator]: () => [][Symbol.iterator]() };

/**
 * An allowance, and the line of those who wait for their share of it.
 *
 * Those who wait have taken nothing yet. Served strictly in the order of coming, each as soon as the
 * allowance lets it, the time of each is known from what those before it cost; so one who leaves is refunded
 * by being gone, and all behind it move up. While anybody waits, nobody who comes later is let in.
 */
export class Ration<C extends Claim> {
  readonly #allowance: Allowance;
  readonly #line: WaitLine<C>;
  readonly #ahead: Ahead & { total: number };
  /** What the first to join an empty line cost, and how many wait that cost something else. */
  #usual = 0;
  #unusual = 0;

  constructor(allowance: Allowance, places: number) {
    const line = new WaitLine<C>({ places, order: 'fifo', levels: 1, ageMs: Infinity });
    this.#allowance = allowance;
    this.#line = line;
    const usual = (): number | undefined => (this.#unusual === 0 ? this.#usual : undefined);
    this.#ahead = {
      total: 0,
      get each() {
        return usual();
      },
      *[Symbol.iterator]() {
        let claim = line.first;
        for (let left = line.size; left > 0; left--, claim = claim!.next as C) yield claim!.cost;
      },
    };
  }

  /** The most that one can cost. */
  get most(): number {
    return this.#allowance.most;
  }

  get waiting(): number {
    return this.#line.size;
  }

  /** True if one more cannot wait. */
  get isFull(): boolean {
    return this.#line.isFull;
  }

  /** The time from which the allowance is as new; `Infinity` while somebody waits. */
  get restsAt(): number {
    return this.#line.size > 0 ? Infinity : this.#allowance.restsAt;
  }

  /** Lets `cost` pass if it may and nobody waits. What costs nothing takes nothing from those who wait. */
  take(cost: number, now: number): boolean {
    return cost === 0 || (this.#line.size === 0 && this.#allowance.take(cost, now));
  }

  /** The same for a time that is not exact; a no means that `take` has to be asked. */
  takeRoughly(cost: number, now: number): boolean {
    return this.#line.size === 0 && this.#allowance.takeRoughly(cost, now);
  }

  /** When one more would be served, who costs at most `most`. */
  dueAt(cost: number, now: number): number {
    return this.#allowance.dueAt(cost, now, this.#ahead);
  }

  /** Joins the line, which the caller has found not full; only after `take` said no. */
  join(claim: C): void {
    const { cost } = claim;
    if (this.#line.size === 0) this.#usual = cost;
    else if (cost !== this.#usual) this.#unusual++;
    this.#line.join(claim, 0, 0);
    this.#ahead.total += cost;
  }

  /** Gives up waiting; false if the claim was served or had left before, which changes nothing. */
  leave(claim: C): boolean {
    if (!this.#line.leave(claim)) return false;
    this.#ahead.total -= claim.cost;
    if (claim.cost !== this.#usual) this.#unusual--;
    return true;
  }

  /** Who is next. */
  get first(): C | undefined {
    return this.#line.first;
  }

  /** When the first is to be served; `Infinity` when nobody waits. */
  firstDueAt(now: number): number {
    const { first } = this;
    return first === undefined ? Infinity : this.#allowance.dueAt(first.cost, now, nobody);
  }

  /** Lets `claim`, whose time has come, pass. */
  serve(claim: C, now: number): void {
    if (this.leave(claim)) this.#allowance.spend(claim.cost, now);
  }

  /** Whole units that may pass now, not counting those who wait. */
  available(now: number): number {
    return this.#allowance.available(now);
  }

  /** Goes by another rule from now on. Those who wait keep their places: see whether they still want them. */
  update(rule: RateRule, now: number): void {
    this.#allowance.update(rule, now);
  }
}
