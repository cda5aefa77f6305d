import { describe, expect, it } from 'vitest';
import { Sieve, SieveNode } from '../../../src/core/sieve.js';

const filled = (max: number, keys: string): Sieve<SieveNode> => {
  const sieve = new Sieve<SieveNode>(max);
  for (const key of keys) sieve.add(new SieveNode(key));
  return sieve;
};
const add = (sieve: Sieve<SieveNode>, key: string): string | undefined => sieve.add(new SieveNode(key))?.key;

describe('Sieve', () => {
  it('takes out the oldest of those that nobody asked for', () => {
    const sieve = filled(3, 'abc');
    sieve.get('a');
    expect(add(sieve, 'd')).toBe('b');
    // The hand goes on from where it stopped, and does not look at `a` again yet.
    expect(add(sieve, 'e')).toBe('c');
    expect(add(sieve, 'f')).toBe('d');
  });

  it('spares what was visited once, and not for ever', () => {
    const sieve = filled(2, 'ab');
    sieve.get('a');
    sieve.get('b');
    expect(add(sieve, 'c')).toBe('a');
    expect(add(sieve, 'd')).toBe('b');
  });

  it('does not count a peek as a visit', () => {
    const sieve = filled(2, 'ab');
    expect(sieve.peek('a')?.key).toBe('a');
    expect(add(sieve, 'c')).toBe('a');
  });

  it('lets a new node take over place and visits of the one with its key', () => {
    for (const key of 'abc') {
      const sieve = filled(3, 'abc');
      sieve.get(key);
      expect(add(sieve, key)).toBe(key);
      expect(sieve.size).toBe(3);
      expect(sieve.peek(key)?.visited).toBe(true);
      expect(add(sieve, 'd')).toBe(key === 'a' ? 'b' : 'a');
    }
  });

  it('moves the hand along when its node is replaced or deleted', () => {
    const replaced = filled(3, 'abc');
    replaced.get('a');
    expect(add(replaced, 'd')).toBe('b');
    expect(add(replaced, 'c')).toBe('c');
    expect(add(replaced, 'e')).toBe('c');
    const deleted = filled(3, 'abc');
    deleted.get('a');
    expect(add(deleted, 'd')).toBe('b');
    expect(deleted.delete('c')?.key).toBe('c');
    expect(deleted.delete('c')).toBeUndefined();
    expect(add(deleted, 'e')).toBeUndefined();
    expect(add(deleted, 'f')).toBe('d');
  });

  it('starts over after it was emptied', () => {
    const sieve = filled(2, 'ab');
    for (const { key } of [...sieve.nodes()]) sieve.delete(key);
    expect(sieve.size).toBe(0);
    add(sieve, 'c');
    add(sieve, 'd');
    expect(add(sieve, 'e')).toBe('c');
  });

  it.each([0, -1, 1.5, Number.NaN, Infinity])('refuses room for %d entries', max => {
    expect(() => new Sieve(max)).toThrow(RangeError);
  });
});
