import ts from 'typescript';
import { declared, exportsOf, pathOf, programOf } from '../program.js';
import { roomOf } from './floors.js';

/** The public surface as text, a file for each room: what users can name, and what that names in turn. */
export interface Api {
  readonly files: Readonly<Record<string, string>>;
  /** Places where a type is `any`, also where the compiler inferred it. */
  readonly any: readonly string[];
}

export function apiOf(
  entries: Readonly<Record<string, string>>,
  files: Readonly<Record<string, string>> = {},
): Api {
  const emitted = emit(Object.values(entries), files);
  const declarations = Object.fromEntries(
    Object.entries(entries).map(([name, path]) => [name, emittedFrom(path)]),
  );
  const program = programOf(Object.values(declarations), emitted, { paths: {} });
  const exported = Object.entries(declarations).map(
    ([name, path]) => [name, exportsOf(program, path)] as const,
  );
  const reached = reachable(
    program,
    exported.flatMap(([, symbols]) => [...symbols.values()]),
  );
  return { files: { entries: listing(exported), ...byRoom(reached) }, any: reached.flatMap(anyIn) };
}

/** In a folder of their own, because `./door.js` would find the source before the declarations beside it. */
const emittedFrom = (path: string): string => `emitted/${path.replace(/\.ts$/, '.d.ts')}`;
const sourcePath = (file: ts.SourceFile): string =>
  pathOf(file)
    .replace(/^emitted\//, '')
    .replace(/\.d\.ts$/, '.ts');

/** Declarations as the compiler writes them: inferred types spelled out, `@internal` and comments gone. */
function emit(entries: readonly string[], files: Readonly<Record<string, string>>): Record<string, string> {
  const program = programOf(entries, files, {
    noEmit: false,
    declaration: true,
    emitDeclarationOnly: true,
    stripInternal: true,
    removeComments: true,
    allowImportingTsExtensions: false,
  });
  const emitted: Record<string, string> = {};
  program.emit(undefined, (_, text, __, ___, sources) => {
    for (const source of sources ?? []) emitted[emittedFrom(pathOf(source))] = text;
  });
  return emitted;
}

const isOurs = (file: ts.SourceFile): boolean => pathOf(file).startsWith('emitted/');

function reachable(program: ts.Program, start: readonly ts.Symbol[]): ts.Statement[] {
  const checker = program.getTypeChecker();
  const reached = new Set<ts.Statement>();
  const add = (symbol: ts.Symbol): void => {
    for (const declaration of declared(checker, symbol).declarations ?? []) {
      const statement = ts.findAncestor(declaration, node => ts.isSourceFile(node.parent)) as ts.Statement;
      if (!isOurs(declaration.getSourceFile()) || reached.has(statement)) continue;
      reached.add(statement);
      visit(statement);
    }
  };
  const visit = (node: ts.Node): void => {
    const symbol = ts.isIdentifier(node) ? checker.getSymbolAtLocation(node) : undefined;
    if (symbol !== undefined && !ts.isSourceFile(symbol.valueDeclaration ?? node)) add(symbol);
    ts.forEachChild(node, visit);
  };
  for (const symbol of start) add(symbol);
  return [...reached].sort((a, b) => order(a).localeCompare(order(b)) || a.pos - b.pos);
}

const order = (statement: ts.Statement): string => sourcePath(statement.getSourceFile());

function byRoom(statements: readonly ts.Statement[]): Record<string, string> {
  const rooms: Record<string, string> = {};
  let last = '';
  for (const statement of statements) {
    const path = order(statement);
    const room = roomOf(path) ?? '';
    const heading = path === last ? '' : `\n// ${path}\n`;
    rooms[room] = `${rooms[room] ?? ''}${heading}${statement.getText().replace(/^export (declare )?/, '')}\n`;
    last = path;
  }
  return Object.fromEntries(Object.entries(rooms).map(([room, text]) => [`${room}.d.ts`, text.trimStart()]));
}

function listing(exported: readonly (readonly [string, ReadonlyMap<string, ts.Symbol>])[]): string {
  return exported
    .map(
      ([name, symbols]) =>
        `${name}\n${[...symbols.keys()]
          .sort()
          .map(s => `  ${s}\n`)
          .join('')}`,
    )
    .join('\n');
}

function anyIn(statement: ts.Statement): string[] {
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if (node.kind === ts.SyntaxKind.AnyKeyword) {
      found.push(`${order(statement)}: \`${node.parent.getText()}\` is any: write its type, or unknown`);
    }
    ts.forEachChild(node, visit);
  };
  visit(statement);
  return found;
}
