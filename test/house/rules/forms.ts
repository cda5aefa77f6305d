import ts from 'typescript';
import type { Rule } from '../tree.js';
import { roomOf } from './floors.js';
import { inSource, isTopLevel } from './in-source.js';

/** Forms of the language that this house does without. */
export const forms: Rule = inSource(node => {
  if (isDefaultExport(node))
    return 'exports a default: give it a name, so that it is called the same everywhere';
  if (ts.isEnumDeclaration(node)) return 'declares an enum: use a union of string literals';
  if (ts.isModuleDeclaration(node)) return 'declares a namespace: a file is the namespace';
  if (ts.isParameter(node) && ts.isParameterPropertyDeclaration(node, node.parent)) {
    return 'has a parameter property: write the field and its assignment';
  }
  if (node.kind === ts.SyntaxKind.AnyKeyword)
    return 'says `any`: use `unknown`, a generic, or `never` in arguments';
  return undefined;
});

const isDefaultExport = (node: ts.Node): boolean =>
  ts.isExportAssignment(node) ||
  (node.kind === ts.SyntaxKind.DefaultKeyword && ts.canHaveModifiers(node.parent)) ||
  (ts.isExportSpecifier(node) && node.name.text === 'default');

const door = 'src/index.ts';

/** `./messaging.js`, but neither `./messaging/bus.js` nor `../messaging.js`. */
const isEntry = (specifier: string): boolean => /^\.\/[^/]+\.js$/.test(specifier);

/**
 * Entry files re-export by name and nothing else; the front door opens them whole: they have named what
 * is public already. Every other file exports only what it declares.
 */
export const barrels: Rule = inSource((node, { path }) => {
  if (!isTopLevel(node)) return undefined;
  const reexports = ts.isExportDeclaration(node) && node.moduleSpecifier !== undefined;
  const isDoor = roomOf(path) === 'entry' || /^src\/adapters\/[^/]+\.ts$/.test(path);
  if (reexports && node.exportClause === undefined) {
    const opened = path === door && isEntry((node.moduleSpecifier as ts.StringLiteral).text);
    return opened ? undefined : 'exports `*`: name what is public';
  }
  if (reexports && ts.isNamespaceExport(node.exportClause as ts.NamedExportBindings))
    return 're-exports as a namespace: name what is public';
  if (reexports && !isDoor) return 're-exports: let the reader import from the file that declares the name';
  if (
    roomOf(path) === 'entry' &&
    !ts.isExportDeclaration(node) &&
    node.kind !== ts.SyntaxKind.EndOfFileToken
  ) {
    return 'is code in an entry file: entry files hold named re-exports only';
  }
  return undefined;
});

const vague = /^(utils?|helpers?|common|shared|misc|types|index)$/;

/** A name that could hold anything soon does. */
export const names: Rule = tree =>
  [...tree.keys()].flatMap(path => {
    if (!/^(src|test)\//.test(path) || path === 'src/index.ts') return [];
    const parts = path.replace(/^test\/types\//, '').split('/');
    const bad = parts.map(part => part.replace(/(\.test(-d)?)?\.\w+$/, '')).find(part => vague.test(part));
    if (bad === undefined) return [];
    return [`${path} is called \`${bad}\`: name the file after the one thing that it holds`];
  });
