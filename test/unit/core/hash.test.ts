import { describe, expect, it } from 'vitest';
import { hash32, mix32 } from '../../../src/core/hash.js';

describe('hash32', () => {
  it('is FNV-1a, mixed once more', () => {
    // From the test suite of FNV, for 32 bits.
    expect(hash32('')).toBe(mix32(0x811c9dc5));
    expect(hash32('a')).toBe(mix32(0xe40c292c));
    expect(hash32('foobar')).toBe(mix32(0xbf9cf968));
  });

  it('is another one with another seed', () => {
    expect(hash32('a', 1)).not.toBe(hash32('a'));
  });
});

describe('mix32', () => {
  it('is the finaliser of MurmurHash3', () => {
    expect([mix32(0), mix32(1)]).toEqual([0, 0x514e28b7]);
  });
});
