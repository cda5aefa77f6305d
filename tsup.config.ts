import { defineConfig, type Options } from 'tsup';
import manifest from './package.json' with { type: 'json' };

/** Every subpath of the package is one file: `./testing` is `src/testing.ts`, and `.` is `src/index.ts`. */
const names = Object.keys(manifest.exports)
  .filter(subpath => subpath !== './package.json')
  .map(subpath => (subpath === '.' ? 'index' : subpath.slice(2)));

const common: Options = {
  entry: Object.fromEntries(names.map(name => [name, `src/${name}.ts`])),
  tsconfig: 'tsconfig.build.json',
  target: 'node20.19',
  // No `node:` below the edge: the same files run on any runtime, and `node:` of the edge stays an import.
  platform: 'neutral',
  // Without splitting each entry would carry its own copy of every class.
  splitting: true,
  // The maps hold the sources, so that a stack trace of a user can be read without this repository.
  sourcemap: true,
  dts: { compilerOptions: { ignoreDeprecations: '6.0' } },
};

export default defineConfig([
  { ...common, format: ['esm'] },
  // p-limit is ESM only; a `require` of it breaks where require(esm) is off.
  { ...common, format: ['cjs'], noExternal: ['p-limit', 'yocto-queue'] },
]);
