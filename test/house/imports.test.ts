import { describe, expect, it } from 'vitest';
import { circles, directions, packages, portableDoors } from './rules/imports.js';
import { readTree, treeOf } from './tree.js';

const house = readTree('src');
/** A small house in which every file that the cases import exists. */
const rooms = [
  'core/a',
  'kernel/a',
  'saga/a',
  'data/a',
  'proxy/a',
  'testing/a',
  'gateway/a',
  'adapters/a',
  'index',
];
const files = Object.fromEntries(rooms.map(room => [`src/${room}.ts`, 'export const a = 1;']));
const importing = (path: string, specifier: string) =>
  treeOf({ ...files, [path]: `import { a } from '${specifier}';` });

describe('directions', () => {
  it('hold in this house', () => expect(directions(house)).toEqual([]));

  it.each([
    ['src/core/b.ts', '../kernel/a.js', 'core/ imports only core/'],
    ['src/kernel/b.ts', '../core/a.js', 'kernel/ imports only kernel/'],
    ['src/saga/b.ts', '../data/a.js', 'saga/ and data/ share a floor'],
    ['src/saga/b.ts', '../proxy/a.js', 'proxy/ stands above saga/'],
    ['src/proxy/b.ts', '../gateway/a.js', 'gateway/ is opened by entry files only'],
    ['src/observe/b.ts', '../gateway/a.js', 'gateway/ is opened by entry files only'],
    ['src/data/b.ts', '../adapters/a.js', 'adapters/ is opened by entry files only'],
    ['src/gateway/b.ts', '../testing/a.js', 'testing/ is opened by entry files only'],
    ['src/saga/b.ts', '../index.js', 'an entry file is for users'],
    ['src/saga/b.ts', './gone.js', 'there is no src/saga/gone.ts'],
    ['src/saga/b.ts', './a', 'write the path with its `.js` ending'],
    ['src/attic/b.ts', '../core/a.js', 'attic/ is no room of the house'],
    ['src/saga/b.ts', '../../test/x.js', 'there is no test/x.ts'],
  ])('tell of %s importing %s', (path, specifier, message) => {
    expect(directions(importing(path, specifier))).toEqual([expect.stringContaining(message)]);
  });

  it('let a room use itself and the floors below', () => {
    expect(directions(importing('src/saga/b.ts', './a.js'))).toEqual([]);
    expect(directions(importing('src/saga/b.ts', '../core/a.js'))).toEqual([]);
    expect(directions(importing('src/adapters/b.ts', '../gateway/a.js'))).toEqual([]);
    expect(directions(importing('src/gateway/b.ts', '../proxy/a.js'))).toEqual([]);
    expect(directions(importing('src/gateway.ts', './gateway/a.js'))).toEqual([]);
  });

  it.each([
    "type A = import('../kernel/a.js').A;",
    "const a = import('../kernel/a.js');",
    "import type { A } from '../kernel/a.js';",
    "export { a } from '../kernel/a.js';",
  ])('see an import written as %s', text => {
    expect(directions(treeOf({ ...files, 'src/core/b.ts': text }))).toHaveLength(1);
  });
});

describe('packages', () => {
  it('are where they belong in this house', () => expect(packages(house)).toEqual([]));

  it.each([
    ['src/saga/b.ts', 'node:fs', 'node: is for testing, observe, adapters'],
    ['src/core/b.ts', 'p-limit', 'core/ imports only core/'],
    ['src/kernel/b.ts', 'p-limit', 'not on the ground floor'],
    ['src/saga/b.ts', 'eventemitter3', 'only src/kernel/events.ts speaks to it'],
    ['src/saga/b.ts', 'pg', 'a client is an optional peer'],
  ])('tell of %s importing %s', (path, specifier, message) => {
    expect(packages(importing(path, specifier))).toEqual([expect.stringContaining(message)]);
  });

  it.each([
    ['src/observe/b.ts', 'node:diagnostics_channel'],
    ['src/kernel/events.ts', 'eventemitter3'],
    ['src/saga/b.ts', 'p-limit'],
    ['src/adapters/b.ts', 'pg'],
  ])('let %s import %s', (path, specifier) => {
    expect(packages(importing(path, specifier))).toEqual([]);
  });
});

describe('the front door and that of the tests', () => {
  it('are portable in this house', () => expect(portableDoors(house)).toEqual([]));

  it.each(['src/index.ts', 'src/testing.ts'])('tell the way from %s to a Node module', door => {
    const tree = treeOf({
      [door]: "export { a } from './observe/a.js';",
      'src/observe/a.ts': "import { b } from './b.js';",
      'src/observe/b.ts': "import 'node:http';",
    });
    expect(portableDoors(tree)).toEqual([
      `${door} → src/observe/a.ts → src/observe/b.ts imports node:http: ` +
        'this door stays portable; export it from a subpath',
    ]);
  });
});

describe('circles', () => {
  it('are absent from this house', () => expect(circles(house)).toEqual([]));

  it('are told with every file on the way, also when only types close them', () => {
    const tree = treeOf({
      'src/saga/a.ts': "import { b } from './b.js';",
      'src/saga/b.ts': "import { c } from './c.js';",
      'src/saga/c.ts': "import type { A } from './a.js';",
    });
    expect(circles(tree)).toEqual([
      'src/saga/a.ts → src/saga/b.ts → src/saga/c.ts → src/saga/a.ts: ' +
        'a circle; move what both need into a file of its own',
    ]);
  });

  it('are not seen where two files share a third', () => {
    const tree = treeOf({
      'src/saga/a.ts': "import './b.js'; import './c.js';",
      'src/saga/b.ts': "import './c.js';",
      'src/saga/c.ts': '',
    });
    expect(circles(tree)).toEqual([]);
  });
});
