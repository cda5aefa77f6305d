import type { EventNames } from '../kernel/events.js';
import type { OptionChanges } from '../kernel/live-options.js';
import type { RateRefusal } from './rate-refusal.js';

/** What a rate limiter tells. `at` is epoch ms, `policy` its name. */
export interface RateLimiterEvents {
  /** A call was refused. `retryAfterMs` is when it would have been let in, where that is known. */
  limited: {
    readonly policy: string;
    readonly reason: RateRefusal;
    readonly retryAfterMs: number | undefined;
    readonly at: number;
  };
  /** A call has to wait, by what is known now for `waitMs`; `waiting` counts it. */
  delayed: {
    readonly policy: string;
    readonly waitMs: number;
    readonly waiting: number;
    readonly at: number;
  };
  /** A call that had to wait was let in. */
  admitted: { readonly policy: string; readonly waitedMs: number; readonly at: number };
  /** A call was given up by its caller, or by a policy outside, while it waited. */
  abandoned: { readonly policy: string; readonly waiting: number; readonly at: number };
  /** The rate was changed by `update`. */
  updated: { readonly policy: string; readonly changes: OptionChanges; readonly at: number };
}

export const rateLimiterEvents: EventNames<RateLimiterEvents> = {
  limited: true,
  delayed: true,
  admitted: true,
  abandoned: true,
  updated: true,
};

/** What a rate limiter is like at a moment. */
export interface RateLimiterSnapshot {
  /** That of the limiter. */
  readonly name: string;
  /** Whole units of cost that may pass now; those who wait come first. */
  readonly tokens: number;
  /** Calls and reservations in the line. */
  readonly waiting: number;
  /** How many may wait. */
  readonly queue: number;
  /** Calls refused since it was made, for any reason. */
  readonly limited: number;
}
