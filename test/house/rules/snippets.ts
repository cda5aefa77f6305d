import ts from 'typescript';
import { pathOf, programOf } from '../program.js';
import type { Fence } from './fences.js';

/**
 * Compiles every fence as a module of its own against the sources: a reader can paste it into a file as is.
 * Names that are not the subject are introduced with `declare const`.
 */
export function compiles(fences: readonly Fence[]): string[] {
  const byFile = new Map(fences.map((fence, index) => [`snippets/${index}.ts`, fence]));
  const files = Object.fromEntries([...byFile].map(([file, { code }]) => [file, `${code}\nexport {};\n`]));
  const program = programOf([...byFile.keys()], files, { noUnusedLocals: false, noUnusedParameters: false });
  return [...byFile].flatMap(([file, fence]) => {
    const source = program.getSourceFiles().find(candidate => pathOf(candidate) === file);
    return [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)].map(
      ({ start = 0, messageText }) => {
        const line = fence.line + 1 + (source?.getLineAndCharacterOfPosition(start).line ?? 0);
        const why = ts.flattenDiagnosticMessageText(messageText, '\n  ');
        return `${fence.path}:${line} does not compile: ${why}`;
      },
    );
  });
}
