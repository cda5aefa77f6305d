import { factOf, isRejected } from '../kernel/errors.js';
import { type GatewayAnswer, problem } from './problem.js';
import { UpstreamError } from './upstream-error.js';

const waitOf = (error: unknown): number => {
  const ms = factOf(error, 'retryAfterMs');
  return typeof ms === 'number' && ms >= 0 ? ms : 1_000;
};

/**
 * The answer to a request that could not be handed on: 502 where the upstream broke the rules or the
 * connection, 503 where nobody was asked, 504 where it took too long. `own` is for functions of this process.
 */
export function failureAnswer(error: unknown, own: boolean): GatewayAnswer {
  const code = factOf(error, 'code');
  if (code === 'ERR_TIMEOUT' || code === 'ERR_DEADLINE' || code === 'ERR_QUEUE_TIMEOUT') {
    return problem(504, 'the upstream took too long');
  }
  // Refused at its last attempt, whether an earlier one ran or not.
  const refused = typeof factOf(error, 'rejected') === 'boolean' && code !== 'ERR_ALL_FAILED';
  if (refused || isRejected(error)) {
    return problem(503, 'the upstream is not asked now', { retryAfterMs: waitOf(error) });
  }
  if (code === 'ERR_BODY_TOO_LARGE')
    return problem(413, 'the body is larger than it may be', { close: true });
  if (error instanceof UpstreamError)
    return problem(502, 'the upstream gave no answer that can be handed on');
  // A hedge whose attempts all failed says it with the last of them.
  const cause = factOf(error, 'cause');
  if (code === 'ERR_ALL_FAILED' && cause !== undefined) return failureAnswer(cause, own);
  return own
    ? problem(500, 'the request could not be answered')
    : problem(502, 'the upstream could not be asked');
}
