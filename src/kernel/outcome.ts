import type { CallContext, Context } from './context.js';
import { factOf, isRejected } from './errors.js';
import { show } from './options.js';

/** How an operation ended: what it answered, or what it threw. */
export type Outcome<T = unknown> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: unknown };

/**
 * What an outcome says about the remote. `slow` is an answer that came, but too late to be a good sign: who
 * counts slow calls counts it, for everybody else it is a success. `neutral` returns the permit and counts
 * nowhere.
 */
export type Verdict = 'success' | 'failure' | 'slow' | 'neutral';

/**
 * Judges an outcome; `undefined` leaves it to the default: what was thrown is a failure, except a refusal by
 * a policy of ours and what followed from the caller giving up, which say nothing about the remote. It
 * cannot be async, and any other answer is a mistake: see the policy for what comes of it.
 */
export type Classify<T = unknown> = (outcome: Outcome<T>, context: Context) => Verdict | undefined;

/** The default verdict on an error. An outer timeout that fired is the remote's doing, not the caller's. */
export function judgeError(error: unknown, call: CallContext): Verdict {
  if (isRejected(error)) return 'neutral';
  return call.cancelled && !isTimeout(call.reason) ? 'neutral' : 'failure';
}

const verdicts: readonly unknown[] = ['success', 'failure', 'slow', 'neutral', undefined];

/**
 * Returns what `classify` of `owner` answered when it is a verdict, or `undefined`.
 *
 * @throws TypeError that names `classify`, the rule and the value: a guess would be worse.
 */
export function checkVerdict(owner: string, answer: unknown, besides = ''): Verdict | undefined {
  if (verdicts.includes(answer)) return answer as Verdict | undefined;
  defuse(answer);
  const rule = `'success', 'failure', 'slow', 'neutral'${besides} or undefined`;
  throw new TypeError(`${owner}: \`classify\` must answer ${rule}, got ${show(answer)}`);
}

/**
 * The verdict on how a call of `owner` ended, with the user's classification first.
 *
 * @throws TypeError when that answers no verdict.
 */
export function judge(
  owner: string,
  ok: boolean,
  result: unknown,
  call: CallContext,
  classify?: Classify,
): Verdict {
  if (classify !== undefined) {
    const outcome: Outcome = ok ? { ok, value: result } : { ok: false, error: result };
    const verdict = checkVerdict(owner, classify(outcome, call));
    if (verdict !== undefined) return verdict;
  }
  return ok ? 'success' : judgeError(result, call);
}

function isTimeout(reason: unknown): boolean {
  return factOf(reason, 'code') === 'ERR_TIMEOUT';
}

/** A function of the user's that should not be async may be: its rejection must not end the process. */
export function defuse(answer: unknown): void {
  if (answer instanceof Promise) answer.catch(() => {});
}
