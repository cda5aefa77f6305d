import { type Backoff, longestBackoffMs } from './backoff.js';

/** What is wrong with an option: which it is, the rule that it breaks, and the value. */
export interface BackoffProblem {
  readonly option: string;
  readonly rule: string;
  readonly value: unknown;
}

const JITTERS: readonly unknown[] = ['none', 'full', 'equal', 'decorrelated'];
/** The options of each kind of schedule. */
export const BACKOFF_KEYS: Readonly<Record<Backoff['kind'], readonly string[]>> = {
  constant: ['kind', 'delayMs', 'jitter'],
  linear: ['kind', 'initialMs', 'stepMs', 'maxMs', 'jitter'],
  exponential: ['kind', 'initialMs', 'factor', 'maxMs', 'jitter'],
};

function numberProblem(option: string, value: unknown, min: number): BackoffProblem | undefined {
  if (typeof value === 'number' && value >= min && value <= Number.MAX_SAFE_INTEGER) return undefined;
  return { option, rule: `a number >= ${min} <= ${Number.MAX_SAFE_INTEGER}`, value };
}

/** What is wrong with the numbers of a schedule of a known kind. */
function numbersProblem(backoff: Backoff): BackoffProblem | undefined {
  if (backoff.kind === 'constant') return numberProblem('backoff.delayMs', backoff.delayMs, 0);
  const initial = numberProblem('backoff.initialMs', backoff.initialMs, 0);
  if (initial !== undefined) return initial;
  // `null` is no number, and not left out either.
  const { maxMs = longestBackoffMs(backoff) } = backoff;
  const longest = numberProblem('backoff.maxMs', maxMs, backoff.initialMs);
  if (longest !== undefined) return longest;
  if (backoff.kind === 'linear') {
    const { stepMs = 0 } = backoff;
    return numberProblem('backoff.stepMs', stepMs, 0);
  }
  const { factor = 1 } = backoff as { readonly factor?: unknown };
  return typeof factor === 'number' && factor >= 1 && factor < Infinity
    ? undefined
    : { option: 'backoff.factor', rule: 'a number >= 1', value: factor };
}

/** The first thing that is wrong with a schedule; `undefined` where it can be gone by. */
export function backoffProblem(given: unknown): BackoffProblem | undefined {
  if (typeof given !== 'object' || given === null) {
    return { option: 'backoff', rule: 'an object', value: given };
  }
  const backoff = given as Backoff & { readonly factor?: unknown };
  const { kind, jitter } = backoff;
  const known = Object.hasOwn(BACKOFF_KEYS, kind) ? BACKOFF_KEYS[kind] : undefined;
  if (known === undefined) {
    return { option: 'backoff.kind', rule: "'constant' or 'linear' or 'exponential'", value: kind };
  }
  const odd = Object.keys(given).find(key => !known.includes(key));
  if (odd !== undefined) return { option: `backoff.${odd}`, rule: `one of ${known.join(', ')}`, value: odd };
  if (jitter !== undefined && !JITTERS.includes(jitter)) {
    const rule = "'none' or 'full' or 'equal' or 'decorrelated'";
    return { option: 'backoff.jitter', rule, value: jitter };
  }
  if (jitter === 'decorrelated' && (kind !== 'exponential' || backoff.factor !== undefined)) {
    const rule = "'decorrelated' only of an exponential schedule without a factor";
    return { option: 'backoff.jitter', rule, value: jitter };
  }
  return numbersProblem(backoff);
}
