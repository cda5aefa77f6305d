import type { Parameters as Effort } from 'fast-check';
import { expect } from 'vitest';

/** `npm run fuzz`: many runs, new each time, and what is measured by the clock. */
export const long = process.env['FUZZ'] === 'long';

/** With every `npm test`: few runs, always the same. */
export function effort(runs: number): Effort<unknown> {
  if (!long) return { numRuns: runs, seed: 20_260_101 };
  const seed = process.env['FC_SEED'];
  return { numRuns: runs * 100, ...(seed === undefined ? {} : { seed: Number(seed) }) };
}

const shared = [Object.prototype, Array.prototype, Function.prototype, String.prototype, Error.prototype];
const namesOf = (): string[] => shared.flatMap(one => Reflect.ownKeys(one).map(String));
const before = namesOf();

/** Fails when something has been written to what all objects inherit. */
export function expectCleanPrototypes(): void {
  expect(namesOf()).toEqual(before);
  expect(Object.keys(Object.getPrototypeOf({}) as object)).toEqual([]);
}

/** Names that mean something to objects. */
export const awkwardNames = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  'then',
  'toJSON',
  '',
  ' ',
  'a.b',
  '0',
  '`; known are `',
] as const;

/** What careless callers pass for a number. */
export const awkwardNumbers: readonly unknown[] = [
  ...[0, -0, 1, -1, 0.5, 1.5, 2, 3, 10, 100, 2 ** 31 - 1, 2 ** 31, 2 ** 32, 2 ** 53 - 1, 2 ** 53],
  ...[5e-324, 1e-9, 1e308, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
  ...['5', '', 'abc', null, undefined, true, false, [], [5], {}, { valueOf: () => 5 }],
  ...[5n, Symbol('five'), () => 5, new Date(5), Object.create(null)],
];
