import { describe, expect, it } from 'vitest';
import { shown } from '../../../src/testing/shown.js';

class Basket {
  apples = 1;
}
const circle: Record<string, unknown> = { a: 1 };
circle['self'] = circle;
const deep = (levels: number): unknown => (levels === 0 ? {} : { in: deep(levels - 1) });
const refuses = {
  get a(): never {
    throw new Error('no');
  },
};

describe('a value is shown', () => {
  it.each<[unknown, string]>([
    [{ apples: 5, kinds: ['red'] }, "{ apples: 5, kinds: [ 'red' ] }"],
    [{}, '{}'],
    [[], '[]'],
    [-0, '-0'],
    [undefined, 'undefined'],
    [null, 'null'],
    [5n, '5n'],
    [Symbol('s'), 'Symbol(s)'],
    ['it\'s "so"\n', "'it\\'s \"so\"\\n'"],
    [{ 'a-b': 1 }, "{ 'a-b': 1 }"],
    [new Basket(), 'Basket { apples: 1 }'],
    [Object.create(null), '[Object: null prototype] {}'],
    [new TypeError('no'), '[TypeError: no]'],
    [new Date(0), '1970-01-01T00:00:00.000Z'],
    [new Date(Number.NaN), 'Invalid Date'],
    [/a/g, '/a/g'],
    [new Map([['a', { b: 1 }]]), "Map(1) { 'a' => { b: 1 } }"],
    [new Set([1]), 'Set(1) { 1 }'],
    [new Uint8Array([1, 2]), 'Uint8Array(2) [ 1, 2 ]'],
    [shown, '[Function shown]'],
    [circle, '{ a: 1, self: [Circular] }'],
    [refuses, '[Object]'],
  ])('%#', (value, text) => expect(shown(value)).toBe(text));

  it('as far as a person reads', () => {
    expect(shown(deep(10))).toBe('{ in: { in: { in: { in: { in: { in: [Object] } } } } } }');
    expect(shown(Array.from({ length: 60 }, () => 1))).toMatch(/1, \.\.\. 10 more items \]$/);
    expect(shown('x'.repeat(600))).toBe(`'${'x'.repeat(500)}'... 100 more characters`);
    // As wide as it is deep, it stays a text that can be printed.
    const wide = (levels: number): unknown =>
      Array.from({ length: 60 }, () => (levels ? wide(levels - 1) : 1));
    expect(shown(wide(2)).length).toBeLessThan(1_000_000);
  });
});
