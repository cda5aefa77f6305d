import { describe, expect, it } from 'vitest';
import { moduleScope } from './rules/module-scope.js';
import { readTree, treeOf } from './tree.js';

const house = readTree('src');
const one = (text: string) => treeOf({ 'src/saga/a.ts': text });

describe('module scope', () => {
  it('does nothing in this house', () => expect(moduleScope(house)).toEqual([]));

  it.each([
    ['const a = make();', 'calls make when imported: build it on first use'],
    ['export const bus = new Bus();', 'calls Bus when imported: build it on first use'],
    ['const a = [1].map(f);', 'calls [1].map when imported'],
    ['class A { static b = new B(); }', 'calls B when imported'],
    ['class A { static { f(); } }', 'is a static block'],
    ['let count = 0;', 'is a variable of the module'],
    ['register(1);', 'acts when the module is imported'],
    ['const a = Object.freeze({});', 'write /*#__PURE__*/ before it'],
    ['const a = /*#__PURE__*/ new Map();', 'is an empty Map shared by all users'],
    ['const a = /*#__PURE__*/ make();', 'calls make when imported'],
    ['const Lean = leanClass(A, fill);', 'write /*#__PURE__*/ before it'],
  ])('tells of %s', (text, message) => {
    expect(moduleScope(one(text))).toContainEqual(expect.stringContaining(message));
  });

  it('allows the variables for which a reason is given', () => {
    const text = 'let turnTime = 0;';
    expect(moduleScope(treeOf({ 'src/kernel/clock.ts': text }))).toEqual([]);
    expect(moduleScope(treeOf({ 'src/kernel/random.ts': text }))).toHaveLength(1);
  });

  it.each([
    'export const defaults = /*#__PURE__*/ Object.freeze({ a: 1, b: [2] });',
    'const brand = /* @__PURE__ */ Symbol.for("x");',
    'const safe: ReadonlySet<string> = /*#__PURE__*/ new Set(["GET"]);',
    'const Lean = /* @__PURE__ */ leanClass(A, fill);',
    'const f = () => make();',
    'class A { b = new B(); #c = make(); static d = () => make(); }',
    'const day = 24 * 60 * 60 * 1000;',
  ])('allows %s', text => expect(moduleScope(one(text))).toEqual([]));
});
