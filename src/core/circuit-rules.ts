import type { TripRules } from './trip-rule.js';

/** Options that have been checked; every field is set, and one object may serve many circuits. */
export interface CircuitRules extends TripRules {
  /** `disabled`: lets all calls pass and counts none. `observe`: goes through all states, rejects nothing. */
  readonly mode: 'enforce' | 'observe' | 'disabled';
  /** Length of the count window; 0 when there is none. */
  readonly windowCalls: number;
  /** Length of the time window, used when `windowCalls` is 0; 0 when there is none. */
  readonly windowMs: number;
  readonly buckets: number;
  /** A call is slow when it takes longer; `Infinity` when calls are not timed. */
  readonly slowMs: number;
  /** The n-th break in a row lasts `openMs * openFactor ** (n - 1)`, but at most `maxOpenMs`. */
  readonly openMs: number;
  readonly openFactor: number;
  readonly maxOpenMs: number;
  /** So much of a break, at its end, is left to chance. */
  readonly jitterRatio: number;
  /** The longest break that an answer may ask for. */
  readonly maxRetryAfterMs: number;
  readonly probes: number;
  readonly probesToClose: number;
  readonly probeLeaseMs: number;
}

/** How long the `trips`-th break in a row lasts. `retryAfterMs` above 0 is what an answer asked for. */
export function breakMs(
  rules: CircuitRules,
  trips: number,
  random: () => number,
  retryAfterMs: number,
): number {
  const asked = Math.min(retryAfterMs, rules.maxRetryAfterMs);
  if (asked > 0) return asked;
  const { openMs, openFactor, maxOpenMs, jitterRatio } = rules;
  // The cap comes before the jitter: breaks that are capped must not end at the same moment everywhere.
  return Math.min(maxOpenMs, openMs * openFactor ** (trips - 1)) * (1 - jitterRatio * random());
}
