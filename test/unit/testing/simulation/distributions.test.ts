import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../../../src/testing/seeded-random.js';
import {
  constant,
  type Distribution,
  exponential,
  logNormal,
  mixture,
  pareto,
  uniform,
} from '../../../../src/testing/simulation/distributions.js';

const DRAWS = 50_000;

function draws(of: Distribution, seed = 3): number[] {
  const random = seededRandom(seed);
  return Array.from({ length: DRAWS }, () => of(random)).sort((a, b) => a - b);
}
const mean = (spans: readonly number[]): number => spans.reduce((sum, one) => sum + one, 0) / spans.length;
const quantile = (spans: readonly number[], part: number): number => spans[Math.floor(part * spans.length)]!;

describe('a distribution', () => {
  it.each<[string, Distribution, { mean: number; p50: number; p99: number }]>([
    ['constant', constant(10), { mean: 10, p50: 10, p99: 10 }],
    ['uniform', uniform(10, 20), { mean: 15, p50: 15, p99: 19.9 }],
    ['exponential', exponential(100), { mean: 100, p50: 100 * Math.LN2, p99: 100 * Math.log(100) }],
    [
      'log-normal',
      logNormal({ medianMs: 20, p99Ms: 200 }),
      { mean: 20 * Math.exp((Math.log(10) / 2.326_347_874) ** 2 / 2), p50: 20, p99: 200 },
    ],
    [
      'Pareto',
      pareto({ minMs: 10, shape: 3 }),
      { mean: 15, p50: 10 * 2 ** (1 / 3), p99: 10 * 100 ** (1 / 3) },
    ],
    [
      'a mixture',
      mixture([
        [9, constant(2)],
        [1, constant(52)],
      ]),
      { mean: 7, p50: 2, p99: 52 },
    ],
  ])('has the mean and the quantiles of the textbook: %s', (_, of, wanted) => {
    const spans = draws(of);
    expect(mean(spans) / wanted.mean).toBeCloseTo(1, 1.5);
    expect(quantile(spans, 0.5) / wanted.p50).toBeCloseTo(1, 1.5);
    expect(quantile(spans, 0.99) / wanted.p99).toBeCloseTo(1, 1.3);
    expect(spans[0]).toBeGreaterThanOrEqual(0);
    expect(spans.at(-1)).toBeLessThan(Infinity);
  });

  it('draws the same again from the same seed', () => {
    const of = logNormal({ medianMs: 20, p99Ms: 200 });
    expect(draws(of, 5)).toEqual(draws(of, 5));
  });

  it.each<[string, () => unknown, string]>([
    ['constant', () => constant(-1), 'constant: `ms` must be a number >= 0, got -1'],
    ['uniform', () => uniform(5, 4), 'uniform: `maxMs` must be a number >= 5, got 4'],
    ['exponential', () => exponential(Number.NaN), 'exponential: `meanMs` must be a number > 0, got NaN'],
    ['logNormal', () => logNormal({ medianMs: 2, p99Ms: 1 }), '`p99Ms` must be a number >= 2, got 1'],
    ['pareto', () => pareto({ minMs: 1, shape: 0 }), 'pareto: `shape` must be a number > 0, got 0'],
    ['mixture', () => mixture([]), 'mixture: `parts` must be an array of at least one part'],
    ['mixture', () => mixture([[0, constant(1)]]), 'mixture: `weight` must be a number > 0, got 0'],
    ['mixture', () => mixture([[1, 5 as never]]), 'mixture: `of` must be a distribution, got 5'],
  ])('refuses what makes no sense: %s', (_, make, message) => {
    expect(make).toThrow(message);
  });
});
