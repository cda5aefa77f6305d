import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { keyShare } from '../../../src/core/key-share.js';

describe('keyShare', () => {
  it('is the same for a key at all times, and never 1', () => {
    fc.assert(
      fc.property(fc.string(), key => {
        const share = keyShare(key);
        return share === keyShare(`${key}`) && share >= 0 && share < 1;
      }),
    );
    // Who is in force must not change with a version of this package.
    expect([keyShare(''), keyShare('tenant-7')].map(share => share.toFixed(6))).toEqual([
      '0.668922',
      '0.747238',
    ]);
  });

  it.each(['tenant-', '', 'https://host.example:'])(
    'spreads keys that begin with "%s" and count on evenly',
    prefix => {
      const counts = new Array<number>(10).fill(0);
      for (let i = 0; i < 10_000; i++) counts[Math.floor(keyShare(prefix + i) * 10)]!++;
      for (const count of counts) expect(Math.abs(count - 1000)).toBeLessThan(120);
    },
  );
});
