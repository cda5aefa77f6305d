import { describe, expect, it } from 'vitest';
import type { Backoff } from '../../../src/core/backoff.js';
import { Retry } from '../../../src/resilience/retry.js';
import { RetryBudget, type RetryBudgetOptions } from '../../../src/resilience/retry-budget.js';
import type { RetryOptions } from '../../../src/resilience/retry-options.js';

const VALUES = [Number.NaN, -1, Infinity, -Infinity, 1.5, 2 ** 31, 0, '1', null] as const;

/** What each option makes of VALUES: 'ok', or the rule that the error names. */
function matrix(make: (value: never) => unknown, option: string): Record<string, string> {
  const seen: Record<string, string> = {};
  for (const value of VALUES) {
    try {
      make(value as never);
      seen[String(value)] = 'ok';
    } catch (error) {
      const { name, message } = error as Error;
      const found = new RegExp(`^\\w+: \`${option}\` must be (.*), got (.*)$`).exec(message);
      seen[String(value)] = found === null ? message : `${name}: ${found[1]}`;
    }
  }
  return seen;
}

const refusals = (rule: string, values: readonly unknown[]) =>
  Object.fromEntries(
    values.map(value => [
      String(value),
      `${typeof value === 'number' ? 'RangeError' : 'TypeError'}: ${rule}`,
    ]),
  );
const accepted = (values: readonly unknown[]) =>
  Object.fromEntries(values.map(value => [String(value), 'ok']));

describe('the options of a retry', () => {
  const retry = (option: keyof RetryOptions) => matrix(value => new Retry({ [option]: value }), option);

  it('take a whole number of attempts, or Infinity', () => {
    expect(retry('attempts')).toEqual({
      ...accepted([Infinity, 2 ** 31]),
      ...refusals('an integer >= 1, or Infinity', [Number.NaN, -1, -Infinity, 1.5, 0, '1', null]),
    });
  });

  it('take any span for maxElapsedMs', () => {
    expect(retry('maxElapsedMs')).toEqual({
      ...accepted([Infinity, 1.5, 2 ** 31, 0]),
      ...refusals('a number >= 0, or Infinity', [Number.NaN, -1, -Infinity, '1', null]),
    });
  });

  it('take any span for maxRetryAfterMs', () => {
    expect(retry('maxRetryAfterMs')).toEqual({
      ...accepted([Infinity, 1.5, 2 ** 31, 0]),
      ...refusals('a number >= 0, or Infinity', [Number.NaN, -1, -Infinity, '1', null]),
    });
  });

  it('take true or false for idempotent and honourRetryAfter, and a text for the name', () => {
    for (const option of ['idempotent', 'honourRetryAfter'] as const) {
      expect(retry(option)).toEqual(refusals('true or false', VALUES));
      for (const value of [true, false, undefined]) new Retry({ [option]: value });
    }
    expect(retry('name')).toEqual({ ...refusals('a string', VALUES), 1: 'ok' });
    expect(new Retry({ idempotent: true }).describe()).toMatchObject({ idempotent: true });
  });

  it('refuse a name that they do not know', () => {
    expect(() => new Retry({ retries: 3 } as never)).toThrow(
      /^Retry: unknown option `retries`; known are attempts/,
    );
    expect(() => new Retry(3 as never)).toThrow(/must be an object/);
  });

  it('may be frozen, and are not changed', () => {
    const options = Object.freeze({
      attempts: 2,
      backoff: Object.freeze({ kind: 'constant', delayMs: 1 } as const),
    });
    new Retry(options);
    expect(options).toEqual({ attempts: 2, backoff: { kind: 'constant', delayMs: 1 } });
  });
});

describe('the options of a backoff', () => {
  const constant = { kind: 'constant', delayMs: 1 };
  const linear = { kind: 'linear', initialMs: 0 };
  const exponential = { kind: 'exponential', initialMs: 0 };
  const make = (backoff: unknown) => new Retry({ backoff: backoff as Backoff });
  const span = `a number >= 0 <= ${Number.MAX_SAFE_INTEGER}`;

  it.each<[string, object]>([
    ['delayMs', constant],
    ['stepMs', linear],
    ['maxMs', linear],
    ['maxMs', exponential],
    ['initialMs', linear],
    ['initialMs', { ...exponential, jitter: 'decorrelated' }],
  ])('take any finite span for %s of %j', (option, backoff) => {
    const seen = matrix(value => make({ ...backoff, [option]: value }), `backoff.${option}`);
    expect(seen).toMatchObject({
      ...accepted([1.5, 2 ** 31, 0]),
      ...refusals(span, [Number.NaN, -1, Infinity, -Infinity, '1']),
    });
    expect(seen['null']).not.toBe('ok');
  });

  it('take a factor of 1 or more', () => {
    expect(matrix(factor => make({ ...exponential, factor }), 'backoff.factor')).toEqual({
      ...accepted([1.5, 2 ** 31]),
      ...refusals('a number >= 1', [Number.NaN, -1, Infinity, -Infinity, 0, '1', null]),
    });
  });

  it.each<[object, string]>([
    [{ kind: 'fibonacci' }, '`backoff.kind` must be'],
    [{ ...constant, jitter: 'some' }, '`backoff.jitter` must be'],
    [{ ...constant, jitter: 'decorrelated' }, 'only of an exponential schedule without a factor'],
    [
      { ...exponential, factor: 2, jitter: 'decorrelated' },
      'only of an exponential schedule without a factor',
    ],
    [{ ...exponential, exponent: 3 }, 'unknown option `exponent`'],
    [{ ...constant, maxMs: 3 }, 'unknown option `maxMs`'],
    [{ ...exponential, initialMs: 100, maxMs: 50 }, '`backoff.maxMs` must be a number >= 100'],
    [{ kind: 'exponential' }, '`backoff.initialMs` must be'],
    [{ kind: 'constant' }, '`backoff.delayMs` must be'],
  ])('refuse %j', (backoff, message) => {
    expect(() => make(backoff)).toThrow(message);
  });

  it('are copied, so that a later change changes nothing', () => {
    const backoff = { kind: 'constant' as const, delayMs: 1 };
    const retry = new Retry({ backoff });
    backoff.delayMs = 5;
    expect(retry.describe().backoff).toEqual({ kind: 'constant', delayMs: 1 });
  });
});

describe('the options of a retry budget', () => {
  const budget = (option: keyof RetryBudgetOptions) =>
    matrix(value => new RetryBudget({ [option]: value }), option);

  it('take a ratio from 0 to 1', () => {
    expect(budget('retryRatio')).toEqual({
      ...accepted([0]),
      ...refusals('a number >= 0 <= 1', [Number.NaN, -1, Infinity, -Infinity, 1.5, 2 ** 31, '1', null]),
    });
  });

  it('take a whole reserve from 1 to a million', () => {
    expect(budget('reserve')).toEqual(
      refusals('an integer >= 1 <= 1000000', [
        Number.NaN,
        -1,
        Infinity,
        -Infinity,
        1.5,
        2 ** 31,
        0,
        '1',
        null,
      ]),
    );
    new RetryBudget({ reserve: 1_000_000 });
  });

  it('take any trickle up to a million a second', () => {
    expect(budget('minPerSecond')).toEqual({
      ...accepted([1.5, 0]),
      ...refusals('a number >= 0 <= 1000000', [Number.NaN, -1, Infinity, -Infinity, 2 ** 31, '1', null]),
    });
  });
});
