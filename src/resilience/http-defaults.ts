import { type Clock, systemClock } from '../kernel/clock.js';
import { checkKeys, given } from '../kernel/options.js';
import { type PipelinePolicy, pipeline } from '../kernel/pipeline.js';
import type { Guard } from '../kernel/policy.js';
import { type Random, systemRandom } from '../kernel/random.js';
import { Bulkhead } from './bulkhead.js';
import type { BulkheadOptions } from './bulkhead-options.js';
import type { CircuitBreakerOptions } from './circuit-options.js';
import { httpBreaker, httpRetry, httpValues } from './http-policies.js';
import type { RetryOptions } from './retry-options.js';
import { Timeout } from './timeout.js';

/** What `httpDefaults` shall do otherwise. */
export interface HttpDefaultsOptions {
  /** The remote: begins the names of all policies. @default 'http' */
  readonly name?: string;
  /** For all attempts together, in ms. @default 30_000 */
  readonly timeoutMs?: number;
  /** For each attempt, in ms. @default 9_000 */
  readonly attemptTimeoutMs?: number;
  /**
   * What replaces values of the retry. `false` for requests that must not happen twice.
   * @default 3 attempts, 200 ms doubling to at most 5 s, full jitter, a budget of its own
   */
  readonly retry?: RetryOptions<Response> | false;
  /**
   * What replaces values of the circuit breaker; `false` for none.
   * @default those of `CircuitBreaker`; transient statuses are failures, `Retry-After` lengthens a break
   */
  readonly breaker?: CircuitBreakerOptions | false;
  /** A bulkhead around each attempt. @default none */
  readonly bulkhead?: BulkheadOptions;
  /** The source of time. @default systemClock */
  readonly clock?: Clock;
  /** The source of chance, for jitter. @default systemRandom */
  readonly random?: Random;
}

const known = [
  ...['name', 'timeoutMs', 'attemptTimeoutMs', 'retry', 'breaker', 'bulkhead', 'clock', 'random'],
];

/**
 * The usual policies around the HTTP calls to one remote, for any client that answers with a `Response`:
 * `timeout(retry(breaker(timeout of the attempt(bulkhead(call)))))`. Make it once and keep it.
 *
 * It repeats what fails, so give it what may happen twice; `retry: false` for the rest.
 *
 * @throws TypeError or RangeError that names the option, the rule and the value.
 * @example
 * ```ts
 * import { httpDefaults, wrap } from 'keelson';
 *
 * const stock = httpDefaults({ name: 'stock', timeoutMs: 5_000, attemptTimeoutMs: 1_500 });
 * const item = wrap(stock, ({ signal }, id: number) => fetch(`https://stock.example/${id}`, { signal }));
 * ```
 */
export function httpDefaults(options: HttpDefaultsOptions = {}): PipelinePolicy<Response> {
  checkKeys('httpDefaults', options, known);
  const { timeoutMs, attemptTimeoutMs } = httpValues;
  const seams = { clock: systemClock, random: systemRandom };
  const all = { name: 'http', timeoutMs, attemptTimeoutMs, ...seams, ...given(options) };
  const { bulkhead, clock } = all;
  const name = all.name;
  const parts = [
    new Timeout({ timeoutMs: all.timeoutMs, name: `${name} timeout`, clock }),
    httpRetry(all),
    httpBreaker(all, `${name} breaker`),
    new Timeout({ timeoutMs: all.attemptTimeoutMs, name: `${name} attempt timeout`, clock }),
    bulkhead && new Bulkhead({ name: `${name} bulkhead`, clock, ...given(bulkhead) }),
  ].filter(part => part !== undefined);
  return pipeline(...(parts as readonly Guard[])) as PipelinePolicy<Response>;
}
