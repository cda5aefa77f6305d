import { describe, expect, it } from 'vitest';
import { barrels, forms, names } from './rules/forms.js';
import { readTree, treeOf } from './tree.js';

const house = readTree('src', 'test');
const one = (text: string) => treeOf({ 'src/saga/a.ts': text });

describe('forms', () => {
  it('are kept in this house', () => expect(forms(house)).toEqual([]));

  it.each([
    ['export default 1;', 'exports a default'],
    ['export default function f() {}', 'exports a default'],
    ['const a = 1; export { a as default };', 'exports a default'],
    ['enum A { B }', 'declares an enum'],
    ['namespace A {}', 'declares a namespace'],
    ['class A { constructor(readonly b: number) {} }', 'has a parameter property'],
    ['export type A = any;', 'says `any`'],
  ])('tell of %s', (text, message) => {
    expect(forms(one(text))).toEqual([expect.stringMatching(`^src/saga/a.ts:1 ${message}`)]);
  });

  it('leave a switch its default', () => expect(forms(one('switch (a) { default: f(); }'))).toEqual([]));
});

describe('barrels', () => {
  it('are absent from this house', () => expect(barrels(house)).toEqual([]));

  it.each([
    ['src/saga/a.ts', "export { b } from './b.js';", 're-exports'],
    ['src/saga/a.ts', "export type { B } from './b.js';", 're-exports'],
    ['src/saga.ts', "export * from './saga/a.js';", 'exports `*`'],
    ['src/saga.ts', "export * from './events.js';", 'exports `*`'],
    ['src/index.ts', "export * from './saga/a.js';", 'exports `*`'],
    ['src/index.ts', "export * from 'eventemitter3';", 'exports `*`'],
    ['src/index.ts', "export * as saga from './saga/a.js';", 're-exports as a namespace'],
    ['src/saga.ts', 'export const a = 1;', 'is code in an entry file'],
  ])('tell of %s with %s', (path, text, message) => {
    expect(barrels(treeOf({ [path]: text }))).toEqual([expect.stringContaining(message)]);
  });

  it.each([
    ['src/saga.ts', "export { a, type B } from './saga/a.js';"],
    ['src/index.ts', "export * from './saga.js';"],
    ['src/adapters/redis.ts', "export { RedisBus } from './redis/bus.js';"],
  ])('are what %s is for', (path, text) => expect(barrels(treeOf({ [path]: text }))).toEqual([]));
});

describe('names', () => {
  it('say what is inside in this house', () => expect(names(house)).toEqual([]));

  it.each([
    'src/core/utils.ts',
    'src/helpers/a.ts',
    'src/types.ts',
    'src/common.ts',
    'src/saga/index.ts',
    'test/helpers.ts',
  ])('tell of %s', path => expect(names(treeOf({ [path]: '' }))).toEqual([expect.stringContaining(path)]));

  it('let the front door and the folder of type tests be', () => {
    expect(names(treeOf({ 'src/index.ts': '', 'test/types/retry.test-d.ts': '' }))).toEqual([]);
  });
});
