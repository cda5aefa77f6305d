import { describe, expect, it } from 'vitest';
import { Hedge } from '../../../src/resilience/hedge.js';
import type { HedgeOptions } from '../../../src/resilience/hedge-options.js';

const numbers = [Number.NaN, -1, -Infinity];
const whole = [...numbers, 0, 1.5, 2 ** 31, Infinity];

describe('the options of a hedge', () => {
  it.each<[string, readonly unknown[], (value: never) => HedgeOptions]>([
    ['delayMs', [...numbers, '5', null, {}], delayMs => ({ delayMs })],
    ['maxHedges', [...whole, 101, '1', null], maxHedges => ({ maxHedges })],
    ['idempotent', [0, 1, 'yes', null], idempotent => ({ idempotent })],
    ['budget', [1, null, {}, { deposit() {} }], budget => ({ budget })],
    ['endpoints', [[], 'a', 1, null, new Set(['a'])], endpoints => ({ endpoints })],
    ['classify', [1, null, {}], classify => ({ classify })],
    ['onDiscard', [1, null, {}], onDiscard => ({ onDiscard })],
    ['name', [1, null, {}], name => ({ name })],
    ['quantile.ratio', [...numbers, 0, 1, 1.5, Infinity, '1'], ratio => ({ quantile: { ratio } })],
    [
      'quantile.windowCalls',
      [...whole, 1, 100_001, 5n, Symbol('5')],
      windowCalls => ({ quantile: { windowCalls } }),
    ],
    ['quantile.minSamples', [...whole, 501], minSamples => ({ quantile: { minSamples } })],
    ['quantile.minMs', [...numbers, Infinity, '1'], minMs => ({ quantile: { minMs } })],
    ['quantile.maxMs', [...numbers, 0.5, '1'], maxMs => ({ quantile: { maxMs } })],
  ])('refuse a wrong `%s`', (name, values, options) => {
    for (const value of values) {
      expect(() => new Hedge(options(value as never)), String(value)).toThrow(`Hedge: \`${name}\` must be`);
    }
  });

  it.each([
    [{ delay: 5 }, 'Hedge: unknown option `delay`'],
    [{ quantile: { ration: 0.9 } }, 'Hedge: `quantile`: unknown option `ration`'],
    [{ quantile: null }, 'Hedge: `quantile` must be an object, got null'],
    [{ delayMs: 5, quantile: {} }, 'must not hold both `delayMs` and `quantile`'],
    [null, 'Hedge: `options` must be an object, got null'],
  ])('refuse %o', (options, message) => {
    expect(() => new Hedge(options as HedgeOptions)).toThrow(message);
  });

  it('take what is undefined for left out', () => {
    const undefinedAll = Object.fromEntries(
      Object.keys(Hedge.defaults).map(name => [name.split('.')[0], undefined]),
    );
    expect(new Hedge(undefinedAll).describe()).toEqual({
      kind: 'hedge',
      name: 'hedge',
      delayMs: 100,
      maxHedges: 1,
      idempotent: false,
    });
  });

  it('are described as JSON', () => {
    const described = (options: HedgeOptions) => JSON.parse(JSON.stringify(new Hedge(options).describe()));
    expect(described({ delayMs: Infinity }).delayMs).toBeNull();
    expect(described({ delayMs: () => 5 }).delayMs).toBe('delayMs');
    expect(described({ quantile: { windowCalls: 50, maxMs: Infinity }, maxHedges: 3 })).toEqual({
      kind: 'hedge',
      name: 'hedge',
      idempotent: false,
      maxHedges: 3,
      quantile: { ratio: 0.95, minSamples: 25, windowCalls: 50, minMs: 1, maxMs: null },
    });
  });

  it('are not moved by what becomes of a list later', async () => {
    const endpoints = ['a'];
    const hedge = new Hedge({ endpoints });
    endpoints[0] = 'b';
    expect(() => (hedge.describe().endpoints as string[]).push('c')).toThrow(TypeError);
    await expect(hedge.execute(({ attributes: { endpoint } }) => endpoint)).resolves.toBe('a');
  });

  it('show how it stands', () => {
    expect(new Hedge().snapshot()).toEqual({
      hedged: 0,
      won: 0,
      allFailed: 0,
      losers: 0,
      notHedged: { undeclared: 0, samples: 0, delivered: 0, deadline: 0, budget: 0, refused: 0 },
      quantileMs: null,
    });
  });

  it('do not make it run what is no function, or for a caller who has gone', async () => {
    const hedge = new Hedge({ idempotent: true });
    await expect(hedge.execute(5 as never)).rejects.toThrow(TypeError);
    await expect(hedge.execute(() => 1, { timeoutMs: -1 })).rejects.toThrow(RangeError);
    await expect(hedge.execute(() => 1, { signal: AbortSignal.abort('gone') })).rejects.toBe('gone');
  });
});
