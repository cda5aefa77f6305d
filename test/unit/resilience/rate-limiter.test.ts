import { describe, expect, it, vi } from 'vitest';
import { pipeline } from '../../../src/kernel/pipeline.js';
import { CircuitBreaker } from '../../../src/resilience/circuit-breaker.js';
import { RateLimiter } from '../../../src/resilience/rate-limiter.js';
import type { RateLimiterOptions } from '../../../src/resilience/rate-limiter-options.js';
import { VirtualClock } from '../../../src/testing/virtual-clock.js';

function limiterOf(options: Partial<RateLimiterOptions> = {}): { clock: VirtualClock; limiter: RateLimiter } {
  const clock = new VirtualClock();
  return { clock, limiter: new RateLimiter({ limit: 10, perMs: 1_000, clock, ...options }) };
}

/** How many of so many calls at once were let in. */
async function admitted(limiter: RateLimiter, calls: number): Promise<number> {
  const outcomes = await Promise.allSettled(Array.from({ length: calls }, () => limiter.execute(() => 1)));
  return outcomes.filter(({ status }) => status === 'fulfilled').length;
}

describe('a rate limiter', () => {
  it('lets a burst in, and after it what the rate gives', async () => {
    const { clock, limiter } = limiterOf({ burst: 4 });
    expect(await admitted(limiter, 10)).toBe(4);
    await clock.advance(250);
    expect(await admitted(limiter, 10)).toBe(2);
    await clock.advance(50);
    expect(await admitted(limiter, 10)).toBe(1);
    await clock.advance(3_600_000);
    expect(await admitted(limiter, 10)).toBe(4);
  });

  it('never lets more than the limit in, in any window, when that is its algorithm', async () => {
    const { clock, limiter } = limiterOf({ algorithm: 'sliding-window' });
    await clock.advance(900);
    expect(await admitted(limiter, 20)).toBe(10);
    await clock.advance(999);
    expect(await admitted(limiter, 20)).toBe(0);
    await clock.advance(1);
    expect(await admitted(limiter, 20)).toBe(10);
  });

  it.each(['token-bucket', 'sliding-window'] as const)(
    'says exactly when a refused call would have been let in: %s',
    async algorithm => {
      const { clock, limiter } = limiterOf({ limit: 3, algorithm });
      await clock.advance(0.7);
      expect(await admitted(limiter, 3)).toBe(3);
      await clock.advance(100);
      const error = await limiter
        .execute(() => 1)
        .catch((error: unknown) => error as { retryAfterMs: number });
      expect(error).toMatchObject({ code: 'ERR_RATE_LIMITED', policy: 'rate limiter', rejected: true });
      const { retryAfterMs } = error as { retryAfterMs: number };
      expect(retryAfterMs).toBeCloseTo(algorithm === 'token-bucket' ? 1_000 / 3 - 100 : 900, 6);
      await clock.advance(retryAfterMs - 0.001);
      expect(await admitted(limiter, 1)).toBe(0);
      await clock.advance(0.001);
      expect(await admitted(limiter, 1)).toBe(1);
    },
  );

  it('takes what a call costs: a number for all, or what a function says of each', async () => {
    const { limiter } = limiterOf({ cost: 5 });
    expect(await admitted(limiter, 3)).toBe(2);
    const cost = vi.fn(({ attributes }) => Number(attributes['tokens']));
    const { limiter: weighing } = limiterOf({ cost });
    const ask = (tokens: number): Promise<number> =>
      weighing.execute(() => tokens, { attributes: { tokens } });
    await expect(ask(7)).resolves.toBe(7);
    await expect(ask(4)).rejects.toMatchObject({ code: 'ERR_RATE_LIMITED', retryAfterMs: 100 });
    await expect(ask(3)).resolves.toBe(3);
    await expect(ask(0)).resolves.toBe(0);
    expect(cost).toHaveBeenCalledTimes(4);
    await expect(ask(1.5)).rejects.toThrow('RateLimiter: `cost` must be an integer >= 0, got 1.5');
    await expect(ask(-1)).rejects.toThrow(RangeError);
    await expect(ask(Number.NaN)).rejects.toThrow('got NaN');
    expect(weighing.snapshot()).toMatchObject({ tokens: 0, limited: 1 });
  });

  it.each(['token-bucket', 'sliding-window'] as const)(
    'refuses at once what costs more than can ever pass, full or empty, waiting or not: %s (RL5)',
    async algorithm => {
      const { clock, limiter } = limiterOf({ algorithm, cost: 11, maxWaitMs: Number.POSITIVE_INFINITY });
      const reasons: unknown[] = [];
      limiter.on('limited', ({ reason, retryAfterMs }) => reasons.push([reason, retryAfterMs]));
      for (const span of [0, 1_000_000]) {
        await clock.advance(span);
        await expect(limiter.execute(() => 1)).rejects.toMatchObject({
          code: 'ERR_RATE_LIMITED',
          retryAfterMs: undefined,
        });
      }
      expect(() => limiter.reserve(11)).toThrow('more than can ever pass at once');
      expect(reasons).toEqual(Array.from({ length: 3 }, () => ['cost', undefined]));
      expect(limiter.snapshot().tokens).toBe(10);
    },
  );

  it('gives nothing back, however a call ends', async () => {
    const { limiter } = limiterOf({ limit: 2 });
    await expect(limiter.execute(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
    await limiter.execute(() => 1);
    expect(limiter.snapshot().tokens).toBe(0);
  });

  it('is neutral to a breaker outside', async () => {
    const { limiter } = limiterOf({ limit: 1 });
    const breaker = new CircuitBreaker({ consecutiveFailures: 1 });
    const policy = pipeline(breaker, limiter);
    await policy.execute(() => 1);
    for (let i = 0; i < 3; i++) {
      await expect(policy.execute(() => 1)).rejects.toMatchObject({ code: 'ERR_RATE_LIMITED' });
    }
    expect(breaker.state).toBe('closed');
  });

  it.each(['token-bucket', 'sliding-window'] as const)(
    'knows when it is at rest, so that it can be forgotten without resetting a limit: %s (RL7)',
    async algorithm => {
      const { clock, limiter } = limiterOf({ algorithm, limit: 2, maxWaitMs: 10_000 });
      expect(limiter.atRest).toBe(true);
      await admitted(limiter, 1);
      const span = algorithm === 'token-bucket' ? 500 : 1_000;
      expect(limiter.atRest).toBe(false);
      expect(limiter.restsAt).toBe(span);
      await clock.advance(span - 1);
      expect(limiter.atRest).toBe(false);
      await clock.advance(1);
      expect(limiter.atRest).toBe(true);
      const waiting = Promise.all([1, 2, 3].map(one => limiter.execute(() => one)));
      expect(limiter.restsAt).toBe(Number.POSITIVE_INFINITY);
      await clock.runUntil(waiting);
      expect(limiter.atRest).toBe(false);
    },
  );

  it('refuses and lets in by the clock of the process too', async () => {
    const limiter = new RateLimiter({ limit: 10, perMs: 3_600_000 });
    expect(await admitted(limiter, 20)).toBe(10);
    const { retryAfterMs } = (await limiter
      .execute(() => 1)
      .catch((error: unknown) => error as { retryAfterMs: number })) as { retryAfterMs: number };
    expect(retryAfterMs).toBeGreaterThan(359_000);
    expect(retryAfterMs).toBeLessThanOrEqual(360_001);
    expect(limiter.atRest).toBe(false);
  });

  it('tells of what it refuses', async () => {
    const { clock, limiter } = limiterOf({ limit: 1, name: 'search' });
    const heard: unknown[] = [];
    limiter.on('limited', event => heard.push(event));
    await admitted(limiter, 2);
    expect(heard).toEqual([{ policy: 'search', reason: 'rate', retryAfterMs: 1_000, at: clock.wall() }]);
    expect(limiter.snapshot()).toEqual({ name: 'search', tokens: 0, waiting: 0, queue: 100, limited: 1 });
    expect(limiter.describe()).toEqual({
      ...{
        kind: 'rate-limiter',
        name: 'search',
        algorithm: 'token-bucket',
        limit: 1,
        perMs: 1_000,
      },
      ...{ cost: 1, maxWaitMs: 0, queue: 100 },
    });
    const told = limiterOf({ cost: () => 1, maxWaitMs: Number.POSITIVE_INFINITY }).limiter.describe();
    expect(told).toMatchObject({ cost: 'cost', maxWaitMs: null });
  });
});
