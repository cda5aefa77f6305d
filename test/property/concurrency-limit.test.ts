import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LimitAlgorithm, LimitBounds } from '../../src/core/concurrency-limit.js';
import { AimdLimit } from '../../src/core/limit-aimd.js';
import { Gradient2Limit } from '../../src/core/limit-gradient2.js';
import { KneeLimit } from '../../src/core/limit-knee.js';
import { VegasLimit } from '../../src/core/limit-vegas.js';
import type { LimitWindow } from '../../src/core/limit-window.js';
import { LoadSlope } from '../../src/core/load-slope.js';

const algorithms: Record<string, new (limit: number, bounds: LimitBounds) => LimitAlgorithm> = {
  aimd: AimdLimit,
  gradient2: Gradient2Limit,
  knee: KneeLimit,
  vegas: VegasLimit,
};

/** A window of a server with so many workers, drawn freely around what such a server would show. */
const windows = fc.array(
  fc.record({
    samples: fc.integer({ min: 1, max: 1_000 }),
    dropRatio: fc.constantFrom(0, 0, 0, 0.01, 0.3, 1),
    meanMs: fc.double({ min: 0.001, max: 1e6, noNaN: true }),
    error: fc.double({ min: 0, max: 1, noNaN: true }),
    use: fc.double({ min: 0.01, max: 1.2, noNaN: true }),
  }),
  { maxLength: 150, size: 'max' },
);

describe.each(Object.entries(algorithms))('%s over any windows', (_, Algorithm) => {
  it('keeps the bounds, and never grows while less than half of the limit is used (AC1, AC2)', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 50 }),
        fc.integer({ min: 0, max: 100 }),
        windows,
        (min, more, log) => {
          const bounds = { minLimit: min, maxLimit: min + more };
          const algorithm = new Algorithm(min, bounds);
          for (const { samples, dropRatio, meanMs, error, use } of log) {
            const before = algorithm.limit;
            const peak = Math.max(1, Math.ceil(before * use));
            const window: LimitWindow = {
              samples,
              drops: Math.floor(samples * dropRatio),
              meanMs,
              errorMs2: (error * meanMs) ** 2,
              meanInFlight: peak * 0.9,
              peak,
            };
            algorithm.update(window);
            expect(algorithm.limit).toBeGreaterThanOrEqual(bounds.minLimit);
            expect(algorithm.limit).toBeLessThanOrEqual(bounds.maxLimit);
            if (peak < before / 2) expect(algorithm.limit).toBeLessThanOrEqual(before);
          }
        },
      ),
    );
  });

  it('is as new after a reset', () => {
    const bounds = { minLimit: 1, maxLimit: 100 };
    fc.assert(
      fc.property(windows, windows, (first, second) => {
        const play = (algorithm: LimitAlgorithm, log: typeof first) =>
          log.map(({ samples, dropRatio, meanMs, error, use }) => {
            const peak = Math.max(1, Math.ceil(algorithm.limit * use));
            const drops = Math.floor(samples * dropRatio);
            const errorMs2 = (error * meanMs) ** 2;
            algorithm.update({ samples, drops, meanMs, errorMs2, meanInFlight: peak, peak });
            return algorithm.limit;
          });
        const used = new Algorithm(10, bounds);
        play(used, first);
        used.reset(30);
        expect(play(used, second)).toEqual(play(new Algorithm(30, bounds), second));
      }),
      { numRuns: 30 },
    );
  });
});

describe('the slope of latency over load', () => {
  it.each([0, 0.5, 1])('is %d where latency follows load like that', slope => {
    const seen = new LoadSlope();
    expect(seen.upper(0)).toBe(Number.POSITIVE_INFINITY);
    for (const load of [10, 12, 9, 14, 20]) seen.add(load, 5 * load ** slope, 0);
    expect(seen.upper(0)).toBeCloseTo(slope, 6);
    expect(seen.upper(0.01)).toBeGreaterThan(slope + 0.1);
  });

  it('begins anew where latency jumps as no change of load can make it', () => {
    const seen = new LoadSlope();
    for (const load of [10, 12, 9, 14, 20]) seen.add(load, 5 * load, 0);
    seen.add(20, 500, 0);
    expect(seen.level).toBeCloseTo(500);
    expect(seen.upper(0)).toBe(Number.POSITIVE_INFINITY);
  });
});
