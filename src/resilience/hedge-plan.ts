import type { QuantileWindow } from '../core/quantile.js';
import type { Clock } from '../kernel/clock.js';
import type { Context } from '../kernel/context.js';
import type { Emitter } from '../kernel/events.js';
import type { OptionChanges } from '../kernel/live-options.js';
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
  /** Options were changed by `update`. */
  updated: { readonly policy: string; readonly changes: OptionChanges; readonly at: number };
}

/** What a hedge counts and who listens: it outlives an update of the options. */
export interface HedgeTally {
  events: Emitter<HedgeEvents> | undefined;
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

/** A delay learnt from how long first attempts took: at a `ratio` of 0.95 a twentieth of them is hedged. */
export interface HedgeQuantile {
  /** The share of calls that need no hedge; above 0, below 1. @default 0.95 */
  readonly ratio?: number;
  /** No call is hedged by time before so many are known; at most half of `windowCalls`. @default 100 */
  readonly minSamples?: number;
  /** How many of the latest calls count, 2 to 100_000. @default 1_000 */
  readonly windowCalls?: number;
  /** The delay is at least this, in ms. @default 1 */
  readonly minMs?: number;
  /** The delay is at most this, in ms: what never answers cannot make it grow for ever. @default 10_000 */
  readonly maxMs?: number;
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
  /** Of these two, as they were given, the one in use. */
  readonly delayMs: number | ((hedge: number, context: Context) => number) | undefined;
  readonly quantile: HedgeQuantile | undefined;
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
  readonly tally: HedgeTally;
}

/** Counts and tells that a hedge was left out. */
export function leaveOut<T>(plan: HedgePlan<T>, reason: NotHedgedReason): void {
  const { tally } = plan;
  tally.notHedged[reason]++;
  if (!tally.events?.has('notHedged')) return;
  tally.events.emit('notHedged', { policy: plan.name, at: plan.clock.wall(), reason });
}
