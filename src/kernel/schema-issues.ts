import type { StandardIssue, StandardSchema } from './standard-schema.js';

/** Whether a value is a schema that can be asked. */
export function isSchema(value: unknown): value is StandardSchema {
  const standard = (value as Partial<StandardSchema> | null | undefined)?.['~standard'];
  return typeof standard?.validate === 'function';
}

/** One thing that is wrong with a value. */
export interface SchemaIssue {
  /** Where: `items[0].sku`; empty for the value as a whole. */
  readonly path: string;
  /** In the words of the schema. */
  readonly message: string;
}

/** So many issues are kept: a large value may have millions. */
const MOST_ISSUES = 20;
const MOST_CHARACTERS = 300;
/** So many are told in a line, and none after so many characters. */
const MOST_TOLD = 10;
const LONGEST_LINE = 300;

const cut = (text: string): string =>
  text.length <= MOST_CHARACTERS ? text : `${text.slice(0, MOST_CHARACTERS - 1)}…`;

function pathOf(path: StandardIssue['path']): string {
  let text = '';
  for (const step of path ?? []) {
    const key = typeof step === 'object' ? step.key : step;
    if (typeof key === 'number') text += `[${key}]`;
    else text += text === '' ? String(key) : `.${String(key)}`;
    // A path may be as deep as the data that somebody sends.
    if (text.length > MOST_CHARACTERS) break;
  }
  return cut(text);
}

/** What a schema said, the first 20 of it, each of bounded length. */
export function issuesOf(issues: readonly StandardIssue[]): readonly SchemaIssue[] {
  return issues
    .slice(0, MOST_ISSUES)
    .map(({ path, message }) => ({ path: pathOf(path), message: cut(String(message)) }));
}

/** What is wrong, of `count` issues in all, for people: `items[0].price: expected a number; and 3 more`. */
export function issuesText(issues: readonly SchemaIssue[], count: number): string {
  if (count === 0) return 'the schema does not say why';
  let [line, told] = ['', 0];
  for (const { path, message } of issues) {
    if (told === MOST_TOLD || line.length > LONGEST_LINE) break;
    line += `${told === 0 ? '' : '; '}${path === '' ? '' : `${path}: `}${message}`;
    told++;
  }
  return count > told ? `${line}; and ${count - told} more` : line;
}
