import ts from 'typescript';
import { isCode, place, type Rule, type Source, walk } from '../tree.js';

export const limits = { fileLines: 300, functionLines: 60, columns: 110 } as const;

const lines = (text: string): string[] => text.replace(/\n$/, '').split('\n');

const codeOf = (tree: Parameters<Rule>[0]): Source[] => [...tree.values()].filter(({ path }) => isCode(path));

/** A file that wants to be longer wants to be two. */
export const fileLength: Rule = tree =>
  codeOf(tree).flatMap(({ path, text }) => {
    const count = lines(text).length;
    if (count <= limits.fileLines) return [];
    return [`${path} has ${count} lines, at most ${limits.fileLines}: it wants to be two files`];
  });

export const lineLength: Rule = tree =>
  codeOf(tree).flatMap(({ path, text }) =>
    lines(text).flatMap((line, index) => {
      if (line.length <= limits.columns) return [];
      return [`${path}:${index + 1} has ${line.length} columns, at most ${limits.columns}: break the line`];
    }),
  );

/** Functions are read whole. The body of a `describe` is a chapter of a test file, not a function. */
export const functionLength: Rule = tree =>
  codeOf(tree).flatMap(source => {
    const found: string[] = [];
    walk(source.ast, node => {
      if (!ts.isFunctionLike(node) || !('body' in node) || isChapter(node)) return;
      const count = lines(node.getText()).length;
      if (count <= limits.functionLines) return;
      const name = node.name?.getText() ?? 'a function';
      found.push(
        `${place(source, node)} ${name} has ${count} lines, at most ${limits.functionLines}: split it`,
      );
    });
    return found;
  });

function isChapter(node: ts.Node): boolean {
  const call = node.parent;
  return ts.isCallExpression(call) && /^describe\b/.test(call.expression.getText());
}
