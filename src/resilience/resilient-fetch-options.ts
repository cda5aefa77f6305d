import { type Clock, systemClock } from '../kernel/clock.js';
import { checkFlag, checkKeys, checkNumber, given, refuse } from '../kernel/options.js';
import type { Guard } from '../kernel/policy.js';
import { type Random, systemRandom } from '../kernel/random.js';
import type { CircuitBreakerOptions } from './circuit-options.js';
import { httpValues } from './http-policies.js';
import type { RetryOptions } from './retry-options.js';

/** How a `resilientFetch` is set up; every value can be left out. */
export interface ResilientFetchOptions {
  /** What makes the requests. @default `globalThis.fetch`, looked up at each request */
  readonly fetch?: typeof globalThis.fetch;
  /** What relative addresses are relative to, by the rules of `new URL(input, baseUrl)`. @default none */
  readonly baseUrl?: string | URL;
  /** For all attempts of a request together, up to the head of the answer, in ms. @default 30_000 */
  readonly timeoutMs?: number;
  /** For each attempt, up to the head of the answer, in ms. @default 9_000 */
  readonly attemptTimeoutMs?: number;
  /**
   * How requests are repeated that may be: idempotent methods, and others with an idempotency key, unless the
   * body is a stream. A `classify` is asked before the rule for statuses. `false` to repeat none.
   * @default 3 attempts, 200 ms doubling to at most 5 s, full jitter, a budget of its own
   */
  readonly retry?: RetryOptions<Response> | false;
  /**
   * The circuit breaker of each origin. `false` for none.
   * @default those of `CircuitBreaker`; transient statuses are failures, `Retry-After` lengthens a break
   */
  readonly breaker?: CircuitBreakerOptions | false;
  /**
   * Guards for each attempt, shared by all origins: a bulkhead, a rate limiter. Outermost first.
   * @default none
   */
  readonly guards?: readonly Guard[];
  /** Breakers are kept for this many origins; more share one while all are busy. @default 100 */
  readonly maxOrigins?: number;
  /**
   * Tells the server in how many ms (a whole number) its answer stops being wanted, unless the caller has set
   * it. `false` to tell nothing. @default 'x-request-timeout-ms'
   */
  readonly deadlineHeader?: string | false;
  /** Carries the key by which the server knows a repeated request. @default 'idempotency-key' */
  readonly idempotencyKeyHeader?: string;
  /** Whether a POST or PATCH without a key is given one, and may so be repeated. @default false */
  readonly makeIdempotencyKeys?: boolean;
  /** Shown in errors and `describe()`. @default 'fetch' */
  readonly name?: string;
  /** The source of time. @default systemClock */
  readonly clock?: Clock;
  /** The source of chance, for jitter. @default systemRandom */
  readonly random?: Random;
}

/** What stands where an option was left out, besides the values of every request. */
const defaults = /* @__PURE__ */ Object.freeze({
  maxOrigins: 100,
  deadlineHeader: 'x-request-timeout-ms',
  idempotencyKeyHeader: 'idempotency-key',
  makeIdempotencyKeys: false,
  name: 'fetch',
});

/** The options of one `resilientFetch`, with nothing left open that has a default. */
export type FetchPlan = ResilientFetchOptions &
  Required<Pick<ResilientFetchOptions, keyof typeof defaults | 'timeoutMs' | 'attemptTimeoutMs'>> & {
    readonly clock: Clock;
    readonly random: Random;
  };

const owner = 'resilientFetch';
const known = [
  ...['fetch', 'baseUrl', 'timeoutMs', 'attemptTimeoutMs', 'retry', 'breaker', 'guards', 'maxOrigins'],
  ...['deadlineHeader', 'idempotencyKeyHeader', 'makeIdempotencyKeys', 'name', 'clock', 'random'],
];
const span = { above: 0, infinity: true } as const;

/**
 * Checks what is not checked by the policies that are made of it.
 * @throws TypeError or RangeError that names the option, the rule and the value.
 */
export function checkFetchOptions(options: ResilientFetchOptions): FetchPlan {
  checkKeys(owner, options, known);
  const { timeoutMs, attemptTimeoutMs } = httpValues;
  const seams = { clock: systemClock, random: systemRandom };
  const all: FetchPlan = { timeoutMs, attemptTimeoutMs, ...defaults, ...seams, ...given(options) };
  checkNumber(owner, 'timeoutMs', all.timeoutMs, span);
  checkNumber(owner, 'attemptTimeoutMs', all.attemptTimeoutMs, span);
  checkNumber(owner, 'maxOrigins', all.maxOrigins, { min: 1, max: 100_000, integer: true });
  if (all.fetch !== undefined && typeof all.fetch !== 'function')
    refuse(owner, 'fetch', 'a function', all.fetch);
  if (all.guards !== undefined && !Array.isArray(all.guards)) refuse(owner, 'guards', 'a list', all.guards);
  for (const option of ['retry', 'breaker'] as const) {
    const value: unknown = all[option];
    if (value !== undefined && value !== false && Object(value) !== value) {
      refuse(owner, option, 'an object or false', value);
    }
  }
  checkFlag(owner, 'makeIdempotencyKeys', all.makeIdempotencyKeys);
  if (all.deadlineHeader !== false) checkHeader('deadlineHeader', all.deadlineHeader);
  checkHeader('idempotencyKeyHeader', all.idempotencyKeyHeader);
  // `localhost:3000` is an absolute URL as well: one of the scheme `localhost`.
  const isHttp = (url: string | URL): boolean => URL.canParse(url) && /^https?:$/.test(new URL(url).protocol);
  if (all.baseUrl !== undefined && !isHttp(all.baseUrl)) {
    refuse(owner, 'baseUrl', 'an absolute URL of http or https', String(all.baseUrl));
  }
  return all;
}

function checkHeader(option: string, name: unknown): void {
  if (typeof name !== 'string' || !/^[!#$%&'*+.^_`|~\w-]+$/.test(name)) {
    refuse(owner, option, 'the name of a header', name);
  }
}
