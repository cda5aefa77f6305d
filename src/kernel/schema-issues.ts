import type { StandardIssue, StandardSchema } from './standard-schema.js';

/** Whether a value is a schema that can be asked. */
export function isSchema(value: unknown): value is StandardSchema {
  const standard = (value as Partial<StandardSchema> | null | undefined)?.['~standard'];
  return typeof standard?.validate === 'function';
}

/** So many issues are told at most: a large value may have thousands. */
const MOST_ISSUES = 10;

/** What is wrong with a value, for people: `items.0.price: expected a number; and 3 more`. */
export function issuesText(issues: readonly StandardIssue[]): string {
  const told = issues.slice(0, MOST_ISSUES).map(issue => {
    const path = (issue.path ?? []).map(part => String(typeof part === 'object' ? part.key : part)).join('.');
    return path === '' ? issue.message : `${path}: ${issue.message}`;
  });
  const more = issues.length - told.length;
  return told.join('; ') + (more > 0 ? `; and ${more} more` : '');
}
