import type { QuantileWindow } from '../core/quantile.js';
import type { Clock } from '../kernel/clock.js';
import type { Context } from '../kernel/context.js';
import type { Emitter } from '../kernel/events.js';
import type { Classify } from '../kernel/outcome.js';
import type { HedgeTimes } from './hedge-times.js';
import type { AttemptBudget } from './retry-plan.js';

/**
 * Why a hedge was left out. `undeclared`: nobody said that the operation is idempotent. `samples`: too few
 * durations are known for a quantile. `deadline`: it would have started when the time of the call is over.
 * `delivered`: a part of the answer has been handed on. `budget`: no extra attempt may be made now.
 * `refused`: a policy further inside let it not run.
 */
export type NotHedgedReason = 'undeclared' | 'samples' | 'delivered' | 'deadline' | 'budget' | 'refused';

/** What can be listened to by `hedge.on`; `at` is the wall clock, in ms since the epoch. */
export interface HedgeEvents {
  /** Attempt number `attempt` has started beside, or after, those before it. */
  hedged: {
    readonly policy: string;
    readonly at: number;
    /** From 2. */
    readonly attempt: number;
    /** Whether the delay had passed or an attempt had failed. */
    readonly because: 'delay' | 'failure';
  };
  /** A call that was hedged has its answer, by attempt number `attempt` of `attempts`. */
  won: { readonly policy: string; readonly at: number; readonly attempt: number; readonly attempts: number };
  /** A hedge was left out; the call goes on without it. */
  notHedged: { readonly policy: string; readonly at: number; readonly reason: NotHedgedReason };
  /** An answer that nobody will read could not be let go of; the call does not feel it. */
  discardFailed: { readonly policy: string; readonly at: number; readonly error: unknown };
}

/** What a hedge counts. */
export interface HedgeCounts {
  /** Extra attempts that were started. */
  hedged: number;
  /** Calls that an extra attempt answered. */
  won: number;
  /** Calls of which every attempt failed, after more than one. */
  allFailed: number;
  /** Attempts that run on although their call has ended. */
  losers: number;
  /** Hedges that were left out, by reason. */
  readonly notHedged: Record<NotHedgedReason, number>;
}

/** A delay that is a quantile of the latest durations. */
export interface QuantileDelay {
  readonly window: QuantileWindow;
  readonly minMs: number;
  readonly maxMs: number;
}

/** The checked options of one hedge, and what all of its calls share. */
export interface HedgePlan<T> {
  readonly name: string;
  readonly delay: number | ((hedge: number, context: Context) => number) | QuantileDelay;
  readonly maxHedges: number;
  /** As a repeater: all attempts of one call. */
  readonly attempts: number;
  readonly idempotent: boolean;
  readonly budget: AttemptBudget | undefined;
  readonly endpoints: readonly unknown[] | ((context: Context) => readonly unknown[]) | undefined;
  readonly classify: Classify<T> | undefined;
  readonly onDiscard: ((value: T) => unknown) | undefined;
  readonly clock: Clock;
  readonly times: HedgeTimes;
  readonly counts: HedgeCounts;
  events: Emitter<HedgeEvents> | undefined;
}

/** Counts and tells that a hedge was left out. */
export function leaveOut<T>(plan: HedgePlan<T>, reason: NotHedgedReason): void {
  plan.counts.notHedged[reason]++;
  if (!plan.events?.has('notHedged')) return;
  plan.events.emit('notHedged', { policy: plan.name, at: plan.clock.wall(), reason });
}
