import type { RateRule } from '../core/allowance.js';
import type { Clock } from '../kernel/clock.js';
import type { Context } from '../kernel/context.js';
import type { EventNames } from '../kernel/events.js';
import { checkKeys, checkNumber, checkOneOf, given, refuse } from '../kernel/options.js';
import type { RateLimitStore } from './rate-limit-store.js';
import type { RateLimiterEvents } from './rate-limiter-events.js';
import { checkCost, checkRate, checkWait } from './rate-limiter-options.js';
import type { SharedRateRefusal } from './shared-rate-refusal.js';

/** How a {@link SharedRateLimiter} is made. */
export interface SharedRateLimiterOptions {
  /** What the limit is called in the store, without a colon: all who give it the same name share it. */
  readonly name: string;
  /** Where the limit is kept. */
  readonly store: RateLimitStore;
  /** How much may pass in each `perMs`, all processes together; an integer from 1 to a thousand million. */
  readonly limit: number;
  /** The span of time that `limit` is for, in ms; an integer from 1 to 366 days. */
  readonly perMs: number;
  /** How much may pass at once after a rest; an integer >= 1. @default limit */
  readonly burst?: number;
  /** What a call takes: an integer >= 0, or a function that tells it of each call. @default 1 */
  readonly cost?: number | ((context: Context) => number);
  /**
   * How long a call may wait for its turn, in ms: the store then promises it the tokens to come. With 0
   * nobody waits.
   * @default 0
   */
  readonly maxWaitMs?: number;
  /** How many calls of this process may wait, for the store or their turn; an integer >= 1. @default 1_000 */
  readonly queue?: number;
  /** How long the store may take for an answer, in ms; a number > 0. @default 500 */
  readonly storeTimeoutMs?: number;
  /**
   * What happens to a call of which the store says nothing, because it failed or took too long. `allow`: it
   * runs, unlimited. `deny`: it is refused.
   * @default 'allow'
   */
  readonly onStoreError?: 'allow' | 'deny';
  /** How long the store is left alone after it failed, in ms, for calls that come then. @default 1_000 */
  readonly storePauseMs?: number;
  /** The source of time, for waits; the limit goes by the clock of the store. @default systemClock */
  readonly clock?: Clock;
}

/** What of it can be changed while it is in use; what is left out stays. */
export type SharedRateLimiterUpdate = Partial<Pick<SharedRateLimiterOptions, 'limit' | 'perMs' | 'burst'>>;

/** What a shared rate limiter tells. `at` is epoch ms, `policy` its name. */
export interface SharedRateLimiterEvents extends Omit<RateLimiterEvents, 'limited'> {
  /** A call was refused. `retryAfterMs` is when it would have been let in, where that is known. */
  limited: {
    readonly policy: string;
    readonly reason: SharedRateRefusal;
    readonly retryAfterMs: number | undefined;
    readonly at: number;
  };
  /** The store failed, with `error`, and what was made of it. Calls in the pause after it tell nothing. */
  storeFailed: {
    readonly policy: string;
    readonly error: unknown;
    readonly decision: 'allow' | 'deny';
    readonly at: number;
  };
  /** The store has answered again. */
  storeRecovered: { readonly policy: string; readonly at: number };
}

export const sharedRateLimiterEvents: EventNames<SharedRateLimiterEvents> = {
  limited: true,
  delayed: true,
  admitted: true,
  abandoned: true,
  updated: true,
  storeFailed: true,
  storeRecovered: true,
};

/** What a shared rate limiter is like at a moment. */
export interface SharedRateLimiterSnapshot {
  /** That of the limiter. */
  readonly name: string;
  /** Calls of this process that wait, for the store or for their turn. */
  readonly waiting: number;
  /** How many may wait. */
  readonly queue: number;
  /** Calls refused since it was made, for any reason. */
  readonly limited: number;
  /** Calls that ran, or were refused, without an answer of the store. */
  readonly undecided: number;
  /** Whether the store is left alone now. */
  readonly storePaused: boolean;
}

/** What a shared rate limiter goes by; a wait of `Infinity` is null, as in JSON. */
export interface SharedRateLimiterDescription {
  /** Which policy this is. */
  readonly kind: 'shared-rate-limiter';
  /** See the options of this name, here and below. */
  readonly name: string;
  /** As of now, and the next two: `update` changes them. */
  readonly limit: number;
  /** The span of time that `limit` is for, in ms. */
  readonly perMs: number;
  /** How much may pass at once after a rest; left out where it follows `limit`. */
  readonly burst?: number;
  /** What a call takes; a function by its name. */
  readonly cost: number | string;
  /** How long a call may wait for its turn, in ms. */
  readonly maxWaitMs: number | null;
  /** How many calls may wait. */
  readonly queue: number;
  /** How long the store may take, in ms. */
  readonly storeTimeoutMs: number;
  /** What happens without an answer of the store. */
  readonly onStoreError: 'allow' | 'deny';
  /** How long the store is left alone after a failure, in ms. */
  readonly storePauseMs: number;
}

/** What stands where an option was left out. */
export const sharedRateLimiterDefaults: {
  readonly cost: number;
  readonly maxWaitMs: number;
  readonly queue: number;
  readonly storeTimeoutMs: number;
  readonly onStoreError: 'allow';
  readonly storePauseMs: number;
} = /* @__PURE__ */ Object.freeze({
  cost: 1,
  maxWaitMs: 0,
  queue: 1_000,
  storeTimeoutMs: 500,
  onStoreError: 'allow',
  storePauseMs: 1_000,
});

const owner = 'SharedRateLimiter';
const known = [
  ...['name', 'store', 'limit', 'perMs', 'burst', 'cost', 'maxWaitMs', 'queue'],
  ...['storeTimeoutMs', 'onStoreError', 'storePauseMs', 'clock'],
];

export type SharedSettings = Required<Omit<SharedRateLimiterOptions, 'limit' | 'perMs' | 'burst' | 'clock'>>;

export function checkShared(options: SharedRateLimiterOptions): SharedSettings {
  checkKeys(owner, options, known);
  const all = { ...sharedRateLimiterDefaults, ...given(options) };
  const { name, store, cost, maxWaitMs, queue, storeTimeoutMs, onStoreError, storePauseMs } = all;
  // A colon parts it from the key of a call.
  if (typeof name !== 'string' || name === '' || name.includes(':')) {
    refuse(owner, 'name', 'a text without a colon, and not empty', name);
  }
  if (typeof store?.take !== 'function' || typeof store.refund !== 'function') {
    refuse(owner, 'store', 'a store, with `take` and `refund`', store);
  }
  return {
    name,
    store,
    cost: typeof cost === 'function' ? cost : checkCost(cost, owner),
    maxWaitMs: checkWait(maxWaitMs, owner),
    queue: checkNumber(owner, 'queue', queue, { min: 1, max: 1_000_000, integer: true }),
    storeTimeoutMs: checkNumber(owner, 'storeTimeoutMs', storeTimeoutMs, { above: 0 }),
    onStoreError: checkOneOf(owner, 'onStoreError', onStoreError, ['allow', 'deny']),
    storePauseMs: checkNumber(owner, 'storePauseMs', storePauseMs, { min: 0 }),
  };
}

export function checkSharedRate(rate: Partial<RateRule>): RateRule {
  return checkRate(rate as RateRule, 'token-bucket', owner);
}
