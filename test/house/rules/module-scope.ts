import ts from 'typescript';
import type { Rule, Source } from '../tree.js';
import { inSource, isTopLevel } from './in-source.js';

const pureCalls = new Set(['Object.freeze', 'Symbol', 'Symbol.for', 'Set', 'Map']);
/** They make a class, which is no more than a class declaration is. */
const classMakers = new Set(['leanClass', 'GuardedCall.lean']);

/** Files that may keep variables of the module, and what makes one per process the right number. */
const variables: Readonly<Record<string, string>> = {
  'src/kernel/clock.ts': 'the turn of the event loop is one for all',
  'src/kernel/async-context.ts': 'the host is asked only once what it offers',
  'src/kernel/guarded-call.ts': 'a register that is written and read within one expression',
  'src/kernel/on-abort.ts': 'a signal bears one listener for all calls of the process',
  'src/resilience/circuit-options.ts': 'frozen rules: breakers made in a row from one literal share them',
};

/**
 * Importing a module does nothing: no state that all users of a process share, nothing that a bundler has to
 * keep. Constants may stand there: frozen literals, symbols, filled sets and maps, classes. They are marked
 * `/*#__PURE__*\/`, because esbuild keeps an unused `Object.freeze({…})` that is not.
 */
export const moduleScope: Rule = inSource((node, source) => {
  if (isTopLevel(node)) {
    if (ts.isExpressionStatement(node)) return 'acts when the module is imported: move it into a function';
    if (isVariable(node) && !(source.path in variables)) {
      return 'is a variable of the module, shared by all its users: make it a field of an object';
    }
  }
  if (ts.isClassStaticBlockDeclaration(node)) return 'is a static block: importing a module does nothing';
  if (!(ts.isCallExpression(node) || ts.isNewExpression(node)) || !runsAtImport(node)) return undefined;
  const callee = node.expression.getText();
  const isMarked = /^\/\*\s*[#@]__PURE__\s*\*\/$/.test(leadingComment(node, source));
  if (!pureCalls.has(callee) && !classMakers.has(callee))
    return `calls ${callee} when imported: build it on first use, inside what uses it`;
  if (ts.isNewExpression(node) && isEmpty(node.arguments?.[0])) {
    return `is an empty ${callee} shared by all users of the module: make it a field of an object`;
  }
  return isMarked
    ? undefined
    : `calls ${callee} when imported: write /*#__PURE__*/ before it, or bundles keep it`;
});

const isVariable = (node: ts.Node): boolean =>
  ts.isVariableStatement(node) && !(node.declarationList.flags & ts.NodeFlags.Const);

function runsAtImport(node: ts.Node): boolean {
  for (let at = node; !ts.isSourceFile(at); at = at.parent) {
    if (ts.isFunctionLike(at)) return false;
    if (
      ts.isPropertyDeclaration(at) &&
      !ts.getModifiers(at)?.some(m => m.kind === ts.SyntaxKind.StaticKeyword)
    ) {
      return false;
    }
  }
  return true;
}

const isEmpty = (argument: ts.Node | undefined): boolean =>
  argument === undefined || (ts.isArrayLiteralExpression(argument) && argument.elements.length === 0);

const leadingComment = (node: ts.Node, { text }: Source): string =>
  text.slice(node.getFullStart(), node.getStart()).trim().split('\n').at(-1)?.trim() ?? '';
