import { describe, expect, it } from 'vitest';
import { Bulkhead } from '../../../src/resilience/bulkhead.js';

const whole = (min: number): string => `an integer >= ${min}`;
const span = 'a number > 0, or Infinity';
const bad = [Number.NaN, -1, Number.NEGATIVE_INFINITY, 1.5, Number.POSITIVE_INFINITY, 0, '5', null] as const;

describe('the options of a bulkhead', () => {
  it.each([
    ['slots', whole(1), bad],
    ['queue', whole(0), bad.filter(value => value !== 0)],
    ['levels', 'an integer >= 1 <= 32', [...bad, 33]],
    ['ageMs', span, [Number.NaN, -1, Number.NEGATIVE_INFINITY, 0, '5', null]],
    ['queueTimeoutMs', span, [Number.NaN, -1, Number.NEGATIVE_INFINITY, 0, '5', null]],
  ] as const)('refuse a %s that is not %s', (option, rule, values) => {
    for (const value of values) {
      const shown = typeof value === 'string' ? `"${value}"` : String(value);
      const make = (): Bulkhead => new Bulkhead({ slots: 1, [option]: value });
      expect(make).toThrow(`Bulkhead: \`${option}\` must be ${rule}, got ${shown}`);
      expect(make).toThrow(typeof value === 'number' ? RangeError : TypeError);
    }
  });

  it.each([
    { slots: 2 ** 31 },
    { slots: 1, queue: 2 ** 31 },
    { slots: 1, levels: 32, order: 'priority' },
    { slots: 1, levels: 1, order: 'priority' },
    { slots: 1, ageMs: 2 ** 31 },
    { slots: 1, ageMs: 1.5 },
    { slots: 1, queueTimeoutMs: 2 ** 31 },
    { slots: 1, queueTimeoutMs: Number.POSITIVE_INFINITY },
  ] as const)('take %o', options => {
    expect(new Bulkhead(options).describe()).toMatchObject(JSON.parse(JSON.stringify(options)));
  });

  it('refuse what nobody knows, and what is no object', () => {
    expect(() => new Bulkhead({ slots: 1, size: 2 } as { slots: number })).toThrow('unknown option `size`');
    expect(() => new Bulkhead(undefined as unknown as { slots: number })).toThrow(TypeError);
    expect(() => new Bulkhead({ slots: 1, order: 'random' as 'fifo' })).toThrow(
      "Bulkhead: `order` must be 'fifo' or 'lifo' or 'priority', got \"random\"",
    );
    expect(() => new Bulkhead({} as { slots: number })).toThrow('`slots` must be an integer >= 1');
  });

  it('are read once: frozen ones are fine, and later changes change nothing', async () => {
    const options = { slots: 1, queue: 0 };
    const first = new Bulkhead(options);
    options.slots = 9;
    options.queue = 9;
    expect(first.snapshot()).toMatchObject({ slots: 1, queue: 0 });
    await expect(new Bulkhead(Object.freeze(options)).execute(() => 1)).resolves.toBe(1);
    expect(Bulkhead.defaults).toEqual({
      queue: 0,
      order: 'fifo',
      levels: 3,
      ageMs: 1_000,
      queueTimeoutMs: Number.POSITIVE_INFINITY,
      name: 'bulkhead',
    });
    expect(Object.isFrozen(Bulkhead.defaults)).toBe(true);
  });
});
