import { describe, expect, it } from 'vitest';
import { Timeout, type TimeoutOptions } from '../../../src/resilience/timeout.js';
import { VirtualClock } from '../../../src/testing/virtual-clock.js';

const make = (options: unknown): Timeout => new Timeout(options as TimeoutOptions);

describe('the options of Timeout', () => {
  it.each([
    [Number.NaN, 'NaN'],
    [-1, '-1'],
    [0, '0'],
    [-0, '0'],
    [-Infinity, '-Infinity'],
  ])('refuse %d ms, naming option, rule and value', (timeoutMs, shown) => {
    expect(() => make({ timeoutMs })).toThrow(RangeError);
    expect(() => make({ timeoutMs })).toThrow(
      `Timeout: \`timeoutMs\` must be a number > 0, or Infinity, got ${shown}`,
    );
  });

  it.each([['5'], [undefined], [null], [{}], [5n], [true], [new Date(5)]])('refuse %o as ms', timeoutMs => {
    expect(() => make({ timeoutMs })).toThrow(TypeError);
    expect(() => make({ timeoutMs })).toThrow('Timeout: `timeoutMs` must be a number > 0, or Infinity, got');
  });

  it.each([[1], [1.5], [2 ** 31 - 1], [2 ** 31], [Number.MAX_VALUE], [Number.MIN_VALUE]])(
    'take %d ms as they are',
    async timeoutMs => {
      const clock = new VirtualClock();
      expect(make({ timeoutMs, clock }).describe().timeoutMs).toBe(timeoutMs);
      await expect(make({ timeoutMs, clock }).execute(() => 'answer')).resolves.toBe('answer');
    },
  );

  it.each([[undefined], [null], ['50'], [() => 50]])('refuse %o in place of options', options => {
    expect(() => make(options)).toThrow(TypeError);
    expect(() => make(options)).toThrow('Timeout: `options` must be an object');
  });

  it('refuse keys that they do not know, and say which they know', () => {
    expect(() => make({ timeoutMs: 5, timeout: 5 })).toThrow(
      'Timeout: unknown option `timeout`; known are timeoutMs, strategy, name, clock',
    );
  });

  it('refuse another strategy or a name that is no text', () => {
    expect(() => make({ timeoutMs: 5, strategy: 'aggressive' })).toThrow(
      "Timeout: `strategy` must be 'race' or 'cooperative', got \"aggressive\"",
    );
    expect(() => make({ timeoutMs: 5, name: {} })).toThrow('Timeout: `name` must be a string, got an object');
  });

  it('may be frozen, and changing them later changes nothing', async () => {
    expect(() => make(Object.freeze({ timeoutMs: 5 }))).not.toThrow();
    const clock = new VirtualClock();
    const options = { timeoutMs: 50, name: 'a', clock };
    const timeout = make(options);
    options.timeoutMs = 5;
    options.name = 'b';
    const call = timeout.execute(() => new Promise(() => {}));
    await expect(clock.runUntil(call)).rejects.toMatchObject({ timeoutMs: 50, policy: 'a' });
    expect(clock.now()).toBe(50);
  });

  it('have defaults that cannot be changed', () => {
    expect(Timeout.defaults).toEqual({ strategy: 'race', name: 'timeout' });
    expect(Object.isFrozen(Timeout.defaults)).toBe(true);
  });
});
