import { describe, expect, it } from 'vitest';
import { fileLength, functionLength, lineLength } from './rules/sizes.js';
import { readTree, treeOf } from './tree.js';

const house = readTree(
  'src',
  'test',
  'examples',
  'bench',
  'scripts',
  'docs',
  'tsup.config.ts',
  'vitest.config.ts',
);
const lines = (count: number) => '1;\n'.repeat(count);

describe('sizes', () => {
  it('are kept by the files of this house', () => expect(fileLength(house)).toEqual([]));
  it('are kept by the lines of this house', () => expect(lineLength(house)).toEqual([]));
  it('are kept by the functions of this house', () => expect(functionLength(house)).toEqual([]));

  it('tell of a file of 301 lines, not of 300', () => {
    expect(fileLength(treeOf({ 'src/a.ts': lines(300) }))).toEqual([]);
    expect(fileLength(treeOf({ 'src/a.ts': lines(301) }))).toEqual([
      'src/a.ts has 301 lines, at most 300: it wants to be two files',
    ]);
  });

  it('tell of a line of 111 columns, not of 110', () => {
    const line = (columns: number) => `\n${'x'.repeat(columns)}\n`;
    expect(lineLength(treeOf({ 'test/a.ts': line(110) }))).toEqual([]);
    expect(lineLength(treeOf({ 'test/a.ts': line(111) }))).toEqual([
      'test/a.ts:2 has 111 columns, at most 110: break the line',
    ]);
  });

  it.each([
    ['function f() {', '}', 'f'],
    ['class A { f() {', '}}', 'f'],
    ['const f = () => {', '};', 'a function'],
    ["it('x', () => {", '});', 'a function'],
  ])('tell of a function of 61 lines, not of 60: %s', (head, tail, name) => {
    const body = (count: number) => treeOf({ 'src/a.ts': `${head}\n${lines(count - 2)}${tail}` });
    expect(functionLength(body(60))).toEqual([]);
    expect(functionLength(body(61))).toEqual([`src/a.ts:1 ${name} has 61 lines, at most 60: split it`]);
  });

  it('leave the chapters of a test file alone', () => {
    const chapter = `describe('x', () => {\n${lines(100)}});`;
    expect(functionLength(treeOf({ 'test/a.test.ts': chapter }))).toEqual([]);
  });

  it('are for code, not for data or prose', () => {
    expect(lineLength(treeOf({ 'README.md': 'x'.repeat(200), 'a.json': 'x'.repeat(200) }))).toEqual([]);
  });
});
