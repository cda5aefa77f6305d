import { describe, expect, it } from 'vitest';
import { programOf, specifiers } from './program.js';
import { documented } from './rules/documented.js';

const entry = 'src/case.ts';
const says = (text: string) => documented(programOf([entry], { [entry]: text }), [entry]);
const entries = [...specifiers.values()];

describe('what is public', () => {
  it('is documented in this house', () => expect(documented(programOf(entries), entries)).toEqual([]));

  it.each([
    ['export const a = 1;', 'a'],
    ['export function f(): void {}', 'f'],
    ['export type A = 1;', 'A'],
    ['/** A. */ export interface A { b: string }', 'A.b'],
    ['/** A. */ export type A = { b: string };', 'A.b'],
    ['/** A. */ export class A { b = 1 }', 'A.b'],
    ['/** A. */ export class A { get b() { return 1; } }', 'A.b'],
    ['/** A. */ export class A { b() {} }', 'A.b'],
  ])('is missed in %s', (text, name) => {
    expect(says(text)).toEqual([
      `src/case.ts:1 ${name} says nothing: write what it is, its unit, default and errors`,
    ]);
  });

  it.each([
    '/** A. */ export const a = 1;',
    'const a = 1; function f(): void {}',
    '/** A. */ export class A { #b = 1; private c = 2; constructor() {} }',
    '/** @internal */ export const a = 1;',
    '/** A. */ interface A {\n/** B. */ b(): void }\n/** C. */ export class C implements A { b() {} }',
    '/** A. */ export class A extends Error { override get name() { return "A"; } }',
  ])('is enough in %s', text => expect(says(text)).toEqual([]));

  it('is found through the re-exports of the entry file', () => {
    const files = {
      [entry]: "export { a as b } from './saga/a.js';",
      'src/saga/a.ts': '\nexport const a = 1;',
    };
    expect(documented(programOf([entry], files), [entry])).toEqual([
      expect.stringContaining('src/saga/a.ts:2 b says nothing'),
    ]);
  });
});
