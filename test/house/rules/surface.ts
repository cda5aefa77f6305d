import type { Tree } from '../tree.js';

type Conditions = Readonly<Record<string, { readonly types: string; readonly default: string }>>;

export interface Manifest {
  readonly exports: Readonly<Record<string, Conditions | string>>;
  readonly main: string;
  readonly types: string;
}

/** `src/testing.ts` for `./testing`; tsup.config.ts derives its entries from the manifest in the same way. */
export const sourceOf = (subpath: string): string => `src/${subpath === '.' ? 'index' : subpath.slice(2)}.ts`;

export const subpathsOf = ({ exports }: Manifest): string[] =>
  Object.keys(exports).filter(subpath => !subpath.endsWith('.json'));

/**
 * What each subpath must say. `module-sync` stands first: a Node that can `require` an ES module then loads
 * the same file for both, so that a class imported and required is one class. `types` come first in each.
 */
export function conditionsOf(subpath: string): Conditions {
  const file = `./dist/${sourceOf(subpath).slice('src/'.length, -'.ts'.length)}`;
  const esm = { types: `${file}.d.ts`, default: `${file}.js` };
  return { 'module-sync': esm, import: esm, require: { types: `${file}.d.cts`, default: `${file}.cjs` } };
}

/** Exports map, sources and pages of the site name the same entries. */
export function surface(manifest: Manifest, documented: readonly string[], tree: Tree): string[] {
  const found: string[] = [];
  const subpaths = subpathsOf(manifest);
  for (const subpath of subpaths) {
    const [source, wanted] = [sourceOf(subpath), JSON.stringify(conditionsOf(subpath))];
    // As text, because the order of conditions is their meaning.
    if (JSON.stringify(manifest.exports[subpath]) !== wanted) {
      found.push(`package.json: exports["${subpath}"] should be ${wanted}`);
    }
    if (!tree.has(source)) found.push(`package.json: exports["${subpath}"] needs the entry file ${source}`);
    if (!documented.includes(source)) found.push(`typedoc.json: add ${source} to entryPoints`);
  }
  const sources = subpaths.map(sourceOf);
  for (const path of tree.keys()) {
    if (/^src\/[^/]+\.ts$/.test(path) && !sources.includes(path)) {
      found.push(`${path} is an entry file without a subpath: add it to the exports of package.json`);
    }
  }
  for (const path of documented) {
    if (!sources.includes(path)) found.push(`typedoc.json: ${path} is no entry of the package`);
  }
  const root = conditionsOf('.')['require'];
  if (manifest.main !== root?.default) found.push(`package.json: main should be ${root?.default}`);
  if (manifest.types !== root?.types) found.push(`package.json: types should be ${root?.types}`);
  if (manifest.exports['./package.json'] !== './package.json') {
    found.push('package.json: export "./package.json", which tools read');
  }
  return found;
}
