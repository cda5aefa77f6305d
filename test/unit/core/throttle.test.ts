import { describe, expect, it } from 'vitest';
import { Throttle, type ThrottleRules } from '../../../src/core/throttle.js';

const rules: ThrottleRules = { windowMs: 100, buckets: 10, headroom: 2, maxRejectRatio: 0.9, minRequests: 4 };

/** A throttle that has seen so many requests accepted and not. */
const asked = (accepted: number, failed: number, other: Partial<ThrottleRules> = {}): Throttle => {
  const throttle = new Throttle({ ...rules, ...other }, 0);
  for (let i = 0; i < accepted; i++) throttle.record(true, 0);
  for (let i = 0; i < failed; i++) throttle.record(false, 0);
  return throttle;
};

describe('Throttle', () => {
  it('asks chance only where something is to be rejected', () => {
    const unasked = (): number => expect.unreachable('nothing hangs on chance');
    expect(asked(9, 0).admit(0, 0, unasked)).toBe(true);
    expect(asked(0, 3).admit(0, 0, unasked)).toBe(true);
    expect(asked(5, 5).admit(0, 0, unasked)).toBe(true);
  });

  it('rejects below the ratio, not at it', () => {
    const throttle = asked(2, 7);
    const ratio = throttle.rejectRatio(0, 0);
    expect(ratio).toBe(0.5);
    expect(throttle.admit(0, 0, () => ratio)).toBe(true);
    expect(throttle.requests(0)).toBe(9);
    expect(throttle.admit(0, 0, () => ratio - 1e-9)).toBe(false);
    expect([throttle.requests(0), throttle.accepts(0)]).toEqual([10, 2]);
  });

  it('rejects as much as it may where none was accepted, however urgent the next one is', () => {
    expect(asked(0, 19).rejectRatio(2_000, 0)).toBe(0.9);
  });

  it.each([
    [0, 0.75],
    [1, 0.55],
    [-1, 0.85],
    [-9, 0.85],
  ])('takes accepted requests for less the less urgent the next one is: %d', (priority, ratio) => {
    expect(asked(2, 17).rejectRatio(priority, 0)).toBeCloseTo(ratio, 9);
  });
});
