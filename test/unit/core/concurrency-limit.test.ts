import { describe, expect, it } from 'vitest';
import {
  ConcurrencyLimit,
  type LimitAlgorithm,
  type LimitBounds,
} from '../../../src/core/concurrency-limit.js';
import { AimdLimit } from '../../../src/core/limit-aimd.js';
import { Gradient2Limit } from '../../../src/core/limit-gradient2.js';
import { KneeLimit } from '../../../src/core/limit-knee.js';
import { VegasLimit } from '../../../src/core/limit-vegas.js';
import type { LimitWindow } from '../../../src/core/limit-window.js';

const rules = { minLimit: 2, maxLimit: 40, windowMs: 100, windowSamples: 4 };

/** Notes what it is told, and wants what it is asked to want. */
class Scripted implements LimitAlgorithm {
  limit = 10;
  unsettled = false;
  readonly windows: LimitWindow[] = [];

  update(window: LimitWindow): boolean {
    this.windows.push(window);
    return this.unsettled;
  }

  reset(limit: number): void {
    this.limit = limit;
  }

  amend({ minLimit }: LimitBounds): void {
    this.limit = Math.max(this.limit, minLimit);
  }
}

describe('a concurrency limit', () => {
  it('tells the algorithm what a window has shown', () => {
    const algorithm = new Scripted();
    const limit = new ConcurrencyLimit(algorithm, rules, 0);
    for (const [now, rtt] of [
      [40, 10],
      [60, 20],
      [80, 30],
    ] as const)
      limit.sample(now, rtt, 2, false);
    limit.sample(90, 20, 1, true);
    expect(algorithm.windows).toEqual([]);
    limit.sample(100, 20, 1, false);
    const shown = { samples: 5, drops: 1, meanMs: 20, errorMs2: 8, meanInFlight: 1, peak: 2 };
    expect(algorithm.windows).toEqual([shown]);
    expect(limit.windows).toBe(1);
  });

  it.each([0, -1, -0, Number.NaN, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY])(
    'ignores a call that is said to have taken %s ms (AC6)',
    rttMs => {
      const algorithm = new Scripted();
      const limit = new ConcurrencyLimit(algorithm, rules, 0);
      for (let now = 100; now < 200; now++) limit.sample(now, rttMs, 1, false);
      expect(algorithm.windows).toEqual([]);
    },
  );

  it('ignores calls from before a reset, and what it had gathered (AC6)', () => {
    const algorithm = new Scripted();
    const limit = new ConcurrencyLimit(algorithm, rules, 0);
    for (let call = 0; call < 3; call++) limit.sample(200, 10, 1, false);
    limit.reset(200, 30);
    expect(limit.limit).toBe(30);
    for (let call = 0; call < 9; call++) limit.sample(310, 111, 1, false);
    expect(algorithm.windows).toEqual([]);
    for (let call = 0; call < 4; call++) limit.sample(310, 110, 1, false);
    expect(algorithm.windows).toMatchObject([{ samples: 4, meanMs: 110 }]);
  });

  it('waits for two samples of each call in flight', () => {
    const algorithm = new Scripted();
    const limit = new ConcurrencyLimit(algorithm, rules, 0);
    for (let call = 0; call < 15; call++) limit.sample(500, 10, 8, false);
    expect(algorithm.windows).toEqual([]);
    limit.sample(500, 10, 8, false);
    expect(algorithm.windows).toHaveLength(1);
  });

  it('begins the next window when the calls of before are gone, where the algorithm asks for it', () => {
    const algorithm = new Scripted();
    const limit = new ConcurrencyLimit(algorithm, rules, 0);
    algorithm.unsettled = true;
    for (const rtt of [10, 30, 10, 30]) limit.sample(100, rtt, 1, false);
    for (let call = 0; call < 9; call++) limit.sample(139, 5, 1, false);
    expect(algorithm.windows).toHaveLength(1);
    for (let call = 0; call < 4; call++) limit.sample(240, 5, 1, false);
    expect(algorithm.windows[1]).toMatchObject({ samples: 4, meanInFlight: 0.2 });
  });

  it('counts the span of a window from its beginning', () => {
    const algorithm = new Scripted();
    const limit = new ConcurrencyLimit(algorithm, rules, 0);
    for (let call = 0; call < 4; call++) limit.sample(100, 10, 1, false);
    for (let call = 0; call < 8; call++) limit.sample(199, 10, 1, false);
    expect(algorithm.windows).toHaveLength(1);
    limit.sample(200, 10, 1, false);
    expect(algorithm.windows[1]).toMatchObject({ samples: 9 });
  });

  it('takes the peak for the load of a window that began this moment', () => {
    const algorithm = new Scripted();
    const limit = new ConcurrencyLimit(algorithm, { ...rules, windowMs: 0 }, 5);
    for (let call = 0; call < 4; call++) limit.sample(5, 3, 2, false);
    expect(algorithm.windows).toMatchObject([{ meanInFlight: 2 }]);
  });

  it('rounds down and keeps the bounds, whatever the algorithm wants (AC1)', () => {
    const algorithm = new Scripted();
    const limit = new ConcurrencyLimit(algorithm, rules, 0);
    const end = (at: number) => {
      for (let call = 0; call < 4; call++) limit.sample(at, 1, 1, false);
      return limit.limit;
    };
    for (const [index, [wanted, got]] of [
      [7.9, 7],
      [0.3, 2],
      [1e9, 40],
    ].entries()) {
      algorithm.limit = wanted!;
      expect(end(1_000 * (index + 1))).toBe(got);
    }
    limit.reset(9_000, 1e9);
    expect(limit.limit).toBe(40);
  });

  it('goes up by one and down by a tenth with AIMD', () => {
    const limit = new ConcurrencyLimit(new AimdLimit(20, rules), rules, 0);
    let now = 0;
    const window = (inFlight: number, drop = false) => {
      now += 1_000;
      for (let call = 0; call < 2 * inFlight; call++) limit.sample(now, 1, inFlight, drop && call === 0);
      return limit.limit;
    };
    expect(window(10)).toBe(21);
    expect(window(9)).toBe(21);
    expect(window(9, true)).toBe(18);
    limit.reset(now, 5);
    expect(window(5)).toBe(6);
  });
});

describe('a concurrency limit with other rules', () => {
  it.each<[string, (bounds: LimitBounds) => LimitAlgorithm]>([
    ['knee', bounds => new KneeLimit(10, bounds)],
    ['aimd', bounds => new AimdLimit(10, bounds)],
    ['vegas', bounds => new VegasLimit(10, bounds)],
    ['gradient2', bounds => new Gradient2Limit(10, bounds)],
  ])('is between the new bounds at once, and stays there: %s', (_, make) => {
    const limit = new ConcurrencyLimit(make(rules), rules, 0);
    limit.amend({ ...rules, minLimit: 12, maxLimit: 14 });
    expect(limit.limit).toBe(12);
    limit.amend({ ...rules, maxLimit: 8 });
    expect(limit.limit).toBe(8);
    for (let call = 1; call <= 400; call++) limit.sample(call * 10, 10, 8, false);
    expect(limit.limit).toBeLessThanOrEqual(8);
    limit.amend(rules);
    expect(limit.limit).toBeLessThanOrEqual(8);
  });

  it('ends a window by the new ones', () => {
    const algorithm = new Scripted();
    const limit = new ConcurrencyLimit(algorithm, rules, 0);
    for (const now of [40, 60]) limit.sample(now, 10, 1, false);
    limit.amend({ ...rules, windowMs: 50, windowSamples: 3 });
    limit.sample(70, 10, 1, false);
    expect(algorithm.windows).toHaveLength(1);
  });

  it('knows when it heard of a call last', () => {
    const limit = new ConcurrencyLimit(new Scripted(), rules, 5);
    expect(limit.sampledAt).toBe(5);
    limit.sample(40, 10, 1, false);
    limit.sample(50, 0, 1, false);
    expect(limit.sampledAt).toBe(40);
  });
});
