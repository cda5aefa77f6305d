import { fits } from './fits.js';
import type { CircuitCounts, TripRule } from './trip-rule.js';

/** What a breaker does with calls: see the states of `CircuitBreaker`. */
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
  /** Calls that counted as successes; slow ones are among them. */
  readonly success: number;
  /** Calls that counted as failures. */
  readonly failure: number;
  /** Calls that said nothing about the remote, such as those that a policy further inside refused. */
  readonly ignored: number;
  /** Calls that said nothing because their caller gave up. */
  readonly cancelled: number;
  /** Calls that were turned away. */
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
  /** The form of this object. */
  readonly version: 1;
  /** Probes do not survive a restart: half-open is saved as an open circuit whose break is over. */
  readonly state: Exclude<CircuitState, 'half-open'>;
  /** What brought it into its state. */
  readonly because: Cause;
  /** The counts that decided then. */
  readonly counts: CircuitCounts;
  /** What is left of the break, in ms; 0 where there is none. */
  readonly remainingMs: number;
  /** Breaks since it was last closed. */
  readonly trips: number;
  /** The failures in a row since the last success. */
  readonly consecutiveFailures: number;
  /** The outcomes in the window, for `restore` alone; `null` without a window. */
  readonly window: unknown;
  /** The lifetime counts. */
  readonly totals: CircuitTotals;
}

/** Nothing has happened. */
export const NONE: CircuitCounts = { calls: 0, failures: 0, slow: 0, overdue: 0, consecutiveFailures: 0 };

/** How every circuit begins. */
export const START: CircuitDecision = {
  epoch: 1,
  state: 'closed',
  because: 'start',
  counts: NONE,
  until: 0,
  trips: 0,
};

/** The totals of a circuit whose calls all succeed. */
export const ZERO = { failure: 0, ignored: 0, cancelled: 0, rejected: 0, slow: 0, stale: 0, wouldReject: 0 };

const STATES: readonly CircuitState[] = ['closed', 'open', 'isolated', 'disabled'];

/** A value from outside as a snapshot, freed from what it has beyond that; `undefined` when it is none. */
export function readSnapshot(saved: unknown, like: object): CircuitSnapshot | undefined {
  const snapshot = Object(saved) as CircuitSnapshot;
  if (!fits(saved, like) || snapshot.version !== 1 || !STATES.includes(snapshot.state)) return undefined;
  const { success, failure, ignored, cancelled, rejected, slow, stale, wouldReject } = snapshot.totals;
  const totals = { success, failure, ignored, cancelled, rejected, slow, stale, wouldReject };
  const { trips, consecutiveFailures, counts } = snapshot;
  const { calls, failures, slow: slowCalls, overdue, consecutiveFailures: inRow } = counts;
  const decided = { calls, failures, slow: slowCalls, overdue, consecutiveFailures: inRow };
  const counted = [trips, consecutiveFailures, ...Object.values(decided), ...Object.values(totals)];
  return counted.every(isCount) ? { ...snapshot, counts: decided, totals } : undefined;
}

/** Whole, and with so much room above it that sums of such counts stay exact. */
function isCount(count: number): boolean {
  return Number.isInteger(count) && count < 2 ** 48;
}
