import { describe, expect, it } from 'vitest';
import manifest from '../../package.json' with { type: 'json' };
import typedoc from '../../typedoc.json' with { type: 'json' };
import { conditionsOf, type Manifest, surface } from './rules/surface.js';
import { readTree, treeOf } from './tree.js';

const good: Manifest = {
  main: './dist/index.cjs',
  types: './dist/index.d.cts',
  exports: { '.': conditionsOf('.'), './saga': conditionsOf('./saga'), './package.json': './package.json' },
};
const files = treeOf({ 'src/index.ts': '', 'src/saga.ts': '', 'src/saga/step.ts': '' });
const pages = ['src/index.ts', 'src/saga.ts'];

describe('the public surface', () => {
  it('is one in manifest, sources and site of this house', () => {
    expect(surface(manifest, typedoc.entryPoints, readTree('src'))).toEqual([]);
  });

  it('is whole in the example that the cases break', () => expect(surface(good, pages, files)).toEqual([]));

  it('tells of a subpath whose conditions are missing, wrong or in another order', () => {
    const { 'module-sync': sync, ...rest } = conditionsOf('./saga');
    for (const wrong of [rest, { ...rest, 'module-sync': sync! }, conditionsOf('.')]) {
      const exports = { ...good.exports, './saga': wrong };
      expect(surface({ ...good, exports }, pages, files)).toEqual([
        expect.stringContaining('exports["./saga"] should be {"module-sync"'),
      ]);
    }
  });

  it('tells of a subpath without a source or a page', () => {
    const exports = { ...good.exports, './data': conditionsOf('./data') };
    expect(surface({ ...good, exports }, pages, files)).toEqual([
      'package.json: exports["./data"] needs the entry file src/data.ts',
      'typedoc.json: add src/data.ts to entryPoints',
    ]);
  });

  it('tells of an entry file or a page without a subpath', () => {
    const { './saga': _, ...exports } = good.exports;
    expect(surface({ ...good, exports }, pages, files)).toEqual([
      'src/saga.ts is an entry file without a subpath: add it to the exports of package.json',
      'typedoc.json: src/saga.ts is no entry of the package',
    ]);
  });

  it.each([
    [{ main: './dist/index.js' }, 'main should be ./dist/index.cjs'],
    [{ types: './dist/index.d.ts' }, 'types should be ./dist/index.d.cts'],
    [{ exports: { '.': conditionsOf('.'), './saga': conditionsOf('./saga') } }, 'export "./package.json"'],
  ])('tells of %o', (change, message) => {
    expect(surface({ ...good, ...change }, pages, files)).toEqual([expect.stringContaining(message)]);
  });
});
