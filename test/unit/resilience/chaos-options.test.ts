import { describe, expect, it } from 'vitest';
import { Chaos } from '../../../src/resilience/chaos.js';
import type { ChaosOptions } from '../../../src/resilience/chaos-options.js';

describe('the options of Chaos', () => {
  it.each(['faultRatio', 'latencyRatio', 'outcomeRatio', 'truncateRatio', 'maxAffectedRatio'])(
    'refuse a bad %s',
    option => {
      for (const value of [Number.NaN, -0.1, 1.1, Infinity]) {
        expect(() => new Chaos({ [option]: value })).toThrow(`Chaos: \`${option}\` must be`);
      }
    },
  );

  it.each([
    [{ latencyRatio: 0.1 }, 'latencyMs'],
    [{ latencyMs: Infinity }, 'latencyMs'],
    [{ latencyMs: [5, 1] }, 'latencyMs'],
    [{ latencyMs: [1, 2, 3] }, 'latencyMs'],
    [{ latencyMs: 'long' }, 'latencyMs'],
    [{ outcomeRatio: 0.1 }, 'outcome'],
    [{ outcome: 5 }, 'outcome'],
    [{ fault: new Error('no function') }, 'fault'],
    [{ truncateAfter: 1.5 }, 'truncateAfter'],
    [{ windowCalls: 0 }, 'windowCalls'],
    [{ windowCalls: 2 ** 31 }, 'windowCalls'],
    [{ enabled: 'yes' }, 'enabled'],
    [{ random: 4 }, 'random'],
    [{ name: 5 }, 'name'],
    [{ rate: 0.5 }, 'rate'],
  ])('refuse %o', (options, named) => {
    expect(() => new Chaos(options as ChaosOptions)).toThrow(`\`${named}\``);
  });

  it('are described', () => {
    expect(new Chaos({ faultRatio: 0.5, name: 'storm' }).describe()).toEqual({
      kind: 'chaos',
      name: 'storm',
      faultRatio: 0.5,
      latencyRatio: 0,
      outcomeRatio: 0,
      truncateRatio: 0,
      truncateAfter: 1,
      enabled: true,
      maxAffectedRatio: 1,
      windowCalls: 100,
    });
    expect(Object.isFrozen(Chaos.defaults)).toBe(true);
    const latencyMs: [number, number] = [1, 2];
    const told = new Chaos({ latencyMs }).describe();
    latencyMs[0] = 9;
    expect(told.latencyMs).toEqual([1, 2]);
    expect(Object.isFrozen(told.latencyMs)).toBe(true);
  });
});
