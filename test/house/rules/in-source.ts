import ts from 'typescript';
import { place, type Rule, type Source, walk } from '../tree.js';

/** Runs a check over each syntax node of `src/`; what the check answers becomes a line with its place. */
export const inSource =
  (check: (node: ts.Node, source: Source) => string | undefined): Rule =>
  tree =>
    [...tree.values()].flatMap(source => {
      if (!/^src\/.*\.ts$/.test(source.path)) return [];
      const found: string[] = [];
      walk(source.ast, node => {
        const why = check(node, source);
        if (why !== undefined) found.push(`${place(source, node)} ${why}`);
      });
      return found;
    });

/** A statement of the module itself; the end-of-file token, which the parser hangs there too, is none. */
export const isTopLevel = (node: ts.Node): boolean =>
  node.parent !== undefined && ts.isSourceFile(node.parent) && node.kind !== ts.SyntaxKind.EndOfFileToken;
