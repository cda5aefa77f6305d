import ts from 'typescript';
import type { Fence } from './fences.js';

/**
 * `breaker.state; // => 'open'` is a claim: the value of the statement before the arrow equals the expression
 * after it. The statement is an expression, a `console.log` of one, or a declaration of one name. The comment
 * ends its line, or has the next line for itself. `// => throws ERR_TIMEOUT` claims the code or the name of
 * an error.
 */
export const hasClaims = ({ code }: Fence): boolean => /\/\/ =>/.test(code);

/** The fence with each claim made a call: `claim(line, () => actual, () => expected)` or `claimThrow(…)`. */
export function instrument(fence: Fence): string {
  const ast = ts.createSourceFile('fence.ts', fence.code, ts.ScriptTarget.ES2022, true);
  const edits: { start: number; end: number; text: string }[] = [];
  const visit = (node: ts.Node): void => {
    ts.forEachChild(node, visit);
    const claim = ts.isStatement(node) ? claimAfter(node, fence.code) : undefined;
    if (claim === undefined) return;
    const line = fence.line + 1 + ast.getLineAndCharacterOfPosition(claim.start).line;
    edits.push({
      start: node.getStart(),
      end: claim.end,
      text: rewrite(node as ts.Statement, claim.text, line),
    });
  };
  visit(ast);
  const claimed = fence.code.split('// =>').length - 1;
  if (edits.length !== claimed) throw new Error(`${fence.where}: a \`// =>\` does not follow a statement`);
  return edits.reduceRight(
    (code, { start, end, text }) => code.slice(0, start) + text + code.slice(end),
    fence.code,
  );
}

/** The comment after a statement, on its last line or alone on the next. */
function claimAfter(node: ts.Node, code: string): { text: string; start: number; end: number } | undefined {
  const found = /^[ \t]*(?:\n[ \t]*)?\/\/ =>([^\n]*)/.exec(code.slice(node.end));
  if (found === null || ts.isBlock(node)) return undefined;
  return { text: found[1]!.trim(), start: node.end, end: node.end + found[0].length };
}

function rewrite(statement: ts.Statement, expected: string, line: number): string {
  const { before, actual } = subjectOf(statement);
  const throws = /^throws (\w+)$/.exec(expected)?.[1];
  return throws === undefined
    ? `${before}await claim(${line}, async () => (${actual}), async () => (${expected}));`
    : `${before}await claimThrow(${line}, async () => (${actual}), '${throws}');`;
}

function subjectOf(statement: ts.Statement): { before: string; actual: string } {
  if (ts.isVariableStatement(statement)) {
    const name = statement.declarationList.declarations[0]!.name.getText();
    return { before: `${statement.getText()} `, actual: name };
  }
  if (!ts.isExpressionStatement(statement)) return { before: '', actual: statement.getText() };
  const { expression } = statement;
  const isPrint = ts.isCallExpression(expression) && expression.expression.getText() === 'console.log';
  return { before: '', actual: (isPrint ? expression.arguments[0]! : expression).getText() };
}
