import type { CallContext, Context } from './context.js';
import { isRejected } from './errors.js';

/** How an operation ended: what it answered, or what it threw. */
export type Outcome<T = unknown> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: unknown };

/** What an outcome says about the remote. `neutral` returns the permit and counts nowhere. */
export type Verdict = 'success' | 'failure' | 'neutral';

/**
 * Judges an outcome; `undefined` leaves it to the default: what was thrown is a failure, except a refusal by
 * a policy of ours and what followed from the caller giving up, which say nothing about the remote.
 */
export type Classify<T = unknown> = (outcome: Outcome<T>, context: Context) => Verdict | undefined;

/** The default verdict on an error. An outer timeout that fired is the remote's doing, not the caller's. */
export function judgeError(error: unknown, call: CallContext): Verdict {
  if (isRejected(error)) return 'neutral';
  return call.cancelled && !isTimeout(call.reason) ? 'neutral' : 'failure';
}

/** The verdict on how a call ended, with the user's classification first. */
export function judge(ok: boolean, result: unknown, call: CallContext, classify?: Classify): Verdict {
  if (classify !== undefined) {
    const outcome: Outcome = ok ? { ok, value: result } : { ok: false, error: result };
    const verdict = classify(outcome, call);
    if (verdict !== undefined) return verdict;
  }
  return ok ? 'success' : judgeError(result, call);
}

function isTimeout(reason: unknown): boolean {
  return (
    typeof reason === 'object' && reason !== null && (reason as { code?: unknown }).code === 'ERR_TIMEOUT'
  );
}
