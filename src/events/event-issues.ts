import type { StandardIssue } from '../kernel/standard-schema.js';
import type { EventIssue } from './event-errors.js';

const MOST_ISSUES = 20;
const MOST_CHARACTERS = 300;

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

/** What a schema said, of bounded size: data that is wrong may be wrong in a million places. */
export function issuesOf(issues: readonly StandardIssue[]): readonly EventIssue[] {
  return issues
    .slice(0, MOST_ISSUES)
    .map(({ path, message }) => ({ path: pathOf(path), message: cut(String(message)) }));
}

/** All of it in one line. */
export function inWords(issues: readonly EventIssue[], count: number): string {
  const [first] = issues;
  if (first === undefined) return 'the schema does not say why';
  const where = first.path === '' ? '' : `${first.path}: `;
  return `${where}${first.message}${count > 1 ? ` (and ${count - 1} more)` : ''}`;
}
