import type { Tally } from './window.js';

/** What a breaker knows when it judges. */
export interface CircuitCounts extends Tally {
  /** Calls in flight for longer than `slowMs`. They are in none of the other counts until they settle. */
  readonly overdue: number;
  /** Failures since the last success, slow ones included; neutral outcomes change nothing. */
  readonly consecutiveFailures: number;
}

/** When to trip. A rule that is not wanted has the value `Infinity`, which no count reaches. */
export interface TripRules {
  readonly consecutiveFailures: number;
  readonly failureRatio: number;
  readonly slowRatio: number;
  /** Below so many calls no ratio is judged. */
  readonly minCalls: number;
  /** A rule of the user's; it may look at everything and is not bound by `minCalls`. */
  readonly trip: ((counts: CircuitCounts) => boolean) | undefined;
}

/** The rules, by the names of their options. */
export type TripRule = 'consecutiveFailures' | 'failureRatio' | 'slowRatio' | 'trip';

/**
 * The first rule that says trip. Ratios are divided, never multiplied: a correctly rounded quotient meets the
 * ratio that was written as a decimal exactly when the fraction does (7/100 meets 0.07, while 0.07 * 100 is
 * above 7).
 */
export function tripRule(counts: CircuitCounts, rules: TripRules): TripRule | undefined {
  const { calls, failures, slow, overdue, consecutiveFailures } = counts;
  if (consecutiveFailures >= rules.consecutiveFailures) return 'consecutiveFailures';
  if (calls >= rules.minCalls && failures / calls >= rules.failureRatio) return 'failureRatio';
  const begun = calls + overdue;
  if (begun >= rules.minCalls && (slow + overdue) / begun >= rules.slowRatio) return 'slowRatio';
  return rules.trip?.(counts) ? 'trip' : undefined;
}
