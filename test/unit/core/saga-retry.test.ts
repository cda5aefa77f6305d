import { describe, expect, it } from 'vitest';
import { nextAttemptAt } from '../../../src/core/saga-retry.js';

describe('the time of the next attempt', () => {
  const backoff = { kind: 'exponential', initialMs: 200, maxMs: 30_000, jitter: 'none' } as const;
  const rules = { attempts: 4, maxElapsedMs: 1_000, backoff };

  it('is exactly that of the schedule where it has no jitter', () => {
    const times = [1, 2, 3, 4].map(tried => nextAttemptAt(rules, tried, 0, 0, 0.5));
    expect(times).toEqual([200, 400, 800, undefined]);
  });

  it('is within all the time that there is, or never', () => {
    expect(nextAttemptAt(rules, 3, 0, 200, 0.5)).toBe(1_000);
    expect(nextAttemptAt(rules, 3, 0, 201, 0.5)).toBeUndefined();
  });

  it('is never once as many attempts were made as there are', () => {
    expect(nextAttemptAt({ ...rules, attempts: 2 }, 2, 0, 0, 0.5)).toBeUndefined();
  });
});
