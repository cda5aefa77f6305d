import ts from 'typescript';
import { place, type Rule, type Source, walk } from '../tree.js';
import { onNode, roomOf } from './floors.js';

const timers = [
  'setTimeout',
  'setInterval',
  'setImmediate',
  'clearTimeout',
  'clearInterval',
  'clearImmediate',
  'performance',
];
const machine = ['process', 'Buffer', 'require', '__dirname', '__filename'];

/** Words that fetch time, chance or the outside world from nowhere, by the room that may not say them. */
const words: Readonly<Record<string, readonly string[]>> = {
  core: [
    ...timers,
    ...machine,
    'Date',
    'crypto',
    'queueMicrotask',
    'Promise',
    'PromiseLike',
    'AbortController',
    'AbortSignal',
    'fetch',
    'globalThis',
    'console',
  ],
  kernel: [...timers, ...machine, 'Date', 'crypto'],
  others: [...timers, ...machine],
};
const chance = ['Math.random', 'crypto.randomUUID', 'crypto.getRandomValues'];

/** Files that are the door to an ambient word, with the words that pass through it. */
const doors: Readonly<Record<string, readonly string[]>> = {
  'src/kernel/clock.ts': [...timers, 'Date'],
  'src/kernel/random.ts': [...chance, 'crypto'],
  'src/kernel/async-context.ts': ['process'],
};

const mend: Readonly<Record<string, string>> = {
  core: 'core/ decides and nothing else; take it as an argument',
  kernel: `only ${Object.keys(doors).join(', ')} open a door to the ambient world`,
  others: 'use the `clock` or `random` of the options, so that tests and simulations can own them',
};

/** Time, chance, timers and promises are arguments below the edge of the house, never ambient. */
export const ambientWords: Rule = tree =>
  [...tree.values()].flatMap(source => {
    const room = roomOf(source.path);
    if (room === undefined || room === 'entry' || onNode.includes(room) || !source.path.endsWith('.ts'))
      return [];
    const kind = room in words ? room : 'others';
    const allowed = doors[source.path] ?? [];
    return said(source)
      .filter(({ word }) => isBanned(word, kind) && !allowed.includes(word))
      .map(({ word, where }) => `${where} says ${word}: ${mend[kind]}`);
  });

function isBanned(word: string, kind: string): boolean {
  if (word === 'async') return kind === 'core';
  // A date that is given is data; only the present is ambient. The ground floor does without either.
  if (word === 'Date.now' || word === 'new Date()') return kind === 'others';
  return chance.includes(word) || words[kind]?.includes(word) === true;
}

/** Every ambient word of a file: free names, `Math.random` and the like, `new Date()`, `async`, `await`. */
function said(source: Source): { word: string; where: string }[] {
  const found: { word: string; where: string }[] = [];
  const own = declared(source.ast);
  walk(source.ast, node => {
    const say = (word: string) => found.push({ word, where: place(source, node) });
    if (node.kind === ts.SyntaxKind.AsyncKeyword || ts.isAwaitExpression(node)) say('async');
    if (ts.isPropertyAccessExpression(node) && ts.isIdentifier(node.expression)) {
      const object = node.expression.text;
      if (!own.has(object)) say(`${object}.${node.name.text}`);
      if (object === 'globalThis') say(node.name.text);
    }
    if (ts.isNewExpression(node) && node.expression.getText() === 'Date' && !node.arguments?.length) {
      say('new Date()');
    }
    if (ts.isIdentifier(node) && isFree(node) && !own.has(node.text)) say(node.text);
  });
  return found;
}

/** False for `x.Date`, `{ Date: 1 }` and other names that merely look like the global. */
function isFree(node: ts.Identifier): boolean {
  const { parent } = node;
  if (ts.isPropertyAccessExpression(parent)) return parent.expression === node;
  if (ts.isQualifiedName(parent)) return parent.left === node;
  if (ts.isShorthandPropertyAssignment(parent)) return true;
  const named = parent as { name?: ts.Node; propertyName?: ts.Node };
  return named.name !== node && named.propertyName !== node;
}

/** Names that the file itself declares or imports hide the global. */
function declared(ast: ts.SourceFile): ReadonlySet<string> {
  const names = new Set<string>();
  walk(ast, node => {
    const isDeclaration =
      ts.isVariableDeclaration(node) ||
      ts.isParameter(node) ||
      ts.isBindingElement(node) ||
      ts.isFunctionDeclaration(node) ||
      ts.isImportSpecifier(node);
    if (isDeclaration && node.name !== undefined && ts.isIdentifier(node.name)) names.add(node.name.text);
  });
  return names;
}
