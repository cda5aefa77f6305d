import { defineConfig, type Options } from 'tsup';
import manifest from './package.json' with { type: 'json' };
import { dashboardDefine } from './scripts/dashboard-page.mjs';

/** Every subpath of the package is one file: `./testing` is `src/testing.ts`, and `.` is `src/index.ts`. */
const entry = Object.fromEntries(
  Object.keys(manifest.exports)
    .filter(subpath => !subpath.endsWith('.json'))
    .map(subpath => (subpath === '.' ? 'index' : subpath.slice(2)))
    .map(name => [name, `src/${name}.ts`]),
);

const common: Options = {
  tsconfig: 'tsconfig.build.json',
  target: 'node20.19',
  // No `node:` below the edge: the same files run on any runtime, and `node:` of the edge stays an import.
  platform: 'neutral',
  define: await dashboardDefine(),
};

export default defineConfig([
  {
    ...common,
    // File by file: a bundler then drops whole modules, and with them the packages that only those import.
    // The page of the dashboard runs in browsers and is in there as a text.
    entry: ['src/**/*.ts', '!src/observe/dashboard/page/**'],
    bundle: false,
    format: ['esm'],
    // The maps hold the sources, so that a stack trace of a user can be read without this repository.
    sourcemap: true,
  },
  {
    ...common,
    entry,
    format: ['cjs'],
    // Without splitting each entry would carry its own copy of every class. Maps would name the output of a
    // step in between, by its path on this machine; so there are none.
    splitting: true,
    // p-limit is ESM only; a `require` of it breaks where require(esm) is off.
    noExternal: ['p-limit', 'yocto-queue'],
  },
  // Declarations of both kinds from one program.
  {
    ...common,
    entry,
    format: ['esm', 'cjs'],
    dts: { only: true, compilerOptions: { ignoreDeprecations: '6.0' } },
  },
]);
