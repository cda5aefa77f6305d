import { posix } from 'node:path';
import ts from 'typescript';
import { place, type Rule, type Source, type Tree, walk } from '../tree.js';
import { closed, dependencies, floorOf, onNode, roomOf } from './floors.js';

/** One import of any kind: `import`, `export … from`, `import()`, or `import('…')` inside a type. */
export interface Import {
  readonly from: Source;
  readonly specifier: string;
  /** The file it names, for a relative import. */
  readonly to: string | undefined;
  readonly where: string;
}

export function importsOf(source: Source): Import[] {
  const found: Import[] = [];
  walk(source.ast, node => {
    const name = specifierOf(node);
    if (name === undefined) return;
    const to = name.startsWith('.')
      ? posix.join(posix.dirname(source.path), name).replace(/\.js$/, '.ts')
      : undefined;
    found.push({ from: source, specifier: name, to, where: place(source, node) });
  });
  return found;
}

function specifierOf(node: ts.Node): string | undefined {
  let name: ts.Node | undefined;
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) name = node.moduleSpecifier;
  else if (ts.isImportTypeNode(node)) name = (node.argument as ts.LiteralTypeNode).literal;
  else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
    name = node.arguments[0];
  }
  return name !== undefined && ts.isStringLiteralLike(name) ? name.text : undefined;
}

const srcImports = (tree: Tree): Import[] =>
  [...tree.values()].filter(({ path }) => /^src\/.*\.ts$/.test(path)).flatMap(importsOf);

/** Which room may import which: floors downwards only, neighbours never, the ground floor only itself. */
export const directions: Rule = tree =>
  srcImports(tree).flatMap(({ from, to, specifier, where }) => {
    if (to === undefined) return [];
    const says = (why: string) => [`${where} imports ${specifier}: ${why}`];
    if (!tree.has(to)) return says(`there is no ${to}; write the path with its \`.js\` ending`);
    const [a, b] = [roomOf(from.path), roomOf(to)];
    if (a === undefined || b === undefined) return says('src/ imports nothing outside src/');
    if (b === 'entry' && from.path === 'src/index.ts') return [];
    if (b === 'entry') return says('an entry file is for users; import the file that declares the name');
    if (a === b || a === 'entry') return [];
    if (floorOf(a) < 0)
      return says(`${a}/ is no room of the house; give it a floor in test/house/rules/floors.ts`);
    // A server is an adapter of the gateway as a driver is one of the bus; the gateway knows of none.
    if (a === 'adapters' && b === 'gateway') return [];
    if (closed.includes(b)) return says(`${b}/ is opened by entry files only; depend on a port instead`);
    if (floorOf(a) === 0) return says(`${a}/ imports only ${a}/; take what you need as an argument`);
    if (floorOf(a) === floorOf(b)) {
      return says(`${a}/ and ${b}/ share a floor; meet through Policy or a narrow port of your own`);
    }
    return floorOf(a) > floorOf(b) ? [] : says(`${b}/ stands above ${a}/; turn the arrow with a port`);
  });

/** Which packages may be imported where, and that the front door of the house needs no Node. */
export const packages: Rule = tree =>
  srcImports(tree).flatMap(({ from, to, specifier, where }) => {
    if (to !== undefined) return [];
    const room = roomOf(from.path) ?? '';
    const says = (why: string) => [`${where} imports ${specifier}: ${why}`];
    if (specifier.startsWith('node:')) {
      return onNode.includes(room) ? [] : says(`node: is for ${onNode.join(', ')}; take a port instead`);
    }
    if (room === 'core') return says('core/ imports only core/');
    const home = dependencies[specifier];
    if (home !== undefined) {
      return home === ''
        ? floorOf(room) > 0
          ? []
          : says('not on the ground floor')
        : home === from.path
          ? []
          : says(`only ${home} speaks to it`);
    }
    return room === 'adapters' || room === 'observe'
      ? []
      : says('a client is an optional peer and belongs in adapters/; there is no other runtime dependency');
  });

/** These run wherever JavaScript runs: nothing they reach imports `node:` or a client. */
const portable = ['src/index.ts', 'src/testing.ts'];

export const portableDoors: Rule = tree => portable.flatMap(door => foreignTo(door, tree));

function foreignTo(start: string, tree: Tree): string[] {
  const cameFrom = new Map<string, string>([[start, '']]);
  const trail = (path: string): string => {
    const before = cameFrom.get(path);
    return before ? `${trail(before)} → ${path}` : path;
  };
  const found: string[] = [];
  for (const path of cameFrom.keys()) {
    const source = tree.get(path);
    for (const { to, specifier } of source ? importsOf(source) : []) {
      if (to !== undefined) {
        if (!cameFrom.has(to)) cameFrom.set(to, path);
      } else if (!(specifier in dependencies)) {
        found.push(`${trail(path)} imports ${specifier}: this door stays portable; export it from a subpath`);
      }
    }
  }
  return found;
}

/** No file reaches itself through its imports; those of types count, because the reader follows them too. */
export const circles: Rule = tree => {
  const state = new Map<string, 'open' | 'done'>();
  const found: string[] = [];
  const visit = (path: string, trail: readonly string[]): void => {
    if (state.get(path) === 'done') return;
    if (state.get(path) === 'open') {
      const loop = [...trail.slice(trail.indexOf(path)), path].join(' → ');
      found.push(`${loop}: a circle; move what both need into a file of its own`);
      return;
    }
    const source = tree.get(path);
    if (source === undefined) return;
    state.set(path, 'open');
    for (const { to } of importsOf(source)) if (to !== undefined) visit(to, [...trail, path]);
    state.set(path, 'done');
  };
  for (const path of tree.keys()) if (path.startsWith('src/')) visit(path, []);
  return found;
};
