import type { Rule, Tree } from '../tree.js';

/** A block of TypeScript that somebody will copy: from a page, or from a doc comment of the sources. */
export interface Fence {
  /** `docs/start.md:12`, the line of its first line of code. */
  readonly where: string;
  readonly path: string;
  /** The number of lines above the code; what a compiler says of it is counted from here. */
  readonly line: number;
  readonly code: string;
}

/** Fences that begin with ```ts, and nothing else: other languages are not ours to check. */
export function fencesOf(tree: Tree): Fence[] {
  return [...tree.values()].flatMap(({ path, text }) => {
    const lines = path.endsWith('.md') ? text.split('\n') : commentLines(text);
    const found: Fence[] = [];
    let open: { line: number; code: string[]; indent: number } | undefined;
    lines.forEach((line, index) => {
      const fence = /^(\s*)```(\w*)/.exec(line);
      if (open === undefined) {
        if (fence?.[2] === 'ts') open = { line: index + 1, code: [], indent: fence[1]!.length };
      } else if (fence === null) {
        open.code.push(line.slice(open.indent));
      } else {
        found.push({ where: `${path}:${open.line + 1}`, path, line: open.line, code: open.code.join('\n') });
        open = undefined;
      }
    });
    return found;
  });
}

/** The lines of a source with all but its doc comments blanked, so that line numbers stay. */
function commentLines(text: string): string[] {
  let inside = false;
  return text.split('\n').map(line => {
    const isFirst = /^\s*\/\*\*/.test(line);
    inside ||= isFirst;
    const isOurs = inside && !isFirst;
    if (line.includes('*/')) inside = false;
    return isOurs && inside ? line.replace(/^\s*\* ?/, '') : '';
  });
}

/** An `@example` without a fence would be shown as code and checked by nobody. */
export const unfencedExamples: Rule = tree =>
  [...tree.values()].flatMap(({ path, text }) =>
    commentLines(text).flatMap((line, index, all) => {
      if (!/^@example\b/.test(line)) return [];
      const next = all.slice(index + 1).find(following => following.trim() !== '') ?? '';
      return next.startsWith('```ts')
        ? []
        : [`${path}:${index + 1} has an example without a \`\`\`ts fence around it`];
    }),
  );
