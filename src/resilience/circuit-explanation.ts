import type { Cause, CircuitState, CircuitTotals } from '../core/circuit-snapshot.js';
import type { CircuitCounts } from '../core/trip-rule.js';

/** Why a breaker is in its state. */
export interface CircuitExplanation {
  /** As of the last call: see `CircuitBreaker.state`. */
  readonly state: CircuitState;
  /**
   * What brought it there: a trip rule by its option's name, the end of the break, the probes, or somebody's
   * order.
   */
  readonly because: Cause;
  /** The counts that decided then. */
  readonly decidedBy: CircuitCounts;
  /** What speaks for the next decision: the window while closed, the probes while half-open. */
  readonly counts: CircuitCounts;
  /** Breaks since it was last closed. */
  readonly trips: number;
  /** When a call may be admitted, in ms; `undefined` while isolated. */
  readonly retryAfterMs: number | undefined;
  /** Calls that were admitted and have not settled. */
  readonly inFlight: number;
  /** Since the breaker was made. */
  readonly totals: CircuitTotals;
  /** The first four in one sentence. */
  readonly text: string;
}
