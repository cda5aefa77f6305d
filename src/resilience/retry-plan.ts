import type { Backoff } from '../core/backoff.js';
import type { AttemptRecord } from '../kernel/attempt-history.js';
import type { Clock } from '../kernel/clock.js';
import type { Context } from '../kernel/context.js';
import type { Emitter } from '../kernel/events.js';
import type { OptionChanges } from '../kernel/live-options.js';
import type { Outcome, Verdict } from '../kernel/outcome.js';
import type { Random } from '../kernel/random.js';

/** A failure, and how long to wait before the next attempt instead of what the backoff says. */
export interface RetryAfter {
  /** Milliseconds, at most `maxRetryAfterMs`; what is no number >= 0 leaves it to the backoff. */
  readonly retryAfterMs: number;
}

/**
 * Judges what an attempt answered or threw. `failure` is tried again, after `retryAfterMs` if that is given;
 * `success`, `slow` and `neutral` end the call as it is; `undefined` leaves it to the default: answers are
 * successes, errors are failures, and refusals by a policy further inside are final. The call rejects with
 * what it throws, and with a `TypeError` when it answers anything else.
 */
export type RetryClassify<T = unknown> = (
  outcome: Outcome<T>,
  context: Context,
) => Verdict | RetryAfter | undefined;

/** Why a call that failed was not tried again. `delivered`: its caller has a part of the answer already. */
export type GaveUpReason = 'attempts' | 'budget' | 'deadline' | 'elapsed' | 'delivered';

/** What can be listened to by `retry.on`; `at` is the wall clock, in ms since the epoch. */
export interface RetryEvents {
  /** An attempt failed, and another one follows. */
  retried: {
    readonly policy: string;
    readonly at: number;
    /** The attempt that failed, from 1. */
    readonly attempt: number;
    /** What it threw; `undefined` when its answer counted as a failure. */
    readonly error: unknown;
    /** How long the call waits now, in ms. */
    readonly delayMs: number;
  };
  /** A call succeeded that had failed before. */
  recovered: { readonly policy: string; readonly at: number; readonly attempt: number };
  /** A call failed and was not tried again. */
  gaveUp: {
    readonly policy: string;
    readonly at: number;
    readonly reason: GaveUpReason;
    /** The latest attempts, oldest first. */
    readonly attempts: readonly AttemptRecord[];
  };
  /** An answer that counted as a failure could not be let go of; the call does not feel it. */
  discardFailed: { readonly policy: string; readonly at: number; readonly error: unknown };
  /** A retry runs inside another: together they may make `amplification` attempts of one call. */
  nested: { readonly policy: string; readonly at: number; readonly amplification: number };
  /** Options were changed by `update`. */
  updated: { readonly policy: string; readonly at: number; readonly changes: OptionChanges };
}

/** What a retry needs of a budget that it shares with others: see `RetryBudget`. */
export interface AttemptBudget {
  /** A first try is made. */
  deposit(): void;
  /** Whether an extra attempt may be made. */
  withdraw(): boolean;
}

/** The checked options of one policy, and what all of its calls share. */
export interface RetryPlan<T> {
  readonly name: string;
  readonly attempts: number;
  readonly backoff: Backoff;
  readonly maxElapsedMs: number;
  readonly classify: RetryClassify<T> | undefined;
  readonly honourRetryAfter: boolean;
  readonly maxRetryAfterMs: number;
  readonly idempotent: boolean | undefined;
  readonly budget: AttemptBudget | undefined;
  readonly onDiscard: ((value: T) => unknown) | undefined;
  readonly clock: Clock;
  readonly random: Random;
  readonly tally: RetryTally;
}

/** What one policy has done, and who wants to hear of it: it outlives a change of the plan. */
export interface RetryTally {
  events: Emitter<RetryEvents> | undefined;
  retried: number;
  recovered: number;
  gaveUp: number;
}
