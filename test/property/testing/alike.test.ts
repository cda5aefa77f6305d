import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { alike } from '../../../src/testing/alike.js';

const anything = () =>
  fc.anything({
    ...{ withBigInt: true, withBoxedValues: true, withMap: true, withSet: true },
    ...{ withNullPrototype: true, withSparseArray: true, withTypedArray: true, maxDepth: 3 },
  });

/** Small, so that equal ones are met as well. */
const few = () =>
  fc.letrec(tie => ({
    node: fc.oneof(
      { maxDepth: 3 },
      fc.constantFrom<unknown>(0, -0, Number.NaN, '', 'a', null, undefined, true),
      fc.array(tie('node'), { maxLength: 2 }),
      fc.dictionary(fc.constantFrom('a', 'b'), tie('node'), { maxKeys: 2 }),
      fc.array(tie('node'), { maxLength: 2 }).map(items => new Set(items)),
      fc.array(fc.tuple(tie('node'), tie('node')), { maxLength: 2 }).map(pairs => new Map(pairs)),
    ),
  })).node;

describe('alike', () => {
  it('agrees with Node about any two values', () => {
    fc.assert(fc.property(anything(), anything(), (a, b) => alike(a, b) === isDeepStrictEqual(a, b)));
    fc.assert(
      fc.property(few(), few(), (a, b) => alike(a, b) === isDeepStrictEqual(a, b)),
      { numRuns: 3_000 },
    );
  });

  it('agrees with Node about a value and its copy', () => {
    fc.assert(fc.property(fc.clone(anything(), 2), ([a, b]) => alike(a, b) === isDeepStrictEqual(a, b)));
    fc.assert(fc.property(fc.clone(few(), 2), ([a, b]) => alike(a, b) && isDeepStrictEqual(a, b)));
  });

  const circle = (name: string) => {
    const round: Record<string, unknown> = { name };
    round['self'] = [round];
    return round;
  };
  const fails = (message: string, cause?: unknown) => Object.assign(new Error(message, { cause }));
  it.each<[string, unknown, unknown, boolean]>([
    ['circles', circle('a'), circle('a'), true],
    ['circles of other names', circle('a'), circle('b'), false],
    ['errors', fails('a', 1), fails('a', 1), true],
    ['errors of other messages', fails('a'), fails('b'), false],
    ['errors of other causes', fails('a', 1), fails('a', 2), false],
    ['errors of other classes', new TypeError('a'), new Error('a'), false],
    ['dates', new Date(1), new Date(1), true],
    ['other dates', new Date(1), new Date(2), false],
    ['functions', () => 1, () => 1, false],
    ['buffers', new Uint8Array([1, 2]).buffer, new Uint8Array([1, 2]).buffer, true],
    ['other buffers', new Uint8Array([1, 2]).buffer, new Uint8Array([1, 3]).buffer, false],
    ['a view and all of its buffer', new Uint8Array([9, 1]).subarray(1), new Uint8Array([1]), true],
    ['an array and an object', [1], { 0: 1, length: 1 }, false],
    ['holes', new Array(1), [undefined], false],
    ['arrays of other lengths', new Array(1), new Array(2), false],
    ['symbols as names', { [Symbol.iterator]: 1 }, { [Symbol.iterator]: 2 }, false],
    ['expressions', /a/g, /a/i, false],
    ['what was matched', Object.assign(/a/g, { lastIndex: 1 }), /a/g, false],
    ['sets of sets', new Set([new Set([1]), new Set([2])]), new Set([new Set([2]), new Set([1])]), true],
    ['sets with a partner too few', new Set([[1], [1]]), new Set([[1], [2]]), false],
    ['what calls itself a date', { [Symbol.toStringTag]: 'Date' }, { [Symbol.toStringTag]: 'Date' }, true],
  ])('knows %s', (_what, a, b, same) => {
    expect(alike(a, b)).toBe(same);
    expect(isDeepStrictEqual(a, b)).toBe(same);
    expect(alike(b, a)).toBe(same);
  });

  it('knows a date that is none as the same, which Node does not', () => {
    expect(alike(new Date(Number.NaN), new Date(Number.NaN))).toBe(true);
    expect(alike(new Date(Number.NaN), new Date(0))).toBe(false);
  });

  it('knows promises as they are, on which versions of Node do not agree', () => {
    const one = Promise.resolve(1);
    expect([alike(one, one), alike(one, Promise.resolve(1))]).toEqual([true, false]);
  });
});
