import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cookieValue } from '../../../src/core/cookie.js';
import { sideByChance, sideOfKey } from '../../../src/core/route-split.js';

const keys = Array.from({ length: 10_000 }, (_, at) => `client-${at}`);
const sides = (stable: number, canary: number) => [
  { name: 'stable', weight: stable },
  { name: 'canary', weight: canary },
];
const nameOf = (key: string, list: ReturnType<typeof sides>) => sideOfKey(list, key)!.name;

describe('sideOfKey', () => {
  it.each([
    [1, 1, 0.5],
    [95, 5, 0.05],
    [9, 1, 0.1],
    [1, 0, 0],
    [0, 3, 1],
  ])('gives weights %d and %d their share', (stable, canary, share) => {
    const moved = keys.filter(key => nameOf(key, sides(stable, canary)) === 'canary').length;
    expect(Math.abs(moved / keys.length - share)).toBeLessThan(0.012);
  });

  it('keeps everybody who is on a side whose weight grows, and takes nobody from a third', () => {
    const third = { name: 'other', weight: 30 };
    const before = keys.map(key => nameOf(key, [...sides(60, 10), third]));
    const after = keys.map(key => nameOf(key, [...sides(60, 40), third]));
    const moves = new Set(keys.flatMap((_, at) => (before[at] === after[at] ? [] : [after[at]])));
    expect([...moves]).toEqual(['canary']);
  });

  it('does not change with a version of this package, nor with the order of the sides', () => {
    const found = ['ada', 'bob', 'eve', 'joe', ''].map(key => nameOf(key, sides(1, 1)));
    expect(found).toEqual(['ada', 'bob', 'eve', 'joe', ''].map(key => nameOf(key, sides(1, 1).reverse())));
    expect(found).toEqual(['stable', 'stable', 'canary', 'canary', 'stable']);
  });

  it('gives the least share to a key whose number is 0, in whatever order the sides are', () => {
    // One in 2^32 keys: its share must not be 0 or less, which has no logarithm.
    expect(nameOf('client-fx952i', sides(1, 1))).toBe('stable');
    expect(nameOf('client-fx952i', sides(1, 1).reverse())).toBe('stable');
    expect(nameOf('client-fx952i', sides(0, 1))).toBe('canary');
  });

  it('knows a side with the least of weights, and the first of two that are the same', () => {
    // Of this key so little counts that its score is rounded to 0.
    expect(nameOf('client-fx952i', sides(0, Number.MIN_VALUE))).toBe('canary');
    const [first, second] = [...sides(1, 0).slice(0, 1), ...sides(1, 0).slice(0, 1)];
    expect(sideOfKey([first!, second!], 'client-1')).toBe(first);
  });

  it('knows no side where none has a weight', () => {
    expect(sideOfKey(sides(0, 0), 'a')).toBeUndefined();
    expect(sideByChance(sides(0, 0), 0.5)).toBeUndefined();
  });
});

describe('sideByChance', () => {
  it('takes the side in whose share the chance lies', () => {
    const found = [0, 0.899, 0.9, 0.999].map(chance => sideByChance(sides(9, 1), chance)!.name);
    expect(found).toEqual(['stable', 'stable', 'canary', 'canary']);
  });

  it('never takes one without a weight', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), chance => {
        expect(sideByChance([...sides(0, 1), { name: 'last', weight: 0 }], chance)!.name).toBe('canary');
      }),
      { numRuns: 50 },
    );
  });
});

describe('cookieValue', () => {
  it.each([
    ['a=1; b=2', 'b', '2'],
    ['a=1;b=2 ', 'b', '2'],
    ['ab=1; b=x=y', 'b', 'x=y'],
    ['b=1; b=2', 'b', '1'],
    ['b; a=1', 'b', undefined],
    ['bb; a=1', 'b', undefined],
    ['b; b=2', 'b', '2'],
    ['=x; a=1', '', 'x'],
    ['b=', 'b', undefined],
    [undefined, 'b', undefined],
  ])('of %j, %s is %j', (field, name, value) => {
    expect(cookieValue(field, name)).toBe(value);
  });
});
