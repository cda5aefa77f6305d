import { describe, expect, it, vi } from 'vitest';
import { Retry } from '../../../src/resilience/retry.js';
import { RetryBudget } from '../../../src/resilience/retry-budget.js';
import { VirtualClock } from '../../../src/testing/virtual-clock.js';

const backoff = { kind: 'constant', delayMs: 1 } as const;

describe('RetryBudget', () => {
  it('bounds the retries of all policies that share it (nasty case 34)', async () => {
    const clock = new VirtualClock();
    const budget = new RetryBudget({ retryRatio: 0.1, reserve: 10, minPerSecond: 0, clock });
    const operation = vi.fn(() => Promise.reject('sick'));
    const calls = Array.from({ length: 1000 }, () => {
      const client = new Retry({ attempts: 4, backoff, budget, clock });
      return client.execute(operation).catch(() => {});
    });
    await clock.runAll();
    await Promise.all(calls);
    expect(operation.mock.calls.length - 1000).toBeLessThanOrEqual(10 + 0.1 * 1000);
    expect(operation.mock.calls.length - 1000).toBeGreaterThan(0);
  });

  it('lets a call that it refuses end with its own last error, at once', async () => {
    const clock = new VirtualClock();
    const budget = new RetryBudget({ retryRatio: 0, reserve: 1, minPerSecond: 0, clock });
    const retry = new Retry({ backoff, budget, clock });
    const reasons: string[] = [];
    retry.on('gaveUp', ({ reason }) => reasons.push(reason));
    const last = new Error('own');
    const operation = vi.fn(() => Promise.reject(last));
    await expect(clock.runUntil(retry.execute(operation))).rejects.toBe(last);
    expect(operation).toHaveBeenCalledTimes(2);
    expect(reasons).toEqual(['budget']);
  });

  it('spends nothing on a retry that is left out for another reason', async () => {
    const clock = new VirtualClock();
    const budget = new RetryBudget({ reserve: 5, clock });
    const retry = new Retry({ attempts: 2, backoff: { kind: 'constant', delayMs: 100 }, budget, clock });
    const fail = () => Promise.reject('failed');
    await retry.execute(fail, { timeoutMs: 50 }).catch(() => {});
    expect(budget.snapshot()).toEqual({ tokens: 5, refused: 0 });
    await clock.runUntil(retry.execute(fail)).catch(() => {});
    expect(budget.snapshot().tokens).toBeCloseTo(4.1);
  });

  it('tells once that it is exhausted, until it has granted again', () => {
    const clock = new VirtualClock();
    const budget = new RetryBudget({ name: 'shared', retryRatio: 1, reserve: 1, minPerSecond: 0, clock });
    const seen: object[] = [];
    const off = budget.on('exhausted', event => seen.push(event));
    const expected = { policy: 'shared', at: clock.wall() };
    expect([1, 2, 3].map(() => budget.withdraw())).toEqual([true, false, false]);
    expect(seen).toEqual([expected]);
    budget.deposit();
    expect([1, 2].map(() => budget.withdraw())).toEqual([true, false]);
    expect(seen).toEqual([expected, expected]);
    off();
    budget.deposit();
    expect([1, 2].map(() => budget.withdraw())).toEqual([true, false]);
    expect(seen).toHaveLength(2);
    expect(budget.snapshot()).toEqual({ tokens: 0, refused: 4 });
  });

  it('describes itself with its defaults', () => {
    expect(new RetryBudget().describe()).toEqual({ kind: 'retry-budget', ...RetryBudget.defaults });
  });
});
