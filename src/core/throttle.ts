import { TimeWindow } from './time-window.js';

export interface ThrottleRules {
  /** The length of the window, and in how many steps it moves. */
  readonly windowMs: number;
  readonly buckets: number;
  /** How many requests each accepted one is good for: K. */
  readonly headroom: number;
  readonly maxRejectRatio: number;
  /** With fewer requests in the window, none is rejected. */
  readonly minRequests: number;
}

/**
 * Client-side throttling as in "Handling Overload" (Site Reliability Engineering, chapter 21): of what is
 * asked in a sliding window a part is rejected here, by chance,
 *
 *     p = max(0, (requests - K * accepts) / (requests + 1))
 *
 * where what was rejected here is a request as well, so a remote that accepts so many a second is sent K
 * times as many and not more, however much is asked. Requests count when their outcome is known: counted
 * when they start, those in flight would pass for rejected ones, and a slow remote for an overloaded one.
 *
 * Invariant: p is 0 while requests <= K * accepts, grows with each failure and each rejection, shrinks with
 * each acceptance, and never exceeds `maxRejectRatio`.
 */
export class Throttle {
  #rules: ThrottleRules;
  #window: TimeWindow;

  constructor(rules: ThrottleRules, now: number) {
    this.#rules = rules;
    this.#window = new TimeWindow(rules.windowMs, rules.buckets, now);
  }

  /** Goes by other rules from now on. A window of another length starts empty. */
  amend(rules: ThrottleRules, now: number): void {
    const { windowMs, buckets } = this.#rules;
    this.#rules = rules;
    if (rules.windowMs === windowMs && rules.buckets === buckets) return;
    this.#window = new TimeWindow(rules.windowMs, rules.buckets, now);
  }

  /** What was asked in the window, as of `now`. */
  requests(now: number): number {
    this.#window.expire(now);
    return this.#window.calls;
  }

  /** What of it the remote accepted. */
  accepts(now: number): number {
    return this.requests(now) - this.#window.failures;
  }

  /**
   * The chance of a rejection. Each step of `priority` doubles the headroom: so the more important are
   * rejected later, and the less important sooner, though never while all is accepted.
   */
  rejectRatio(priority: number, now: number): number {
    const { headroom, maxRejectRatio, minRequests } = this.#rules;
    const requests = this.requests(now);
    if (requests < minRequests) return 0;
    const accepts = requests - this.#window.failures;
    const worth = Math.max(1, headroom * 2 ** priority);
    // Without any accepted, even a headroom beyond all numbers is worth nothing.
    const covered = accepts === 0 ? 0 : worth * accepts;
    return Math.min(Math.max(0, (requests - covered) / (requests + 1)), maxRejectRatio);
  }

  /** Whether a request is sent; if not, it counts as one that was not accepted. */
  admit(priority: number, now: number, random: () => number): boolean {
    // The way of nearly every call: where nothing fails there is nothing to reckon.
    if (this.#window.failures === 0) return true;
    const ratio = this.rejectRatio(priority, now);
    if (ratio === 0 || random() >= ratio) return true;
    this.#window.push(true, false, now);
    return false;
  }

  /** Records the outcome of a request that was sent. */
  record(accepted: boolean, now: number): void {
    this.#window.push(!accepted, false, now);
  }
}
