import { describe, expect, it, vi } from 'vitest';
import { pipeline } from '../../../src/kernel/pipeline.js';
import { Retry } from '../../../src/resilience/retry.js';
import { RetryBudget } from '../../../src/resilience/retry-budget.js';
import type { RetryEvents } from '../../../src/resilience/retry-plan.js';
import { VirtualClock } from '../../../src/testing/virtual-clock.js';

const clock = new VirtualClock();
const backoff = { kind: 'constant', delayMs: 10 } as const;
const names = ['retried', 'recovered', 'gaveUp', 'nested'] as const;

function watched(retry: Retry) {
  const seen: [keyof RetryEvents, object][] = [];
  for (const name of names) {
    retry.on(name, ({ at, ...payload }) => {
      expect(at).toBe(clock.wall());
      seen.push([name, payload]);
    });
  }
  return seen;
}

const failTimes = (times: number) => {
  let runs = 0;
  return () => (runs++ < times ? Promise.reject(`error ${runs}`) : Promise.resolve('fine'));
};

describe('the events of a retry', () => {
  it('tell of retries and of the recovery', async () => {
    const retry = new Retry({ name: 'stock', backoff, clock });
    const seen = watched(retry);
    await clock.runUntil(retry.execute(failTimes(2)));
    expect(seen).toEqual([
      ['retried', { policy: 'stock', attempt: 1, error: 'error 1', delayMs: 10 }],
      ['retried', { policy: 'stock', attempt: 2, error: 'error 2', delayMs: 10 }],
      ['recovered', { policy: 'stock', attempt: 3 }],
    ]);
    expect(retry.snapshot()).toEqual({ retried: 2, recovered: 1, gaveUp: 0 });
  });

  it('tell why it gave up, with the attempts', async () => {
    const retry = new Retry({ attempts: 2, backoff, clock });
    const seen = watched(retry);
    await clock.runUntil(retry.execute(failTimes(9))).catch(() => {});
    expect(seen.at(-1)).toEqual([
      'gaveUp',
      {
        policy: 'retry',
        reason: 'attempts',
        attempts: [
          { attempt: 1, error: 'error 1', delayMs: 10 },
          { attempt: 2, error: 'error 2', delayMs: undefined },
        ],
      },
    ]);
    expect(retry.snapshot()).toEqual({ retried: 1, recovered: 0, gaveUp: 1 });
  });

  it('say nothing of calls that succeed at once or fail for good', async () => {
    const retry = new Retry({ backoff, clock, classify: () => 'neutral' });
    const seen = watched(retry);
    await retry.execute(() => 1);
    await expect(retry.execute(() => Promise.reject('final'))).rejects.toBe('final');
    expect(seen).toEqual([]);
  });

  it('show no answer that counted as a failure', async () => {
    const retry = new Retry({ attempts: 2, backoff, clock, classify: () => 'failure' });
    const seen = watched(retry);
    await clock.runUntil(retry.execute(() => 'busy'));
    expect(seen.map(([name]) => name)).toEqual(['retried', 'gaveUp']);
    expect(seen[0]![1]).toMatchObject({ error: undefined });
  });

  it('are unheard once the listener is taken off, and harm nothing when it throws (C9)', async () => {
    const report = vi.spyOn(console, 'error').mockImplementation(() => {});
    const retry = new Retry({ backoff, clock });
    const off = retry.on('retried', () => {
      throw new Error('listener');
    });
    expect(await clock.runUntil(retry.execute(failTimes(2)))).toBe('fine');
    expect(report).toHaveBeenCalledTimes(2);
    off();
    await clock.runUntil(retry.execute(failTimes(2)));
    expect(report).toHaveBeenCalledTimes(2);
    report.mockRestore();
  });
});

describe('retries inside retries (RT10)', () => {
  it('tell how many attempts they may make together, and make them', async () => {
    const [outer, middle, inner] = ['outer', 'middle', 'inner'].map(
      name => new Retry({ name, backoff, clock }),
    );
    const seen = watched(inner!);
    const operation = vi.fn(() => Promise.reject('failed'));
    const call = pipeline(outer!, middle!, inner!).execute(operation);
    await expect(clock.runUntil(call)).rejects.toBe('failed');
    expect(operation).toHaveBeenCalledTimes(27);
    expect(seen.filter(([name]) => name === 'nested')).toEqual([
      ['nested', { policy: 'inner', amplification: 27 }],
    ]);
    expect([outer, middle, inner].map(retry => retry!.describe().amplification)).toEqual([3, 9, 27]);
  });

  it('share one idempotency key (RT8)', async () => {
    const keys = new Set<string | undefined>();
    const call = pipeline(new Retry({ backoff, clock }), new Retry({ backoff, clock })).execute(context => {
      keys.add(context.idempotencyKey);
      return Promise.reject('failed');
    });
    await expect(clock.runUntil(call)).rejects.toBe('failed');
    expect(keys.size).toBe(1);
  });

  it('pay one first try into a budget that they share', async () => {
    const budget = new RetryBudget({ retryRatio: 0.5, reserve: 4, minPerSecond: 0, clock });
    const both = pipeline(new Retry({ backoff, clock, budget }), new Retry({ backoff, clock, budget }));
    await expect(clock.runUntil(both.execute(() => Promise.reject('failed')))).rejects.toBe('failed');
    expect(budget.snapshot().tokens).toBe(0);
    await both.execute(() => 1);
    expect(budget.snapshot().tokens).toBe(0.5);
  });
});

describe('the description of a retry', () => {
  it('is JSON, also where there is no limit', () => {
    const retry = new Retry({ attempts: Infinity, clock });
    expect(JSON.parse(JSON.stringify(retry.describe()))).toEqual({
      kind: 'retry',
      name: 'retry',
      attempts: null,
      backoff: { kind: 'exponential', initialMs: 100, maxMs: 5000 },
      maxElapsedMs: null,
      honourRetryAfter: true,
      maxRetryAfterMs: 60_000,
      amplification: null,
    });
  });

  it('shows the defaults', () => {
    expect(new Retry().describe()).toMatchObject({ attempts: Retry.defaults.attempts, maxElapsedMs: null });
  });
});
