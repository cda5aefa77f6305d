import { type LimitWindow, WindowGatherer } from './limit-window.js';

/** What sets the limit from window to window. */
export interface LimitAlgorithm {
  /** How many calls may be in flight; the fraction is kept so that small steps add up. */
  readonly limit: number;
  /**
   * Learns from a window. True when calls of before the change would spoil the next one: it then begins when
   * they are gone.
   */
  update(window: LimitWindow): boolean;
  /** Forgets all it has learned and goes on from `limit`. */
  reset(limit: number): void;
  /** Keeps the limit between other bounds from now on, with all it has learned. */
  amend(bounds: LimitBounds): void;
}

/** What the limit is kept between. */
export interface LimitBounds {
  readonly minLimit: number;
  readonly maxLimit: number;
}

export interface ConcurrencyLimitRules extends LimitBounds {
  /** A window lasts at least so long, in ms. */
  readonly windowMs: number;
  /** A window holds at least so many samples. */
  readonly windowSamples: number;
}

export function bounded(limit: number, { minLimit, maxLimit }: LimitBounds): number {
  return Math.min(Math.max(limit, minLimit), maxLimit);
}

/**
 * The limit on calls in flight that an algorithm sets, fed with one sample for each call.
 *
 * A window ends with the sample that makes it both long and full enough. It holds at least two samples for
 * each call in flight, so that it outlasts the calls that it judges.
 *
 * Invariant: minLimit <= limit <= maxLimit, and no window in which fewer than half of the limit were in
 * flight raises it.
 */
export class ConcurrencyLimit {
  readonly #algorithm: LimitAlgorithm;
  #rules: ConcurrencyLimitRules;
  readonly #window: WindowGatherer;
  #limit: number;
  #windows = 0;
  /** Calls that began earlier say nothing. */
  #validFrom = -Infinity;
  #sampledAt: number;

  constructor(algorithm: LimitAlgorithm, rules: ConcurrencyLimitRules, now: number) {
    this.#algorithm = algorithm;
    this.#rules = rules;
    this.#window = new WindowGatherer(now);
    this.#sampledAt = now;
    this.#limit = this.#rounded();
  }

  /** An integer. */
  get limit(): number {
    return this.#limit;
  }

  /** Windows that have been judged. */
  get windows(): number {
    return this.#windows;
  }

  /** When it heard of a call last, or was made. */
  get sampledAt(): number {
    return this.#sampledAt;
  }

  /**
   * Records a call that ended at `now`, `rttMs` after it began, while `inFlight` were in flight, itself
   * included. What is no time that a call can have taken is ignored, and so is a call from before `reset`.
   */
  sample(now: number, rttMs: number, inFlight: number, dropped: boolean): void {
    const window = this.#window;
    if (!(rttMs > 0 && rttMs < Infinity) || now < window.since || now - rttMs < this.#validFrom) return;
    window.add(rttMs, inFlight, dropped);
    this.#sampledAt = now;
    const { windowMs, windowSamples } = this.#rules;
    if (window.samples < windowSamples || window.samples < 2 * window.peak) return;
    if (now - window.since >= windowMs) this.#judge(now);
  }

  /** Begins again from `limit` with nothing learned. Calls that began before `now` have no say any more. */
  reset(now: number, limit: number): void {
    this.#algorithm.reset(bounded(limit, this.#rules));
    this.#limit = this.#rounded();
    this.#validFrom = now;
    this.#window.open(now);
  }

  /** Goes by other rules from now on, with all that was learned; the limit is brought between the bounds. */
  amend(rules: ConcurrencyLimitRules): void {
    this.#rules = rules;
    this.#algorithm.amend(rules);
    this.#limit = this.#rounded();
  }

  #judge(now: number): void {
    const window = this.#window.close(now);
    const unsettled = this.#algorithm.update(window);
    this.#windows++;
    this.#limit = this.#rounded();
    // The mean and twice the deviation: by then all but the longest calls of before are gone.
    const settleMs = unsettled ? window.meanMs + 2 * Math.sqrt(window.errorMs2 * window.samples) : 0;
    this.#window.open(now + settleMs);
  }

  #rounded(): number {
    return bounded(Math.floor(this.#algorithm.limit), this.#rules);
  }
}
