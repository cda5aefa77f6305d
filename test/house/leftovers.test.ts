import { describe, expect, it } from 'vitest';
import { leftovers } from './rules/leftovers.js';
import { readTree, treeOf } from './tree.js';

const house = readTree('src', 'test');

describe('leftovers', () => {
  it('are cleared from this house', () => expect(leftovers(house)).toEqual([]));

  it.each([
    ['src/saga/a.ts', '// TODO: later', 'says TODO'],
    ['src/saga/a.ts', '/** FIXME */', 'says FIXME'],
    ['src/saga/a.ts', '// XXX', 'says XXX'],
    ['src/saga/a.ts', 'console.log(1);', 'says console.log'],
    ['src/saga/a.ts', 'console.error(1);', 'says console.error'],
    ['test/a.test.ts', "it.only('x', f);", 'says it.only'],
    ['test/a.test.ts', "describe.skip('x', f);", 'says describe.skip'],
    ['test/a.test.ts', "it.concurrent.todo('x');", 'says it.concurrent.todo'],
  ])('are found in %s: %s', (path, text, message) => {
    expect(leftovers(treeOf({ [path]: text }))).toEqual([expect.stringContaining(message)]);
  });

  it('are not reports that say whose they are', () => {
    const text = "console.error('keelson: a listener failed', error);";
    expect(leftovers(treeOf({ 'src/kernel/a.ts': text }))).toEqual([]);
  });

  it('are not words inside the text of a test', () => {
    expect(leftovers(treeOf({ 'test/a.test.ts': "const text = 'it.only TODO console.log';" }))).toEqual([]);
  });
});
