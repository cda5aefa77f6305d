/** When ends of leases are too many to be believed. */
export interface MassExpiryRules {
  /** More than this share of all within a window. At 1 they are always believed. */
  readonly ratio: number;
  /** Of at least so many. */
  readonly from: number;
  /** How long a window is, in ms. */
  readonly windowMs: number;
}

/**
 * Tells instances that went from a registry that did not hear of them: many leases of one service that end
 * together are more likely the latter. The idea is that of Eureka.
 *
 * What has ended within this window or the one before it counts, so that a few at a time are too many, too.
 */
export class MassExpiry {
  readonly #rules: MassExpiryRules;
  #window = 0;
  #now = 0;
  #before = 0;

  constructor(rules: MassExpiryRules) {
    this.#rules = rules;
  }

  /** So many were taken out. */
  note(count: number, time: number): void {
    this.#move(time);
    this.#now += count;
  }

  /** Whether `dead` of the `size` that are there are too many. */
  doubts(dead: number, size: number, time: number): boolean {
    this.#move(time);
    const gone = this.#now + this.#before;
    const all = size + gone;
    return all >= this.#rules.from && dead + gone > this.#rules.ratio * all;
  }

  #move(time: number): void {
    const window = Math.floor(time / this.#rules.windowMs);
    if (window === this.#window) return;
    this.#before = window === this.#window + 1 ? this.#now : 0;
    this.#now = 0;
    this.#window = window;
  }
}
