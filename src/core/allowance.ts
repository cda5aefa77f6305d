/** How much may pass. */
export interface RateRule {
  /** Units of cost in each `perMs`. */
  readonly limit: number;
  /** The span of time that `limit` is for, in ms. */
  readonly perMs: number;
  /** What may pass at once after a rest. */
  readonly burst: number;
}

/** Those who wait, the first to come first: what each costs, and all of them together. */
export interface Ahead extends Iterable<number> {
  readonly total: number;
  /** What each of them costs, where it is known that all cost the same. */
  readonly each?: number | undefined;
}

/**
 * What may pass now, and when the next may. A cost is an integer from 0 to `most`; `now` is monotonic, and
 * one that goes back gives nothing.
 */
export interface Allowance {
  /** The most that can pass at once. */
  readonly most: number;
  /** The time from which it is as new, if nothing passes until then. */
  readonly restsAt: number;
  /** Lets `cost` pass if it may. */
  take(cost: number, now: number): boolean;
  /** The same for a time that is not exact. Says no when that could matter. */
  takeRoughly(cost: number, now: number): boolean;
  /** Lets `cost` pass, for its time has come. */
  spend(cost: number, now: number): void;
  /** The time at which `cost` may pass after all those `ahead`; `now` when it may already. */
  dueAt(cost: number, now: number, ahead: Ahead): number;
  /** Whole units that may pass now. */
  available(now: number): number;
  /** Goes by another rule from now on. */
  update(rule: RateRule, now: number): void;
}
