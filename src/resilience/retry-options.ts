import type { Backoff } from '../core/backoff.js';
import { type Clock, systemClock } from '../kernel/clock.js';
import { checkFlag, checkKeys, checkNumber, given, refuse } from '../kernel/options.js';
import { type Random, systemRandom } from '../kernel/random.js';
import { checkBackoff } from './backoff-options.js';
import type { AttemptBudget, RetryClassify, RetryPlan, RetryTally } from './retry-plan.js';

/** How a `Retry` is set up. */
export interface RetryOptions<In = unknown> {
  /** How many attempts there are in all, the first included; `Infinity` for no limit. @default 3 */
  readonly attempts?: number;
  /**
   * How long to wait between attempts; with full jitter unless it says otherwise.
   * @default { kind: 'exponential', initialMs: 100, maxMs: 5000 }
   */
  readonly backoff?: Backoff;
  /** No attempt starts later than this after the first, in ms. Ends no attempt. @default Infinity */
  readonly maxElapsedMs?: number;
  /** What counts as a failure, and how long to wait after it. @default errors other than refusals */
  readonly classify?: RetryClassify<In>;
  /** Whether an error's `retryAfterMs` replaces the backoff. @default true */
  readonly honourRetryAfter?: boolean;
  /**
   * Longer wishes of that kind, and those of `classify`, are cut to this, in ms; `Infinity` to cut none.
   * @default 60_000
   */
  readonly maxRetryAfterMs?: number;
  /**
   * Whether what runs through it may happen twice. Changes nothing: `lint` complains until it is said.
   * @default not said
   */
  readonly idempotent?: boolean;
  /** What bounds the retries of all who share it; a retry that it refuses is left out. @default no bound */
  readonly budget?: AttemptBudget;
  /**
   * Lets go of an answer that counted as a failure and is not given to the caller.
   * @default its own `Symbol.asyncDispose` or `Symbol.dispose`, or `body.cancel()`
   */
  readonly onDiscard?: (value: In) => unknown;
  /** Shown in errors, events and `describe()`. @default 'retry' */
  readonly name?: string;
  /** The source of time. @default systemClock */
  readonly clock?: Clock;
  /** The source of chance, for jitter. @default systemRandom */
  readonly random?: Random;
}

type Defaulted = 'attempts' | 'backoff' | 'maxElapsedMs' | 'honourRetryAfter' | 'maxRetryAfterMs' | 'name';
export const retryDefaults: Required<Pick<RetryOptions, Defaulted>> = /* @__PURE__ */ Object.freeze({
  attempts: 3,
  backoff: /* @__PURE__ */ Object.freeze({ kind: 'exponential', initialMs: 100, maxMs: 5_000 }),
  maxElapsedMs: Infinity,
  honourRetryAfter: true,
  maxRetryAfterMs: 60_000,
  name: 'retry',
});
/** What can be changed while it works. */
export type RetryUpdate<In = unknown> = Partial<Omit<RetryOptions<In>, 'name' | 'clock' | 'random'>>;

const known = [
  'attempts',
  'backoff',
  'maxElapsedMs',
  'classify',
  'honourRetryAfter',
  'maxRetryAfterMs',
  'idempotent',
  'budget',
  'onDiscard',
  'name',
  'clock',
  'random',
];

/**
 * Checks the options and fills in what was left out.
 *
 * @throws TypeError or RangeError that names the option, the rule and the value.
 */
export function planOf<In>(options: RetryOptions<In>, tally: RetryTally): RetryPlan<In> {
  checkKeys('Retry', options, known);
  const { classify, onDiscard, idempotent, budget, clock = systemClock, random = systemRandom } = options;
  const { honourRetryAfter, ...all } = { ...retryDefaults, ...given(options) };
  if (classify !== undefined && typeof classify !== 'function')
    refuse('Retry', 'classify', 'a function', classify);
  if (onDiscard !== undefined && typeof onDiscard !== 'function') {
    refuse('Retry', 'onDiscard', 'a function', onDiscard);
  }
  if (budget !== undefined && [budget?.withdraw, budget?.deposit].some(verb => typeof verb !== 'function')) {
    refuse('Retry', 'budget', 'a RetryBudget', budget);
  }
  return {
    name: all.name,
    attempts: checkNumber('Retry', 'attempts', all.attempts, { min: 1, integer: true, infinity: true }),
    backoff: checkBackoff('Retry', all.backoff),
    maxElapsedMs: checkNumber('Retry', 'maxElapsedMs', all.maxElapsedMs, { min: 0, infinity: true }),
    classify,
    honourRetryAfter: checkFlag('Retry', 'honourRetryAfter', honourRetryAfter),
    maxRetryAfterMs: checkNumber('Retry', 'maxRetryAfterMs', all.maxRetryAfterMs, { min: 0, infinity: true }),
    idempotent: idempotent === undefined ? undefined : checkFlag('Retry', 'idempotent', idempotent),
    budget,
    onDiscard,
    clock,
    random,
    tally,
  };
}
