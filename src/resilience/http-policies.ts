import type { Backoff } from '../core/backoff.js';
import type { Clock } from '../kernel/clock.js';
import { given } from '../kernel/options.js';
import type { Random } from '../kernel/random.js';
import { CircuitBreaker } from './circuit-breaker.js';
import type { CircuitBreakerOptions } from './circuit-options.js';
import { askedMs, drain, isTransientStatus } from './http-outcome.js';
import { Retry } from './retry.js';
import { RetryBudget } from './retry-budget.js';
import type { RetryOptions } from './retry-options.js';

/** What stands in every policy around a request, where nothing else was said. */
export const httpValues: {
  readonly timeoutMs: number;
  readonly attemptTimeoutMs: number;
  readonly backoff: Backoff;
} = /* @__PURE__ */ Object.freeze({
  timeoutMs: 30_000,
  // Three of them and the waits between fit into the whole.
  attemptTimeoutMs: 9_000,
  backoff: /* @__PURE__ */ Object.freeze({ kind: 'exponential', initialMs: 200, maxMs: 5_000 }),
});

/** What the policies around a request are made of. */
export interface HttpPlan {
  readonly name: string;
  readonly retry?: RetryOptions<Response> | false;
  readonly breaker?: CircuitBreakerOptions | false;
  readonly clock: Clock;
  readonly random: Random;
}

/** Repeats transient statuses as well as errors, after the time that the server asks for. */
export function httpRetry(plan: HttpPlan): Retry<Response> | undefined {
  const { retry, clock, random } = plan;
  if (retry === false) return undefined;
  const honour = retry?.honourRetryAfter ?? true;
  return new Retry<Response>({
    name: `${plan.name} retry`,
    backoff: httpValues.backoff,
    budget: retry?.budget ?? new RetryBudget({ name: `${plan.name} retry budget`, clock }),
    idempotent: true,
    onDiscard: response => drain(response, clock),
    clock,
    random,
    ...given(retry ?? {}),
    classify(outcome, context) {
      const verdict = retry?.classify?.(outcome, context);
      if (verdict !== undefined || !outcome.ok) return verdict;
      if (!isTransientStatus(outcome.value.status)) return 'success';
      const retryAfterMs = honour ? askedMs(outcome, clock) : undefined;
      return retryAfterMs === undefined ? 'failure' : { retryAfterMs };
    },
  });
}

/** Counts transient statuses as failures, and stays open for as long as the server asks. */
export function httpBreaker(plan: HttpPlan, name: string): CircuitBreaker | undefined {
  const { clock, random, breaker: options = {} } = plan;
  if (options === false) return undefined;
  return new CircuitBreaker({
    name,
    clock,
    random,
    retryAfterMs: outcome => askedMs(outcome as never, clock),
    ...options,
    classify(outcome, context) {
      const verdict = options.classify?.(outcome, context);
      if (verdict !== undefined || !outcome.ok) return verdict;
      return isTransientStatus((outcome.value as Response).status) ? 'failure' : undefined;
    },
  });
}
