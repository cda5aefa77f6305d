import type { RateRule } from '../core/allowance.js';

/** Whose limit it is, and the rule that it goes by. */
export interface RateLimitTarget {
  /** What is limited, any text: all who name it alike share one limit. */
  readonly key: string;
  /**
   * The rule, with each request, so that the store has no configuration. When it is another one than before,
   * what was taken stays taken, up to a whole burst.
   */
  readonly rule: RateRule;
}

/** A request to take something. */
export interface RateLimitTake extends RateLimitTarget {
  /** How much; an integer from 1 to `rule.burst`. */
  readonly cost: number;
  /** How long whoever takes it can wait for its turn, in ms; a number >= 0. */
  readonly maxWaitMs: number;
}

/** What became of it. */
export type RateLimitDecision =
  | {
      /** It was taken, and what it is for may start after `waitMs`: 0 for at once. */
      readonly allowed: true;
      readonly waitMs: number;
      /** What could be taken now, without a wait; an integer >= 0. */
      readonly remaining: number;
    }
  | {
      /** Nothing was taken. The same could be taken after `retryAfterMs`, if nobody else comes. */
      readonly allowed: false;
      readonly retryAfterMs: number;
      readonly remaining: number;
    };

/**
 * Where limits are kept that several processes share: the port of {@link SharedRateLimiter}. An
 * implementation decides by its own clock, and each call is one atomic step: what it answers is what would
 * have been answered had all calls come one after the other.
 *
 * It keeps a bucket of `rule.burst` tokens for each key, filled without a pause by `rule.limit` in each
 * `rule.perMs`. A key that was not used until its bucket is full may be forgotten, and none before.
 * `rateLimitStoreLaws` of `keelson/testing` is what it has to keep.
 */
export interface RateLimitStore {
  /** Takes `cost` when there is enough, or will be within `maxWaitMs`; then the tokens to come are taken. */
  take(request: RateLimitTake): Promise<RateLimitDecision>;
  /** Gives back `cost` that was taken for nothing; never to more than a full bucket. */
  refund(request: RateLimitTarget & { readonly cost: number }): Promise<void>;
}
