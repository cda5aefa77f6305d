import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';

/** What a user's bundle holds who imports one name. */
export interface Bundle {
  /** Our own code, minified and compressed. */
  readonly gzip: number;
  /** What comes along: modules outside the kernel, errors and packages, by name. */
  readonly holds: readonly string[];
}

/** A ceiling, raised only in the commit that causes it, and the company that was agreed to. */
export type Budgets = Readonly<Record<string, Bundle>>;

/** Bundles `export { name }` of an entry file of `dist/`, where every module of the sources is a file. */
export async function bundleOf(name: string, entry: string): Promise<Bundle> {
  const common = {
    stdin: { contents: `export { ${name} } from '${entry}';`, resolveDir: '/' },
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'neutral',
    target: 'es2022',
    packages: 'external',
    metafile: true,
  } as const;
  const small = await build({ ...common, minify: true });
  const readable = await build(common);
  const output = Object.values(readable.metafile.outputs)[0]!;
  const modules = Object.entries(output.inputs)
    .filter(([, { bytesInOutput }]) => bytesInOutput > 0)
    .flatMap(([path]) => /\bdist\/(?!kernel\/)(\w.*)\.js$/.exec(path)?.[1] ?? []);
  const errors = [...readable.outputFiles[0]!.text.matchAll(/^(?:var|class) (\w+Error)\b/gm)].map(
    ([, error]) => error!,
  );
  const packages = output.imports.map(({ path }) => path);
  const holds = [...modules, ...errors, ...packages].filter(held => held !== name).sort();
  return { gzip: gzipSync(small.outputFiles[0]!.contents, { level: 9 }).length, holds };
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
