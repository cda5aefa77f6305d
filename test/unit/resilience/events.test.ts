import { describe, expect, it } from 'vitest';
import { AdaptiveThrottle, type AdaptiveThrottleEvents } from '../../../src/resilience/adaptive-throttle.js';
import { Bulkhead } from '../../../src/resilience/bulkhead.js';
import type { BulkheadEvents } from '../../../src/resilience/bulkhead-watching.js';
import { CircuitBreaker } from '../../../src/resilience/circuit-breaker.js';
import type { CircuitBreakerEvents } from '../../../src/resilience/circuit-events.js';
import { Fallback, type FallbackEvents } from '../../../src/resilience/fallback.js';
import { RateLimiter } from '../../../src/resilience/rate-limiter.js';
import type { RateLimiterEvents } from '../../../src/resilience/rate-limiter-events.js';
import { Retry } from '../../../src/resilience/retry.js';
import { RetryBudget, type RetryBudgetEvents } from '../../../src/resilience/retry-budget.js';
import type { RetryEvents } from '../../../src/resilience/retry-plan.js';
import { Timeout, type TimeoutEvents } from '../../../src/resilience/timeout.js';

/** All names of events: the compiler misses none. */
const names = <Events>(all: Record<keyof Events, true>): string[] => Object.keys(all);

const subjects: [string, { on(event: never, listener: never): () => void }, string[]][] = [
  [
    'CircuitBreaker',
    new CircuitBreaker(),
    names<CircuitBreakerEvents>({
      ...{ opened: true, halfOpened: true, closed: true, isolated: true, disabled: true },
      ...{ rejected: true, wouldReject: true, updated: true },
    }),
  ],
  [
    'Retry',
    new Retry(),
    names<RetryEvents>({
      retried: true,
      recovered: true,
      gaveUp: true,
      discardFailed: true,
      nested: true,
      updated: true,
    }),
  ],
  [
    'Bulkhead',
    new Bulkhead({ slots: 1 }),
    names<BulkheadEvents>({
      queued: true,
      admitted: true,
      abandoned: true,
      rejected: true,
      resized: true,
      updated: true,
    }),
  ],
  ['RetryBudget', new RetryBudget(), names<RetryBudgetEvents>({ exhausted: true, updated: true })],
  ['Timeout', new Timeout({ timeoutMs: 1 }), names<TimeoutEvents>({ timedOut: true, updated: true })],
  [
    'RateLimiter',
    new RateLimiter({ limit: 1, perMs: 1 }),
    names<RateLimiterEvents>({
      limited: true,
      delayed: true,
      admitted: true,
      abandoned: true,
      updated: true,
    }),
  ],
  [
    'AdaptiveThrottle',
    new AdaptiveThrottle(),
    names<AdaptiveThrottleEvents>({ throttled: true, updated: true }),
  ],
  [
    'Fallback',
    new Fallback({ value: 1 }),
    names<FallbackEvents>({ answered: true, failed: true, discardFailed: true, updated: true }),
  ],
];

describe('what can be listened to', () => {
  it.each(subjects)('at a %s is known by name', (_, subject, events) => {
    const on = (event: string, listener: unknown): (() => void) =>
      subject.on(event as never, listener as never);
    for (const event of events) {
      on(event, () => {})();
      expect(() => on(event, undefined)).toThrow('`listener` must be a function, got undefined');
    }
    expect(() => on('foo', () => {})).toThrow(
      new TypeError(`on: unknown event "foo"; known are ${events.join(', ')}`),
    );
  });
});
