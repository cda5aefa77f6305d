import { describe, expect, it } from 'vitest';
import { CircuitBreaker } from '../../../src/resilience/circuit-breaker.js';
import type { CircuitBreakerOptions } from '../../../src/resilience/circuit-options.js';

const make = (options: object) => () => new CircuitBreaker(options as CircuitBreakerOptions);
const described = (options: CircuitBreakerOptions) => new CircuitBreaker(options).describe();

/** An option by its name in messages, how to write it, and values that must be taken as they are. */
const count = [1, 2, 1000];
const span = [1.5, 2 ** 31, 1e-3];
const share = [0.07, 1, 1e-9];
const numeric: [name: string, wrap: (value: unknown) => object, fine: number[]][] = [
  ['consecutiveFailures', value => ({ consecutiveFailures: value }), count],
  ['failureRatio', value => ({ failureRatio: value }), share],
  ['minCalls', value => ({ minCalls: value }), [1, 20, 100]],
  ['window.calls', value => ({ window: { calls: value } }), [1, 124, 1_000_000]],
  ['window.ms', value => ({ window: { ms: value } }), span],
  ['window.buckets', value => ({ window: { ms: 1000, buckets: value } }), [1, 1000]],
  ['slowMs', value => ({ slowMs: value }), span],
  ['slowRatio', value => ({ slowRatio: value }), share],
  ['openMs', value => ({ openMs: value }), span],
  ['openMs.initialMs', value => ({ openMs: { initialMs: value } }), span],
  ['openMs.factor', value => ({ openMs: { initialMs: 1, factor: value } }), [1, 1.5, 2 ** 31]],
  ['openMs.maxMs', value => ({ openMs: { initialMs: 1, maxMs: value } }), [1, 1.5, 2 ** 31]],
  ['openMs.jitterRatio', value => ({ openMs: { initialMs: 1, jitterRatio: value } }), [0, 0.5, 1]],
  ['maxRetryAfterMs', value => ({ maxRetryAfterMs: value }), [0, 1.5, 2 ** 31]],
  ['probes', value => ({ probes: value }), count],
  ['probesToClose', value => ({ probes: 1000, probesToClose: value }), count],
  ['probeLeaseMs', value => ({ probeLeaseMs: value }), span],
];
const bad = [Number.NaN, -1, Infinity, -Infinity, 0, 1.5, 2 ** 31, '5', null, true, 5n, {}];

describe('the options of a circuit breaker', () => {
  for (const [name, wrap, fine] of numeric) {
    it.each(fine)(`takes %d for ${name}`, value => {
      expect(make(wrap(value))).not.toThrow();
      expect(described(wrap(value))).toMatchObject(wrap(value));
    });

    const refused = bad.filter(value => !fine.includes(value as number));
    const open = name === 'openMs' ? refused.filter(value => typeof value !== 'object') : refused;
    it.each(open)(`refuses %s for ${name}, naming option, rule and value`, value => {
      const shown =
        typeof value === 'string' ? `"${value}"` : typeof value === 'object' && value ? 'an object' : value;
      const message = new RegExp(
        `^CircuitBreaker: \`${name.replaceAll('.', '\\.')}\` must be .+, got ${shown}$`,
      );
      expect(make(wrap(value))).toThrow(message);
      expect(make(wrap(value))).toThrow(typeof value === 'number' ? RangeError : TypeError);
    });
  }

  it.each<[string, unknown, RegExp]>([
    ['an unknown option', { treshold: 5 }, /unknown option `treshold`; known are name, consecutiveFailures/],
    ['no object', null, /`options` must be an object, got null/],
    [
      'more minimum than window',
      { window: { calls: 10 }, minCalls: 11 },
      /`minCalls` must be an integer >= 1 <= 10/,
    ],
    ['more to close than probes', { probes: 2, probesToClose: 3 }, /`probesToClose` must be .*<= 2, got 3/],
    [
      'a cap below the break',
      { openMs: { initialMs: 10, maxMs: 9 } },
      /`openMs\.maxMs` must be a number >= 10, got 9/,
    ],
    ['both windows', { window: { calls: 1, ms: 1 } }, /`window` must be \{ calls } or \{ ms, buckets }/],
    ['no window', { window: {} }, /`window` must be/],
    ['a window that is a number', { window: 5 }, /`window` must be .*, got 5/],
    ['a window that is null', { window: null }, /`window` must be .*, got null/],
    [
      'an unknown window',
      { window: { days: 1 } },
      /`window`: unknown option `days`; known are calls, ms, buckets/,
    ],
    ['a break without length', { openMs: {} }, /`openMs\.initialMs` must be a number > 0, got undefined/],
    ['an unknown break', { openMs: { initialMs: 1, exponent: 2 } }, /`openMs`: unknown option `exponent`/],
    ['no break', { openMs: null }, /`openMs` must be a number > 0, got null/],
    ['a mode', { mode: 'off' }, /`mode` must be 'enforce' or 'observe' or 'disabled', got "off"/],
    ['a rule', { trip: 5 }, /`trip` must be a function, got 5/],
    ['a judge', { classify: 'no' }, /`classify` must be a function, got "no"/],
    ['a reader', { retryAfterMs: 100 }, /`retryAfterMs` must be a function, got 100/],
    ['chance', { random: 0.5 }, /`random` must be a function/],
  ])('refuse %s', (_, options, message) => {
    expect(make(options as object)).toThrow(message);
    expect(make(options as object)).toThrow(/^CircuitBreaker/);
  });

  it('may be frozen, shared and changed later: each breaker has its own state and a copy', async () => {
    const options = Object.freeze({ consecutiveFailures: 1, window: Object.freeze({ calls: 5 }) });
    const [a, b] = [new CircuitBreaker(options), new CircuitBreaker(options)];
    await a.execute(() => Promise.reject(new Error('boom'))).catch(() => {});
    expect([a.state, b.state]).toEqual(['open', 'closed']);
    const mutable = { consecutiveFailures: 1 };
    const c = new CircuitBreaker(mutable);
    mutable.consecutiveFailures = 99;
    await c.execute(() => Promise.reject(new Error('boom'))).catch(() => {});
    expect(c.state).toBe('open');
  });

  it('are checked where they are inherited, too', () => {
    expect(make(Object.create({ probes: Number.NaN }))).toThrow('`probes` must be');
    class Config {
      get openMs() {
        return -1;
      }
    }
    expect(make(new Config())).toThrow('`openMs` must be a number > 0, got -1');
  });

  it('may be undefined one by one', () => {
    const names = ['name', 'failureRatio', 'window', 'trip', 'openMs', 'mode', 'classify', 'clock', 'random'];
    const options = Object.fromEntries(names.map(name => [name, undefined]));
    expect(described(options)).toEqual(described({}));
  });
});

describe('what was left out', () => {
  it.each<[string, CircuitBreakerOptions, object]>([
    [
      'everything',
      {},
      {
        failureRatio: 0.5,
        minCalls: 20,
        window: { calls: 100 },
        openMs: 10_000,
        probes: 3,
        probesToClose: 2,
      },
    ],
    [
      'the ratio, for a rule was given',
      { consecutiveFailures: 5 },
      { failureRatio: undefined, window: undefined, minCalls: undefined },
    ],
    [
      'the ratio, for the own rule',
      { trip: () => false },
      { failureRatio: undefined, window: { calls: 100 } },
    ],
    ['the slow ratio', { slowMs: 50 }, { failureRatio: 0.5, slowRatio: 0.5, slowMs: 50 }],
    [
      'the slow ratio, for the own rule',
      { slowMs: 50, trip: () => false },
      { slowRatio: undefined, failureRatio: undefined },
    ],
    ['the minimum of a short window', { window: { calls: 5 } }, { minCalls: 5 }],
    [
      'the minimum of a window in time',
      { window: { ms: 5 } },
      { minCalls: 20, window: { ms: 5, buckets: 10 } },
    ],
    ['the majority', { probes: 4 }, { probesToClose: 3 }],
    [
      'the growth of breaks',
      { openMs: { initialMs: 10 } },
      { openMs: { initialMs: 10, factor: 2, maxMs: 300_000, jitterRatio: 0.2 } },
    ],
    ['the cap of a long break', { openMs: { initialMs: 1e6 } }, { openMs: { maxMs: 1e6 } }],
    ['the growth of a fixed break', { openMs: 10 }, { openMs: 10 }],
  ])('%s', (_, options, rules) => {
    const told = described(options);
    const asked = Object.keys(rules).map(name => [name, told[name]]);
    expect(told).toMatchObject({ kind: 'circuit-breaker', name: 'circuit-breaker' });
    expect(Object.fromEntries(asked)).toMatchObject(rules);
  });

  it('is plain JSON, and the defaults are frozen', () => {
    const description = described({ name: 'stock', trip: () => true });
    expect(JSON.parse(JSON.stringify(description))).toEqual(description);
    expect(description).toMatchObject({ name: 'stock', trip: 'trip' });
    expect(Object.isFrozen(CircuitBreaker.defaults)).toBe(true);
  });
});
