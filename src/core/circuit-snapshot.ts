import type { CircuitCounts, TripRule } from './trip-rule.js';

export type CircuitState = 'closed' | 'open' | 'half-open' | 'isolated' | 'disabled';
/**
 * Why a circuit is in its state: the rule that tripped it, the end of the break, its probes, or somebody's
 * word.
 */
export type Cause = TripRule | 'start' | 'elapsed' | 'probes' | 'manual';

/**
 * A state, and why. Each transition makes a new one: comparing by identity tells that there was a transition.
 */
export interface CircuitDecision {
  /** How many decisions there were. */
  readonly epoch: number;
  readonly state: CircuitState;
  /** A trip rule by its option's name, the end of the break, the probes, or somebody's order. */
  readonly because: Cause;
  /** The counts that decided; those of the probes when the circuit was half-open before. */
  readonly counts: CircuitCounts;
  /** When a break is over. Expiry is inclusive. */
  readonly until: number;
  /** Breaks since the circuit was last closed. */
  readonly trips: number;
}

/** Lifetime counts: calls = success + failure + ignored + cancelled + rejected + those in flight. */
export interface CircuitTotals {
  readonly success: number;
  readonly failure: number;
  readonly ignored: number;
  readonly cancelled: number;
  readonly rejected: number;
  /** Of the settled calls: those that were slow. */
  readonly slow: number;
  /** Of the settled calls: those that came too late to have a say. */
  readonly stale: number;
  /** Of the admitted calls: those that only the mode `observe` let through. */
  readonly wouldReject: number;
}

/** A circuit as plain JSON: spans of time instead of points, so that it means the same in another process. */
export interface CircuitSnapshot {
  readonly version: 1;
  /** Probes do not survive a restart: half-open is saved as an open circuit whose break is over. */
  readonly state: Exclude<CircuitState, 'half-open'>;
  readonly because: Cause;
  readonly counts: CircuitCounts;
  readonly remainingMs: number;
  readonly trips: number;
  readonly consecutiveFailures: number;
  readonly window: unknown;
  readonly totals: CircuitTotals;
}
