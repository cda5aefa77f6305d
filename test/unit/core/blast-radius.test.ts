import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BlastRadius } from '../../../src/core/blast-radius.js';

describe('BlastRadius', () => {
  it('lets through what keeps the share, from the first call on', () => {
    const radius = new BlastRadius(0.25, 8);
    const admitted = Array.from({ length: 16 }, () => radius.admit(true));
    expect(admitted.flatMap((yes, call) => (yes ? [call + 1] : []))).toEqual([4, 8, 12, 16]);
    expect(radius.affected).toBe(2);
  });

  it('counts the calls that nothing is wanted for', () => {
    const radius = new BlastRadius(0.5, 4);
    expect(radius.admit(false)).toBe(false);
    expect(radius.admit(true)).toBe(true);
    expect(radius.admit(true)).toBe(false);
  });

  it('meets a ratio exactly', () => {
    const radius = new BlastRadius(0.07, 100);
    const admitted = Array.from({ length: 100 }, () => radius.admit(true)).filter(Boolean);
    expect(admitted).toHaveLength(7);
  });

  it.each([
    [0, 0],
    [1, 50],
  ])('at a ratio of %d affects %d of 50', (ratio, expected) => {
    const radius = new BlastRadius(ratio, 10);
    expect(Array.from({ length: 50 }, () => radius.admit(true)).filter(Boolean)).toHaveLength(expected);
  });

  it('never affects more than the share of any window, whatever is wanted', () => {
    const setting = fc.record({
      percent: fc.integer({ min: 0, max: 100 }),
      size: fc.integer({ min: 1, max: 12 }),
      wants: fc.array(fc.boolean(), { maxLength: 60, size: 'max' }),
    });
    fc.assert(
      fc.property(setting, ({ percent, size, wants }) => {
        const radius = new BlastRadius(percent / 100, size);
        const log: boolean[] = [];
        for (const wanted of wants) {
          const admitted = radius.admit(wanted);
          const window = [...log, wanted].slice(-size);
          const before = log.slice(-size + 1 || log.length).filter(Boolean).length;
          expect(admitted).toBe(wanted && 100 * (before + 1) <= percent * window.length);
          log.push(admitted);
          expect(radius.affected).toBe(log.slice(-size).filter(Boolean).length);
        }
      }),
    );
  });
});
