import type { Ahead, Allowance, RateRule } from './allowance.js';

/** The longest stretch of time that is counted, in ticks: sums of two stay exact. */
const FAR = 2 ** 51;
/** Nobody who comes back at the time that was named fails by a rounding: a nanosecond, in ms. */
const SLACK_MS = 1e-6;

/**
 * A bucket that holds `burst` tokens and is filled without a pause, `limit` in each `perMs`, as the generic
 * cell rate algorithm (ITU-T I.371) keeps it: instead of tokens, the time at which the bucket will be full.
 * A take moves that time on by what the tokens cost, and is refused when that is too far ahead.
 *
 * Time is counted in ticks of `1 / limit` ms, of which a token costs exactly `perMs`: with a clock of whole
 * milliseconds every number here is an integer and every decision exact, and no clock makes a sum drift.
 * Ticks are counted from a moment that moves on whenever the bucket is full, so they stay small.
 *
 * Invariants: in any span of time, tokens taken <= burst + limit * span / perMs; the time at which it is full
 * never moves back but by `update` and `refund`.
 */
export class Bucket implements Allowance {
  most = 0;
  /** Ticks in a millisecond, and what a token costs: limit and period in lowest terms. */
  #perMs = 1;
  #token = 1;
  /** Ticks in a full bucket. */
  #span = 0;
  /** How far it may be emptied by calls whose time is not exact. */
  #roughSpan = 0;
  #slack = 0;
  #origin: number;
  /** Ticks after the origin at which the bucket is full: the theoretical arrival time. */
  #fullAt = 0;

  constructor(rule: RateRule, now: number) {
    this.#origin = now;
    this.#set(rule);
  }

  /** The largest burst that can be counted exactly under these terms. */
  static mostBurst(limit: number, perMs: number): number {
    return Math.floor(FAR / (perMs / divisor(limit, perMs)));
  }

  get restsAt(): number {
    return this.#origin + this.#fullAt / this.#perMs;
  }

  take(cost: number, now: number): boolean {
    return this.#take(cost, now, this.#span + this.#slack);
  }

  /**
   * For a time that may be as old as the event-loop turn, or 1 ms ahead: either way a full bucket seems to
   * fill earlier than it does. What that can let pass in excess of the invariant is the rate times that span,
   * and the turn's part of it is at most the half of the burst that may be taken so. Where a millisecond is
   * worth more than a quarter of the burst, nothing may.
   */
  takeRoughly(cost: number, now: number): boolean {
    return this.#take(cost, now, this.#roughSpan);
  }

  spend(cost: number, now: number): void {
    this.#take(cost, now, Infinity);
  }

  /** Gives back what was taken for nothing: full at a time that has passed is no more than full. */
  refund(cost: number): void {
    this.#fullAt = Math.max(0, this.#fullAt - cost * this.#token);
  }

  dueAt(cost: number, now: number, ahead: Ahead): number {
    const from = Math.max(this.#fullAt, this.#elapsed(now));
    const due = this.#origin + (from + (ahead.total + cost) * this.#token - this.#span) / this.#perMs;
    return Math.max(due, now);
  }

  available(now: number): number {
    const missing = Math.max(0, this.#fullAt - this.#elapsed(now));
    return Math.max(0, Math.floor((this.#span + this.#slack - missing) / this.#token));
  }

  /**
   * What is missing to a full bucket stays missing, so that nothing is given by changing a rule to and fro;
   * but no more than a bucketful, for nobody should wait for tokens that an older, larger bucket gave.
   */
  update(rule: RateRule, now: number): void {
    const missing = Math.max(0, this.#fullAt - this.#elapsed(now)) / this.#token;
    this.#origin = Math.max(this.#origin, now);
    this.#set(rule);
    this.#fullAt = Math.min(this.#span, Math.ceil(missing * this.#token));
  }

  #set({ limit, perMs, burst }: RateRule): void {
    const common = divisor(limit, perMs);
    this.most = burst;
    this.#perMs = limit / common;
    this.#token = perMs / common;
    this.#span = burst * this.#token;
    this.#roughSpan = this.#perMs > this.#span / 4 ? -1 : this.#span / 2;
    // Less than a tick, so that whole milliseconds stay exact.
    this.#slack = Math.min(this.#perMs * SLACK_MS, 0.5);
  }

  /** Behind the origin time stands: a clock may go back, or have been read less exactly before. */
  #elapsed(now: number): number {
    return Math.max(0, now - this.#origin) * this.#perMs;
  }

  #take(cost: number, now: number, span: number): boolean {
    const price = cost * this.#token;
    // Written out for the way of nearly every call.
    const elapsed = now > this.#origin ? (now - this.#origin) * this.#perMs : 0;
    if (this.#fullAt <= elapsed) {
      if (price > span) return price === 0;
      if (now > this.#origin) this.#origin = now;
      this.#fullAt = price;
      return true;
    }
    const fullAt = this.#fullAt + price;
    if (fullAt - elapsed > span) return price === 0;
    this.#fullAt = fullAt;
    if (fullAt > FAR) this.#moveOrigin(now);
    return true;
  }

  /** By whole milliseconds, so that the ticks stay whole. */
  #moveOrigin(now: number): void {
    const ms = Math.max(0, Math.floor(now - this.#origin));
    this.#origin += ms;
    this.#fullAt -= ms * this.#perMs;
  }
}

function divisor(a: number, b: number): number {
  return b === 0 ? a : divisor(b, a % b);
}
