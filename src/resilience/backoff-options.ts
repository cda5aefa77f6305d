import type { Backoff } from '../core/backoff.js';
import { BACKOFF_KEYS, backoffProblem } from '../core/backoff-problem.js';
import { checkKeys, isRecord, refuse } from '../kernel/options.js';

/** Checks a backoff schedule and returns a copy that nobody can change. */
export function checkBackoff(owner: string, backoff: Backoff): Backoff {
  const kind: string | undefined = isRecord(backoff) ? backoff.kind : undefined;
  if (kind !== undefined && Object.hasOwn(BACKOFF_KEYS, kind)) {
    checkKeys(`${owner}: \`backoff\``, backoff, BACKOFF_KEYS[backoff.kind]);
  }
  const problem = backoffProblem(backoff);
  if (problem !== undefined) refuse(owner, problem.option, problem.rule, problem.value);
  return Object.freeze({ ...backoff });
}
