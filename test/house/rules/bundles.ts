import { gzipSync } from 'node:zlib';
import { type BuildOptions, build, type Metafile, type OutputFile, type Plugin } from 'esbuild';

/** What a user's bundle holds who imports one name. */
export interface Bundle {
  /** Our own code, minified and compressed. */
  readonly gzip: number;
  /** What comes along: modules outside the kernel, errors and packages, by name. */
  readonly holds: readonly string[];
}

/** A ceiling, raised only in the commit that causes it, and the company that was agreed to. */
export type Budgets = Readonly<Record<string, Bundle>>;

/** Each name is an entry of its own; what they have in common is read once. */
const imports = (entry: string): Plugin => ({
  name: 'imports',
  setup(build) {
    build.onResolve({ filter: /^import:/ }, ({ path }) => ({ path, namespace: 'import' }));
    build.onLoad({ filter: /.*/, namespace: 'import' }, ({ path }) => ({
      contents: `export { ${path.slice('import:'.length)} } from '${entry}';`,
      resolveDir: '/',
    }));
  },
});

/** Bundles `export { name }` of an entry file of `dist/`, where every module of the sources is a file. */
export async function bundlesOf(names: readonly string[], entry: string): Promise<Record<string, Bundle>> {
  const common = {
    // Names that differ in nothing but capitals would be one file.
    entryPoints: names.map((name, at) => ({ in: `import:${name}`, out: String(at) })),
    outdir: '/bundles',
    plugins: [imports(entry)],
    bundle: true,
    write: false as const,
    format: 'esm',
    platform: 'neutral',
    target: 'es2022',
    packages: 'external',
    metafile: true as const,
  } satisfies BuildOptions;
  const [small, readable] = await Promise.all([build({ ...common, minify: true }), build(common)]);
  const outputs = Object.entries(readable.metafile.outputs);
  const bundles = names.map((name, at) => {
    const file = `bundles/${at}.js`;
    const isIts = ({ path }: OutputFile): boolean => path.endsWith(`/${file}`);
    const output = outputs.find(([path]) => path.endsWith(file))![1];
    const text = readable.outputFiles.find(isIts)!.text;
    const bytes = small.outputFiles.find(isIts)!.contents;
    return [name, { gzip: gzipSync(bytes, { level: 9 }).length, holds: held(name, output, text) }] as const;
  });
  return Object.fromEntries(bundles);
}

/** What of the modules is in a bundle, by name. */
function held(name: string, output: Metafile['outputs'][string], text: string): string[] {
  const modules = Object.entries(output.inputs)
    .filter(([, { bytesInOutput }]) => bytesInOutput > 0)
    .flatMap(([path]) => /\bdist\/(?!kernel\/)(\w.*)\.js$/.exec(path)?.[1] ?? []);
  const errors = [...text.matchAll(/^(?:var|class) (\w+Error)\b/gm)].map(([, error]) => error!);
  const packages = output.imports.map(({ path }) => path);
  return [...modules, ...errors, ...packages].filter(one => one !== name).sort();
}

/** Compares what was measured with what was agreed to; says which line to write where they differ. */
export function overBudget(measured: Budgets, budgets: Budgets): string[] {
  const found: string[] = [];
  for (const [name, { gzip, holds }] of Object.entries(measured)) {
    const budget = budgets[name];
    if (budget === undefined) {
      found.push(`${name} has no budget: add "${name}": ${JSON.stringify({ gzip, holds })}`);
      continue;
    }
    if (gzip > budget.gzip)
      found.push(`${name} has ${gzip} bytes, at most ${budget.gzip}: slim it, or raise the ceiling`);
    for (const held of holds) {
      if (!budget.holds.includes(held))
        found.push(`${name} drags ${held} along: cut the import, or agree to it`);
    }
    for (const held of budget.holds) {
      if (!holds.includes(held)) found.push(`${name} does not hold ${held} any more: take it off the list`);
    }
  }
  for (const name of Object.keys(budgets)) {
    if (measured[name] === undefined) found.push(`${name} is no export: take its budget away`);
  }
  return found;
}
