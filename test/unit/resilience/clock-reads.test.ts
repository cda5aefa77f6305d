import { afterEach, describe, expect, it, vi } from 'vitest';
import { type Clock, systemClock } from '../../../src/kernel/clock.js';
import { pipeline } from '../../../src/kernel/pipeline.js';
import type { Operation } from '../../../src/kernel/policy.js';
import { AdaptiveThrottle } from '../../../src/resilience/adaptive-throttle.js';
import { Bulkhead } from '../../../src/resilience/bulkhead.js';
import { CircuitBreaker } from '../../../src/resilience/circuit-breaker.js';
import { Fallback } from '../../../src/resilience/fallback.js';
import { RateLimiter } from '../../../src/resilience/rate-limiter.js';
import { Retry } from '../../../src/resilience/retry.js';
import { RetryBudget } from '../../../src/resilience/retry-budget.js';
import { Timeout } from '../../../src/resilience/timeout.js';
import { settle } from '../../../src/testing/settle.js';

interface Runner {
  execute<T>(operation: Operation<T>): Promise<unknown>;
}

const fallback = (clock: Clock) => new Fallback({ value: 0, clock });
const retry = (clock: Clock) => new Retry({ budget: new RetryBudget({ clock }), clock });
const counted = (clock: Clock) => new CircuitBreaker({ clock });
const windowed = (clock: Clock) => new CircuitBreaker({ window: { ms: 10_000 }, clock });
const timed = (clock: Clock) => new CircuitBreaker({ slowMs: 100, clock });
const timeout = (clock: Clock) => new Timeout({ timeoutMs: 1_000, clock });
const limiter = (clock: Clock) => new RateLimiter({ limit: 10_000, perMs: 1_000, clock });
const windowLimiter = (clock: Clock) =>
  new RateLimiter({ limit: 10_000, perMs: 1_000, algorithm: 'sliding-window', clock });
const scarce = (clock: Clock) => new RateLimiter({ limit: 2, perMs: 1, burst: 3, clock });
const throttle = (clock: Clock) => new AdaptiveThrottle({ clock });
const bulkhead = (clock: Clock) => new Bulkhead({ slots: 10_000, clock });
const stack = (clock: Clock) =>
  pipeline(fallback(clock), retry(clock), windowed(clock), timeout(clock), bulkhead(clock));

/** The system's clock, and how often it has been asked. */
function countingClock(): { readonly clock: Clock; readonly reads: { now: number; coarse: number } } {
  const reads = { now: 0, coarse: 0 };
  const clock: Clock = {
    ...systemClock,
    now() {
      reads.now++;
      return systemClock.now();
    },
    coarse() {
      reads.coarse++;
      return systemClock.coarse();
    },
  };
  return { clock, reads };
}

describe('a call that succeeds', () => {
  afterEach(() => vi.restoreAllMocks());

  it.each<[string, (clock: Clock) => Runner, { now: number; coarse: number }]>([
    ['a fallback', fallback, { now: 0, coarse: 0 }],
    ['a retry with a budget', retry, { now: 0, coarse: 0 }],
    ['a breaker over a count of calls', counted, { now: 0, coarse: 0 }],
    ['a breaker over a time of calls', windowed, { now: 0, coarse: 1 }],
    // The start is exact: the turn's time would charge to the remote what the turn did before.
    ['a breaker that looks for slow calls', timed, { now: 1, coarse: 1 }],
    ['a timeout', timeout, { now: 0, coarse: 1 }],
    ['a bulkhead', bulkhead, { now: 0, coarse: 0 }],
    // A turn's time will do while there is plenty: see `Bucket`.
    ['a rate limiter with plenty left', limiter, { now: 0, coarse: 1 }],
    ['a rate limiter with little left', scarce, { now: 1, coarse: 1 }],
    ['a rate limiter over a window', windowLimiter, { now: 1, coarse: 1 }],
    ['an adaptive throttle', throttle, { now: 0, coarse: 2 }],
    // When it starts, for the timeout, and when it ends, for the window.
    ['the whole stack', stack, { now: 0, coarse: 2 }],
  ])('asks the clock through %s this often: %o', async (_, make, expected) => {
    const { clock, reads } = countingClock();
    const policy = make(clock);
    await policy.execute(() => 1);
    await settle();
    Object.assign(reads, { now: 0, coarse: 0 });
    await policy.execute(() => 1);
    expect(reads).toEqual(expected);
  });

  it('shares the time of its turn: a thousand of them read the clock less than 40 times', async () => {
    const policy = stack(systemClock);
    await policy.execute(() => 1);
    await settle();
    const read = vi.spyOn(performance, 'now');
    await Promise.all(Array.from({ length: 1_000 }, () => policy.execute(() => 1)));
    // One of 64 reads is real, so that time moves in a turn that never ends.
    expect(read.mock.calls.length).toBeLessThan(40);
  });
});
