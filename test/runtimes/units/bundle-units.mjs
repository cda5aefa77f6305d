import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const here = fileURLToPath(new URL('.', import.meta.url));
const root = fileURLToPath(new URL('../../../', import.meta.url));
const ofVitest = createRequire(createRequire(import.meta.url).resolve('vitest/package.json'));

/** Rooms that promise to need no host, and what holds their port to its laws. */
const folders = ['unit/core', 'unit/events', 'unit/messaging', 'conformance'];

/** What a test file needs that not every runtime has. Others that turn up have to be argued for here. */
const foreign = [
  [/from 'node:/, 'modules of Node'],
  [
    /from '(@electric-sql\/pglite|[./]+fixtures\/pglite\.js|@asyncapi\/specs|ajv)'/,
    'a package with files of its own',
  ],
  [/\bvi\.(useFakeTimers|stubGlobal|resetModules)/, 'vitest itself'],
];

/** The test files, and what each needs that keeps it out: `undefined` for most. */
export function unitFiles() {
  return folders.flatMap(folder =>
    readdirSync(`${root}test/${folder}`)
      .filter(name => name.endsWith('.test.ts'))
      .map(name => {
        const text = readFileSync(`${root}test/${folder}/${name}`, 'utf8');
        return { file: `${folder}/${name}`, needs: foreign.find(([sign]) => sign.test(text))?.[1] };
      }),
  );
}

/** `require` of a module within a bundle loads it only when it is called. */
function entryOf(files) {
  const loads = files.map(file => `${JSON.stringify(file)}: () => require(${JSON.stringify(`./${file}`)})`);
  return `export default {${loads.join(',\n')}};`;
}

const plugin = {
  name: 'units',
  setup(build) {
    build.onResolve({ filter: /^unit-files$/ }, ({ path }) => ({ path, namespace: 'units' }));
    build.onLoad({ filter: /.*/, namespace: 'units' }, () => ({
      contents: entryOf(unitFiles().flatMap(({ file, needs }) => (needs === undefined ? [file] : []))),
      resolveDir: `${root}test`,
    }));
    build.onResolve({ filter: /^vitest$/ }, () => ({ path: `${here}vitest.mjs` }));
    build.onResolve({ filter: /^(chai|@vitest\/(expect|spy))$/ }, ({ path }) => ({
      path: ofVitest.resolve(path),
    }));
  },
};

/** Writes dist/units.mjs: the unit tests with the sources that they test, in one module for any runtime. */
export async function bundleUnits() {
  await build({
    entryPoints: [`${here}run-units.mjs`],
    outfile: `${here}dist/units.mjs`,
    bundle: true,
    format: 'esm',
    platform: 'neutral',
    mainFields: ['module', 'main'],
    conditions: ['import'],
    target: 'node20',
    keepNames: true,
    external: ['node:*'],
    plugins: [plugin],
    logLevel: 'warning',
  });
}
