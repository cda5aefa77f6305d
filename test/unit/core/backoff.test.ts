import { describe, expect, it } from 'vitest';
import { type Backoff, backoffMs, longestBackoffMs } from '../../../src/core/backoff.js';

/** The first delays of a schedule, each fed to the next. */
function delays(backoff: Backoff, count: number, random: number): number[] {
  const all: number[] = [];
  for (let attempt = 1; attempt <= count; attempt++) {
    all.push(backoffMs(backoff, attempt, all.at(-1) ?? 0, random));
  }
  return all;
}

describe('backoffMs', () => {
  it.each<[string, Backoff, number[]]>([
    ['constant', { kind: 'constant', delayMs: 250 }, [250, 250, 250, 250]],
    ['constant zero', { kind: 'constant', delayMs: 0 }, [0, 0, 0, 0]],
    ['linear', { kind: 'linear', initialMs: 100, stepMs: 50, jitter: 'none' }, [100, 150, 200, 250]],
    ['linear by its own step', { kind: 'linear', initialMs: 100, jitter: 'none' }, [100, 200, 300, 400]],
    ['linear capped', { kind: 'linear', initialMs: 100, maxMs: 250, jitter: 'none' }, [100, 200, 250, 250]],
    ['exponential', { kind: 'exponential', initialMs: 100, jitter: 'none' }, [100, 200, 400, 800]],
    ['factor 3', { kind: 'exponential', initialMs: 100, factor: 3, jitter: 'none' }, [100, 300, 900, 2700]],
    ['factor 1', { kind: 'exponential', initialMs: 100, factor: 1, jitter: 'none' }, [100, 100, 100, 100]],
    ['nothing grows', { kind: 'exponential', initialMs: 0, jitter: 'none' }, [0, 0, 0, 0]],
    ['capped', { kind: 'exponential', initialMs: 100, maxMs: 300, jitter: 'none' }, [100, 200, 300, 300]],
  ])('gives the delays of a schedule without jitter: %s', (_, backoff, expected) => {
    expect(delays(backoff, 4, 0.5)).toEqual(expected);
  });

  it.each<[string, Backoff, number, number[]]>([
    ['full is the default', { kind: 'exponential', initialMs: 100 }, 0.25, [25, 50, 100]],
    ['full linear', { kind: 'linear', initialMs: 100 }, 0.25, [25, 50, 75]],
    ['full constant', { kind: 'constant', delayMs: 100, jitter: 'full' }, 0.25, [25, 25, 25]],
    ['equal', { kind: 'exponential', initialMs: 100, jitter: 'equal' }, 0.5, [75, 150, 300]],
    ['decorrelated low', { kind: 'exponential', initialMs: 100, jitter: 'decorrelated' }, 0, [100, 100, 100]],
    ['decorrelated', { kind: 'exponential', initialMs: 100, jitter: 'decorrelated' }, 0.5, [200, 350, 575]],
  ])('spreads a delay: %s', (_, backoff, random, expected) => {
    expect(delays(backoff, 3, random)).toEqual(expected);
  });

  it('stays nothing where the power is beyond every number', () => {
    expect(backoffMs({ kind: 'exponential', initialMs: 0, jitter: 'none' }, 5_000, 0, 0)).toBe(0);
  });

  it('caps before the jitter, so that delays at the cap still spread', () => {
    const backoff: Backoff = { kind: 'exponential', initialMs: 100, maxMs: 1000 };
    expect(backoffMs(backoff, 50, 1000, 0.1)).toBe(100);
    expect(backoffMs(backoff, 50, 1000, 0.9)).toBe(900);
  });

  it('caps decorrelated delays last', () => {
    const backoff: Backoff = { kind: 'exponential', initialMs: 100, maxMs: 1000, jitter: 'decorrelated' };
    expect(backoffMs(backoff, 9, 1000, 0.9)).toBe(1000);
    expect(backoffMs(backoff, 9, 1000, 0)).toBe(100);
  });

  it('names its longest delay', () => {
    expect(longestBackoffMs({ kind: 'constant', delayMs: 70_000 })).toBe(70_000);
    expect(longestBackoffMs({ kind: 'linear', initialMs: 1 })).toBe(30_000);
    expect(longestBackoffMs({ kind: 'exponential', initialMs: 60_000 })).toBe(60_000);
    expect(longestBackoffMs({ kind: 'exponential', initialMs: 1, maxMs: 5 })).toBe(5);
  });
});
