import { describe, expect, it } from 'vitest';
import { MassExpiry } from '../../../src/core/mass-expiry.js';

const rules = { ratio: 0.5, from: 4, windowMs: 10 };

describe('many leases that end together', () => {
  it('are doubted above the share, not at it', () => {
    const expiry = new MassExpiry(rules);
    expect([1, 2, 3, 4].map(dead => expiry.doubts(dead, 4, 100))).toEqual([false, false, true, true]);
  });

  it('are believed of a small group', () => {
    const expiry = new MassExpiry(rules);
    expect(expiry.doubts(3, 3, 100)).toBe(false);
  });

  it('are many together with those that ended lately', () => {
    const expiry = new MassExpiry(rules);
    expiry.note(2, 100);
    expect(expiry.doubts(0, 2, 109)).toBe(false);
    expect(expiry.doubts(1, 2, 109)).toBe(true);
    expect(expiry.doubts(1, 2, 119)).toBe(true);
    expect(expiry.doubts(1, 2, 120)).toBe(false);
  });

  it('forget what ended before a time in which nobody looked', () => {
    const expiry = new MassExpiry(rules);
    expiry.note(2, 100);
    expiry.note(3, 110);
    expect(expiry.doubts(1, 3, 119)).toBe(true);
    expect(expiry.doubts(1, 3, 200)).toBe(false);
  });

  it('are always believed at 1', () => {
    expect(new MassExpiry({ ...rules, ratio: 1 }).doubts(9, 9, 100)).toBe(false);
  });
});
