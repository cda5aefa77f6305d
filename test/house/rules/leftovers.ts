import ts from 'typescript';
import { place, type Rule, type Source, walk } from '../tree.js';
import { inSource } from './in-source.js';

/** Nothing half-done stays: open notes and prints in `src/`, switched-off or favoured tests in `test/`. */
export const leftovers: Rule = tree => [
  ...inSource(node => {
    if (!ts.isPropertyAccessExpression(node) || node.expression.getText() !== 'console') return undefined;
    return isReport(node) ? undefined : `says ${node.getText()}: report through an event`;
  })(tree),
  ...[...tree.values()].flatMap(openNotes),
  ...[...tree.values()].flatMap(switchedOff),
];

/** A function of the user's that throws beside the call has nowhere else to be heard. */
function isReport(node: ts.PropertyAccessExpression): boolean {
  if (node.name.text !== 'error' || !ts.isCallExpression(node.parent)) return false;
  return /^['"`]keelson: /.test(node.parent.arguments[0]?.getText() ?? '');
}

function openNotes({ path, text }: Source): string[] {
  if (!path.startsWith('src/')) return [];
  return text.split('\n').flatMap((line, index) => {
    const note = /\b(TODO|FIXME|XXX|HACK)\b/.exec(line)?.[0];
    return note === undefined ? [] : [`${path}:${index + 1} says ${note}: do it, or open an issue`];
  });
}

function switchedOff(source: Source): string[] {
  if (!/^test\/.*\.ts$/.test(source.path)) return [];
  const found: string[] = [];
  walk(source.ast, node => {
    if (!ts.isPropertyAccessExpression(node) || !/^(only|skip|todo|fails)$/.test(node.name.text)) return;
    if (!/^(it|test|describe|suite|bench)\b/.test(node.expression.getText())) return;
    found.push(
      `${place(source, node)} says ${node.getText()}: every test runs; a test that waits is an issue`,
    );
  });
  return found;
}
