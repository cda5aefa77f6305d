import { describe, expect, it } from 'vitest';
import { AdaptiveLimiter } from '../../../src/resilience/adaptive-limiter.js';
import type { AdaptiveLimiterOptions } from '../../../src/resilience/adaptive-limiter-options.js';

const whole = [
  Number.NaN,
  -1,
  Number.NEGATIVE_INFINITY,
  1.5,
  Number.POSITIVE_INFINITY,
  0,
  2 ** 31,
  '5',
  null,
];
const span = [Number.NaN, -1, Number.NEGATIVE_INFINITY, 0, '5', null];
const part = [Number.NaN, -1, Number.NEGATIVE_INFINITY, 1.5, Number.POSITIVE_INFINITY, 2 ** 31, '5', null];

const of = (options: object) => new AdaptiveLimiter(options as AdaptiveLimiterOptions);

describe('the options of an adaptive limiter', () => {
  it.each([
    ['initialLimit', whole],
    ['minLimit', whole],
    ['maxLimit', whole],
    ['windowMs', [...span, Number.POSITIVE_INFINITY, 2 ** 31]],
    ['windowSamples', [...whole, 1]],
    ['shedRatio', part],
    ['maxLagMs', span],
    ['algorithm', ['bbr', 1, null]],
    ['classify', [1, 'no']],
    ['overload', [1, 'no']],
    ['partitionOf', [1, 'no']],
    ['partitions', [1, null]],
    ['name', [1]],
  ])('refuse a %s that cannot be', (option, values) => {
    for (const value of values) {
      expect(() => of({ [option]: value })).toThrow(`AdaptiveLimiter: \`${option}\` must be`);
      expect(() => of({ [option]: value })).toThrow(typeof value === 'number' ? /./ : TypeError);
    }
  });

  it('refuse bounds that cross, shares above the whole, and too many of them', () => {
    expect(() => of({ minLimit: 5, maxLimit: 4 })).toThrow('`maxLimit` must be an integer >= 5');
    expect(() => of({ minLimit: 5, initialLimit: 4 })).toThrow('`initialLimit` must be an integer >= 5');
    expect(() => of({ partitions: { a: 0.6, b: 0.5 } })).toThrow('shares that add up to at most 1');
    expect(() => of({ partitions: { a: 2 } })).toThrow('`partitions.a` must be a number >= 0 <= 1, got 2');
    const many = Object.fromEntries(Array.from({ length: 101 }, (_, i) => [`p${i}`, 0]));
    expect(() => of({ partitions: many })).toThrow('of at most 100 names');
    const tenths = Object.fromEntries(Array.from({ length: 10 }, (_, i) => [`p${i}`, 0.1]));
    expect(of({ partitions: tenths }).describe().partitions).toEqual(tenths);
  });

  it('bring the limit to begin with between the bounds where it was left out', () => {
    expect(of({ minLimit: 30 }).limit).toBe(30);
    expect(of({ maxLimit: 7 }).limit).toBe(7);
    expect(of({ minLimit: 5_000 }).describe()).toMatchObject({ initialLimit: 5_000, maxLimit: 5_000 });
  });

  it('stand in the description, and undefined is as good as left out', () => {
    const described = { kind: 'adaptive-limiter', ...AdaptiveLimiter.defaults, partitions: {} };
    expect(of({}).describe()).toEqual(described);
    expect(of({ minLimit: undefined, partitions: undefined, name: undefined }).describe()).toEqual(described);
    expect(of({ maxLagMs: Number.POSITIVE_INFINITY }).describe().maxLagMs).toBeNull();
    for (const algorithm of ['aimd', 'vegas', 'gradient2', 'knee'] as const) {
      expect(of({ algorithm }).describe().algorithm).toBe(algorithm);
    }
    expect(() => of({ slots: 1 })).toThrow('unknown option `slots`');
  });
});

it.each([[new Map([['a', 0.5]])], [[0.5]], [null], ['a']])(
  'shares are refused that are no object: %j',
  partitions => {
    expect(() => new AdaptiveLimiter({ partitions: partitions as never })).toThrow(
      '`partitions` must be an object',
    );
  },
);
