import { describe, expect, it } from 'vitest';
import { RateLimiter } from '../../../src/resilience/rate-limiter.js';
import type { RateLimiterOptions } from '../../../src/resilience/rate-limiter-options.js';

const { NaN: nan, NEGATIVE_INFINITY: below, POSITIVE_INFINITY: above } = Number;
const bad = [nan, -1, below, 1.5, '5', null] as const;
const make = (options: object): RateLimiter =>
  new RateLimiter({ limit: 10, perMs: 1_000, ...options } as RateLimiterOptions);

describe('the options of a rate limiter', () => {
  it.each([
    ['limit', 'an integer >= 1 <= 1000000000', [...bad, 0, above, 2 ** 31]],
    ['perMs', 'an integer >= 1 <= 31622400000', [...bad, 0, above, 2 ** 36]],
    ['burst', 'an integer >= 1 <= 1000000000', [...bad, 0, above, 2 ** 31]],
    ['cost', 'an integer >= 0', [...bad, above]],
    ['queue', 'an integer >= 0 <= 1000000', [...bad, above, 2 ** 31]],
    ['maxWaitMs', 'a number >= 0, or Infinity', [nan, -1, below, '5', null]],
    ['name', 'a string', [null, 7]],
    ['algorithm', "'token-bucket' or 'sliding-window'", ['gcra', null]],
  ] as const)('refuse a %s that is not %s', (option, rule, values) => {
    for (const value of values) {
      const shown = typeof value === 'string' ? `"${value}"` : String(value);
      expect(() => make({ [option]: value })).toThrow(
        `RateLimiter: \`${option}\` must be ${rule}, got ${shown}`,
      );
      expect(() => make({ [option]: value })).toThrow(typeof value === 'number' ? RangeError : TypeError);
    }
  });

  it.each([
    { perMs: 2 ** 31 },
    { limit: 1_000_000_000 },
    { limit: 1_000_000_000, perMs: 31_622_400_000 },
    { limit: 1_000_000, algorithm: 'sliding-window' },
    { maxWaitMs: 2 ** 31 },
    { maxWaitMs: 1.5 },
    { maxWaitMs: above },
    { cost: 0 },
    { cost: 2 ** 31 },
    { queue: 0 },
    { burst: 1 },
  ])('take %o', options => {
    expect(make(options).describe()).toMatchObject(JSON.parse(JSON.stringify(options)));
  });

  it('bound what a window remembers, and what cannot be counted exactly', () => {
    const windowed = { algorithm: 'sliding-window' } as const;
    expect(() => make({ ...windowed, limit: 1_000_001 })).toThrow(
      '`limit` must be an integer >= 1 <= 1000000',
    );
    expect(() => make({ ...windowed, burst: 5 })).toThrow(
      '`burst` must be left out with a sliding window, got 5',
    );
    expect(() => make({ limit: 999_999_999, perMs: 3_600_000 })).not.toThrow();
    expect(() => make({ limit: 999_999_999, perMs: 31_622_399_999 })).toThrow(
      '`burst` must be an integer >= 1 <= 71209',
    );
  });

  it('refuse what nobody knows, and what is no object', () => {
    expect(() => make({ rate: 5 })).toThrow('unknown option `rate`');
    expect(() => new RateLimiter(undefined as unknown as RateLimiterOptions)).toThrow(TypeError);
    expect(() => new RateLimiter({ limit: 1 } as RateLimiterOptions)).toThrow('`perMs` must be an integer');
  });

  it('are read once: frozen ones are fine, and later changes change nothing', async () => {
    const options = { limit: 1, perMs: 1_000, queue: 1 };
    const limiter = new RateLimiter(options);
    options.limit = 9;
    expect(limiter.snapshot()).toMatchObject({ tokens: 1, queue: 1 });
    await expect(new RateLimiter(Object.freeze(options)).execute(() => 1)).resolves.toBe(1);
    expect(Object.isFrozen(RateLimiter.defaults)).toBe(true);
    const { burst, cost } = make({ burst: undefined, cost: undefined }).describe();
    expect([burst, cost]).toEqual([undefined, 1]);
  });
});
