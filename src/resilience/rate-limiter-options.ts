import type { RateRule } from '../core/allowance.js';
import { Bucket } from '../core/bucket.js';
import type { Clock } from '../kernel/clock.js';
import type { Context } from '../kernel/context.js';
import { checkKeys, checkNumber, checkOneOf, given, refuse } from '../kernel/options.js';

/** How a {@link RateLimiter} is made. */
export interface RateLimiterOptions {
  /** How much may pass in each `perMs`; an integer from 1 to a thousand million, a million for windows. */
  readonly limit: number;
  /** The span of time that `limit` is for, in ms; an integer from 1 to 366 days. */
  readonly perMs: number;
  /**
   * `token-bucket`: tokens come back one by one, without a pause, and `burst` of them can be saved up.
   * `sliding-window`: never more than `limit` in any `perMs`, wherever it begins; remembers `limit` times.
   * @default 'token-bucket'
   */
  readonly algorithm?: 'token-bucket' | 'sliding-window';
  /** How much may pass at once after a rest; an integer >= 1. For the token bucket alone. @default limit */
  readonly burst?: number;
  /** What a call takes: an integer >= 0, or a function that tells it of each call. @default 1 */
  readonly cost?: number | ((context: Context) => number);
  /**
   * How long a call may wait for its turn, in ms. One that would have to wait longer, or beyond its deadline,
   * is refused at once; so with 0 nobody waits.
   * @default 0
   */
  readonly maxWaitMs?: number;
  /** How many calls may wait; an integer >= 0. @default 100 */
  readonly queue?: number;
  /** Shown in errors, events and `describe()`. @default 'rate limiter' */
  readonly name?: string;
  /** The source of time. @default systemClock */
  readonly clock?: Clock;
}

/** What of a rate limiter can be changed while it is in use; what is left out stays. */
export type RateLimiterUpdate = Partial<Pick<RateLimiterOptions, 'limit' | 'perMs' | 'burst'>>;

/** What a rate limiter goes by; a wait of `Infinity` is null, as in JSON. */
export interface RateLimiterDescription {
  /** Which policy this is. */
  readonly kind: 'rate-limiter';
  /** See the options of this name, here and below. */
  readonly name: string;
  /** How the rate is kept. */
  readonly algorithm: 'token-bucket' | 'sliding-window';
  /** As of now, and the next two: `update` changes them. */
  readonly limit: number;
  /** The span of time that `limit` is for, in ms. */
  readonly perMs: number;
  /** How much may pass at once after a rest; left out where it follows `limit`. */
  readonly burst?: number;
  /** What a call takes; a function by its name. */
  readonly cost: number | string;
  /** How long a call may wait, in ms. */
  readonly maxWaitMs: number | null;
  /** How many calls may wait. */
  readonly queue: number;
}

/** What stands where an option was left out. */
export const rateLimiterDefaults: {
  readonly algorithm: 'token-bucket';
  readonly cost: number;
  readonly maxWaitMs: number;
  readonly queue: number;
  readonly name: string;
} = /* @__PURE__ */ Object.freeze({
  algorithm: 'token-bucket',
  cost: 1,
  maxWaitMs: 0,
  queue: 100,
  name: 'rate limiter',
});

const owner = 'RateLimiter';
const known = ['limit', 'perMs', 'algorithm', 'burst', 'cost', 'maxWaitMs', 'queue', 'name', 'clock'];
const LONGEST_MS = 366 * 86_400_000;
const MOST = 1_000_000_000;
/** What a window may remember: eight bytes each. */
const MOST_STAMPS = 1_000_000;

export type LimiterSettings = Omit<Required<RateLimiterOptions>, 'limit' | 'perMs' | 'burst' | 'clock'>;

export function checkSettings(options: RateLimiterOptions): LimiterSettings {
  checkKeys(owner, options, known);
  const { algorithm, cost, maxWaitMs, queue, name } = { ...rateLimiterDefaults, ...given(options) };
  if (typeof name !== 'string') refuse(owner, 'name', 'a string', name);
  return {
    algorithm: checkOneOf(owner, 'algorithm', algorithm, ['token-bucket', 'sliding-window']),
    cost: typeof cost === 'function' ? cost : checkCost(cost),
    maxWaitMs: checkWait(maxWaitMs),
    queue: checkNumber(owner, 'queue', queue, { min: 0, max: MOST_STAMPS, integer: true }),
    name,
  };
}

export function checkRate(
  { limit, perMs, burst }: Omit<RateRule, 'burst'> & { readonly burst?: number | undefined },
  algorithm: LimiterSettings['algorithm'],
  owner = 'RateLimiter',
): RateRule {
  const max = algorithm === 'sliding-window' ? MOST_STAMPS : MOST;
  checkNumber(owner, 'limit', limit, { min: 1, max, integer: true });
  checkNumber(owner, 'perMs', perMs, { min: 1, max: LONGEST_MS, integer: true });
  if (algorithm === 'sliding-window') {
    if (burst !== undefined) refuse(owner, 'burst', 'left out with a sliding window', burst);
    return { limit, perMs, burst: limit };
  }
  const most = Math.min(MOST, Bucket.mostBurst(limit, perMs));
  return {
    limit,
    perMs,
    burst: checkNumber(owner, 'burst', burst === undefined ? limit : burst, {
      min: 1,
      max: most,
      integer: true,
    }),
  };
}

export function checkCost(cost: unknown, owner = 'RateLimiter'): number {
  return checkNumber(owner, 'cost', cost, { min: 0, integer: true });
}

export function checkWait(maxWaitMs: unknown, owner = 'RateLimiter'): number {
  return checkNumber(owner, 'maxWaitMs', maxWaitMs, { min: 0, infinity: true });
}
