import { describe, expect, it } from 'vitest';
import { type BarrierState, decideBarrier } from '../../../src/core/barrier.js';

const row = (forward: BarrierState['forward'], compensate: BarrierState['compensate']): BarrierState => ({
  ...{ forward, compensate },
  epoch: 4,
});

describe('the decision of a barrier', () => {
  it.each([
    ['none', 'none', 'run', 'void'],
    ['done', 'none', 'duplicate', 'run'],
    ['none', 'void', 'refused', 'void'],
    ['done', 'done', 'refused', 'duplicate'],
  ] as const)('after forward %s and compensate %s is %s for a step and %s for its compensation', (...all) => {
    const [forward, compensate, step, undo] = all;
    for (const epoch of [undefined, 4, 5]) {
      expect(decideBarrier(row(forward, compensate), 'forward', epoch)).toBe(step);
      expect(decideBarrier(row(forward, compensate), 'compensate', epoch)).toBe(undo);
    }
    for (const epoch of [0, 3]) {
      expect(decideBarrier(row(forward, compensate), 'forward', epoch)).toBe('stale');
      expect(decideBarrier(row(forward, compensate), 'compensate', epoch)).toBe('stale');
    }
  });
});
