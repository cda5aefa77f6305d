import type { Cause, CircuitState } from '../core/circuit-snapshot.js';
import type { CircuitCounts } from '../core/trip-rule.js';
import type { EventNames } from '../kernel/events.js';
import type { OptionChanges } from '../kernel/live-options.js';

/** A breaker went from one state to another. */
export interface CircuitTransition {
  /** The name of the breaker. */
  readonly policy: string;
  /** Epoch ms. */
  readonly at: number;
  /** The state before. */
  readonly from: CircuitState;
  /** The state now. */
  readonly state: CircuitState;
  /**
   * What brought it there: a trip rule by its option's name, the end of the break, the probes, or somebody's
   * order.
   */
  readonly because: Cause;
  /** The counts that decided; those of the probes when it was half-open. */
  readonly counts: CircuitCounts;
  /** Breaks since it was last closed, this one included. */
  readonly trips: number;
  /** How long the break lasts, in ms; 0 in other states. */
  readonly breakMs: number;
}

/** A call was turned away, or would have been. */
export interface CircuitRejection {
  /** The name of the breaker. */
  readonly policy: string;
  /** Epoch ms. */
  readonly at: number;
  /** The state that the call met. */
  readonly state: CircuitState;
  /** When another try may make sense, in ms; `undefined` while the breaker is isolated. */
  readonly retryAfterMs: number | undefined;
}

/** What a breaker tells. */
export interface CircuitBreakerEvents {
  /** A rule tripped, or too many probes failed: calls are rejected until the break is over. */
  opened: CircuitTransition;
  /** The break is over and a call has come: it is the first probe. */
  halfOpened: CircuitTransition;
  /** Enough probes succeeded, or somebody said `reset`. */
  closed: CircuitTransition;
  /** Somebody said `isolate`. */
  isolated: CircuitTransition;
  /** Somebody said `disable`. */
  disabled: CircuitTransition;
  /** A call was turned away. */
  rejected: CircuitRejection;
  /** The mode `observe` let a call through that would have been rejected. */
  wouldReject: CircuitRejection;
  /** Options were changed by `update`. */
  updated: { readonly policy: string; readonly at: number; readonly changes: OptionChanges };
}

/** The name of the event that tells of a state. */
export const eventOf = {
  open: 'opened',
  'half-open': 'halfOpened',
  closed: 'closed',
  isolated: 'isolated',
  disabled: 'disabled',
} as const;

/** The names of all events. */
export const eventNames: EventNames<CircuitBreakerEvents> = {
  opened: true,
  halfOpened: true,
  closed: true,
  isolated: true,
  disabled: true,
  rejected: true,
  wouldReject: true,
  updated: true,
};
