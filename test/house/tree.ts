import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

/** One file as the rules see it: where it stands, what it says, and its syntax tree if it is code. */
export interface Source {
  readonly path: string;
  readonly text: string;
  readonly ast: ts.SourceFile;
}

/** Files by their path from the root of the package, always with `/`. */
export type Tree = ReadonlyMap<string, Source>;

/** What a rule answers: one line for each place that breaks it, which also says how to mend it. */
export type Rule = (tree: Tree) => string[];

export const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');

const skipped = new Set(['node_modules', 'dist', 'coverage', 'site', '.git']);

/** A tree written down in a test: the negative cases of every rule stand on one of these. */
export function treeOf(files: Readonly<Record<string, string>>): Tree {
  return new Map(Object.entries(files).map(([path, text]) => [path, sourceOf(path, text)]));
}

/** Reads whole folders or single files of this package. What is not there adds nothing. */
export function readTree(...places: readonly string[]): Tree {
  const paths = places.flatMap(place => listFiles(place)).sort();
  return treeOf(Object.fromEntries(paths.map(path => [path, readFileSync(`${root}/${path}`, 'utf8')])));
}

export function listFiles(place: string): string[] {
  const full = `${root}/${place}`;
  if (!existsSync(full)) return [];
  if (statSync(full).isFile()) return [place];
  return readdirSync(full)
    .filter(name => !skipped.has(name))
    .flatMap(name => listFiles(`${place}/${name}`));
}

function sourceOf(path: string, text: string): Source {
  // Parsed on demand: most rules never look into most files.
  let ast: ts.SourceFile | undefined;
  return {
    path,
    text,
    get ast() {
      ast ??= ts.createSourceFile(path, text, ts.ScriptTarget.ES2022, true);
      return ast;
    },
  };
}

export const isCode = (path: string): boolean => /\.[cm]?[jt]s$/.test(path) && !path.endsWith('.d.ts');

/** `src/core/circuit.ts:12` for messages. */
export function place(source: Source, node: ts.Node): string {
  return `${source.path}:${source.ast.getLineAndCharacterOfPosition(node.getStart()).line + 1}`;
}

export function walk(node: ts.Node, visit: (node: ts.Node) => void): void {
  visit(node);
  ts.forEachChild(node, child => walk(child, visit));
}
