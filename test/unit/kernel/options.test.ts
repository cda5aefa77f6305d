import { describe, expect, it } from 'vitest';
import {
  checkFlag,
  checkKeys,
  checkNumber,
  checkOneOf,
  functionName,
  given,
  isData,
  isRecord,
  isUnsafeName,
  orNull,
  readRefusal,
  refuse,
} from '../../../src/kernel/options.js';

describe('checkNumber', () => {
  it('returns what keeps the rule, its ends included', () => {
    expect(checkNumber('X', 'n', 1, { min: 1, max: 3 })).toBe(1);
    expect(checkNumber('X', 'n', 3, { min: 1, max: 3 })).toBe(3);
    expect(checkNumber('X', 'n', Infinity, { min: 1, infinity: true })).toBe(Infinity);
    expect(checkNumber('X', 'n', -2.5, {})).toBe(-2.5);
  });

  it.each([
    [Number.NaN, { min: 0 }, 'a number >= 0, got NaN'],
    [-1, { min: 0 }, 'a number >= 0, got -1'],
    [0, { above: 0 }, 'a number > 0, got 0'],
    [1.5, { min: 1, integer: true }, 'an integer >= 1, got 1.5'],
    [2 ** 53, { integer: true }, 'an integer, got 9007199254740992'],
    [Infinity, { min: 0 }, 'a number >= 0, got Infinity'],
    [-Infinity, { infinity: true }, 'a number, or Infinity, got -Infinity'],
    [2, { min: 0, max: 1 }, 'a number >= 0 <= 1, got 2'],
  ])('refuses %d under %o', (value, rule, words) => {
    const check = (): number => checkNumber('Owner', 'option', value, rule);
    expect(check).toThrow(RangeError);
    expect(check).toThrow(`Owner: \`option\` must be ${words}`);
  });

  it.each([
    ['5', '"5"'],
    [null, 'null'],
    [{}, 'an object'],
    [5n, '5'],
    [Symbol('s'), 'Symbol(s)'],
  ])('refuses %s as no number at all', (value, shown) => {
    const check = (): number => checkNumber('Owner', 'option', value, {});
    expect(check).toThrow(TypeError);
    expect(check).toThrow(`got ${shown}`);
  });
});

describe('checkKeys', () => {
  it('takes known keys and refuses a typo by its name', () => {
    expect(() => checkKeys('Owner', { a: 1 }, ['a', 'b'])).not.toThrow();
    expect(() => checkKeys('Owner', { A: 1 }, ['a', 'b'])).toThrow(
      'Owner: unknown option `A`; known are a, b',
    );
  });

  it.each([undefined, null, 7, 'text'])('refuses %s in place of options', options => {
    expect(() => checkKeys('Owner', options, [])).toThrow('Owner: `options` must be an object');
  });
});

describe('what all primitives take', () => {
  const known = ['name', 'clock', 'random'];
  const check = (options: object) => () => checkKeys('Owner', options, known);

  it('is taken as it has to be, and left out', () => {
    const options = { name: 'n', random: () => 0.5, clock: { schedule: () => {} } };
    expect(check(options)).not.toThrow();
    expect(check({ name: undefined, random: undefined, clock: undefined })).not.toThrow();
  });

  it.each([
    [{ name: 5 }, '`name` must be a string, got 5'],
    [{ name: null }, '`name` must be a string, got null'],
    [{ random: 0.5 }, '`random` must be a function, got 0.5'],
    [{ clock: {} }, '`clock` must be a Clock, got an object'],
    [{ clock: null }, '`clock` must be a Clock, got null'],
    [{ clock: { schedule: 5 } }, '`clock` must be a Clock, got an object'],
  ])('is refused where it is not: %o', (options, message) => {
    expect(check(options)).toThrow(`Owner: ${message}`);
  });
});

describe('options that an object inherits', () => {
  class Settings {
    readonly own = 1;
    get read(): number {
      return 2;
    }
    set written(_value: number) {}
    method(): void {}
  }
  class More extends Settings {}
  const settings = new More();

  it('count when they are data or are read, and methods do not', () => {
    expect(() => checkKeys('Owner', settings, ['own', 'read'])).not.toThrow();
    expect(() => checkKeys('Owner', settings, ['own'])).toThrow('unknown option `read`; known are own');
    expect(() => checkKeys('Owner', Object.create({ typo: 1 }), ['own'])).toThrow('unknown option `typo`');
    expect(given(settings)).toEqual({ own: 1, read: 2 });
    expect(given(Object.create({ a: 1, b: undefined }))).toEqual({ a: 1 });
  });

  it('are found along a chain that ends at no object', () => {
    const base = Object.assign(Object.create(null), { a: 1 }) as object;
    expect(given(Object.assign(Object.create(base) as object, { b: 2 }))).toEqual({ a: 1, b: 2 });
    expect(given(base)).toEqual({ a: 1 });
    expect(given({ a: 1, b: undefined })).toEqual({ a: 1 });
  });
});

describe('checkOneOf and refuse', () => {
  it('returns what is allowed and names what is', () => {
    expect(checkOneOf('Owner', 'mode', 'a', ['a', 'b'])).toBe('a');
    expect(() => checkOneOf('Owner', 'mode', 'c', ['a', 'b'])).toThrow(
      "`mode` must be 'a' or 'b', got \"c\"",
    );
  });

  it('throws RangeError for numbers and TypeError for the rest', () => {
    expect(() => refuse('Owner', 'x', 'else', 1)).toThrow(RangeError);
    expect(() => refuse('Owner', 'x', 'else', true)).toThrow(TypeError);
  });
});

describe('checkFlag', () => {
  it('returns what is true or false and refuses the rest', () => {
    expect(checkFlag('X', 'on', false)).toBe(false);
    expect(() => checkFlag('X', 'on', 'no')).toThrow('X: `on` must be true or false, got "no"');
  });
});

describe('readRefusal', () => {
  const said = (act: () => unknown) => {
    try {
      return act();
    } catch (error) {
      return readRefusal((error as Error).message);
    }
  };

  it('takes apart what refuse said, whatever the value', () => {
    expect(said(() => refuse('Owner', 'a.b', 'a number > 0', -1))).toEqual({
      parent: undefined,
      option: 'a.b',
      says: 'must be a number > 0, got -1',
      known: [],
    });
    expect(said(() => refuse('Owner', 'a', 'else', 'two\nlines `x` must be y'))).toMatchObject({
      option: 'a',
    });
  });

  it('takes apart what checkKeys said, whatever the key', () => {
    const unknown = { says: undefined, known: ['a', 'b'] };
    expect(said(() => checkKeys('Owner', { c: 1 }, ['a', 'b']))).toEqual({
      ...unknown,
      parent: undefined,
      option: 'c',
    });
    expect(said(() => checkKeys('Owner: `part`', { 'c`\n': 1 }, ['a', 'b']))).toEqual({
      ...unknown,
      parent: 'part',
      option: 'c`\n',
    });
  });

  it('finds a part by any name', () => {
    for (const option of ['parts.a b', 'parts.a.b', 'parts.`', 'parts.']) {
      expect(said(() => refuse('Owner', option, 'a number', 'x'))).toMatchObject({ option });
    }
  });

  it('knows no other message, nor one that only quotes such a message', () => {
    const quoted = ['Owner: `a` must be b, got c', 'Owner: unknown option `c`; known are a'];
    for (const message of ['Owner: something else', ...quoted.map(one => `it said "${one}"`)])
      expect(readRefusal(message)).toBeUndefined();
  });
});

describe('words of descriptions', () => {
  it('are null for no limit, and the names of functions', () => {
    expect([orNull(5), orNull(Infinity)]).toEqual([5, null]);
    const named = (): void => {};
    expect([named, (() => () => {})(), undefined].map(functionName)).toEqual([
      'named',
      'anonymous',
      undefined,
    ]);
    expect([{}, [], null, 'text'].map(isRecord)).toEqual([true, false, false, false]);
  });
});

describe('isData', () => {
  it('is what JSON holds, to a depth, and no name by which objects inherit', () => {
    const nested = (depth: number): unknown => (depth === 0 ? 1 : [nested(depth - 1)]);
    const data = [null, 'text', true, 1.5, [], {}, { a: [1, { b: null }] }, Object.create(null), nested(33)];
    expect(data.map(one => isData(one))).toEqual(data.map(() => true));
    const unsafe = JSON.parse('[{ "__proto__": 1 }, { "a": { "constructor": 1 } }]') as unknown[];
    const none = [
      undefined,
      Infinity,
      Number.NaN,
      () => {},
      5n,
      new Map(),
      [new Date()],
      nested(34),
      ...unsafe,
    ];
    expect(none.map(one => isData(one))).toEqual(none.map(() => false));
    expect(['__proto__', 'constructor', 'prototype', ''].map(isUnsafeName)).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });
});
