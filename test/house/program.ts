import ts from 'typescript';
import manifest from '../../package.json' with { type: 'json' };
import { sourceOf, subpathsOf } from './rules/surface.js';
import { root } from './tree.js';

/** `keelson/testing` by the file that declares it, so that checks read the sources and need no build. */
export const specifiers: ReadonlyMap<string, string> = new Map(
  subpathsOf(manifest).map(subpath => [`keelson${subpath.slice(1)}`, sourceOf(subpath)]),
);

function readOptions(): ts.CompilerOptions {
  const { config } = ts.readConfigFile(`${root}/tsconfig.json`, ts.sys.readFile);
  return ts.parseJsonConfigFileContent(config, ts.sys, root).options;
}

/** Parsed once for all programs of a test file: most of each program is the library of the language. */
const parsed = new Map<string, ts.SourceFile | undefined>();

/** A program over files of this package and over `files`, which exist in memory only and win over disk. */
export function programOf(
  roots: readonly string[],
  files: Readonly<Record<string, string>> = {},
  changes: ts.CompilerOptions = {},
): ts.Program {
  const options: ts.CompilerOptions = {
    ...readOptions(),
    paths: Object.fromEntries([...specifiers].map(([name, path]) => [name, [`./${path}`]])),
    ...changes,
  };
  const host = ts.createCompilerHost(options, true);
  const onDisk = { exists: host.fileExists, read: host.readFile, parse: host.getSourceFile };
  const inMemory = (path: string): string | undefined => files[path.slice(root.length + 1)];
  host.fileExists = path => inMemory(path) !== undefined || onDisk.exists(path);
  host.readFile = path => inMemory(path) ?? onDisk.read(path);
  host.directoryExists = () => true;
  host.getSourceFile = (path, language) => {
    const text = inMemory(path);
    if (text !== undefined) return ts.createSourceFile(path, text, language, true);
    if (!parsed.has(path)) parsed.set(path, onDisk.parse(path, language));
    return parsed.get(path);
  };
  return ts.createProgram({ rootNames: roots.map(path => `${root}/${path}`), options, host });
}

/** The path of a file from the root of the package. */
export const pathOf = (file: ts.SourceFile): string => file.fileName.slice(root.length + 1);

/** What an entry file exports, by name; each symbol is the one of the declaration, not of the re-export. */
export function exportsOf(program: ts.Program, path: string): Map<string, ts.Symbol> {
  const checker = program.getTypeChecker();
  const file = program.getSourceFile(`${root}/${path}`);
  const module = file && checker.getSymbolAtLocation(file);
  const symbols = module ? checker.getExportsOfModule(module) : [];
  return new Map(symbols.map(symbol => [symbol.name, declared(checker, symbol)]));
}

/** Follows imports and re-exports to where a name is declared. */
export function declared(checker: ts.TypeChecker, symbol: ts.Symbol): ts.Symbol {
  return symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
}
