import { systemClock } from '../../kernel/clock.js';
import { factOf } from '../../kernel/errors.js';
import type { Outcome, Verdict } from '../../kernel/outcome.js';
import { askedBy, isTransientStatus } from '../../resilience/http-outcome.js';
import type { RetryAfter } from '../../resilience/retry-plan.js';

/** The fields of an answer by their names in lower case. */
export type UndiciFields = Readonly<Record<string, string | string[] | undefined>>;

/** What a request was answered, as policies get to judge it. */
export interface UndiciAnswer {
  /** 200 or more. */
  readonly status: number;
  /** The fields by their names in lower case. */
  readonly headers: UndiciFields;
}

/**
 * Errors that the remote has no part in: what was asked for cannot be sent, whoever asked has closed its own
 * client, or another attempt of the same request had the first word.
 */
const OWN_DOING: ReadonlySet<unknown> = /* @__PURE__ */ new Set([
  'UND_ERR_INVALID_ARG',
  'UND_ERR_NOT_SUPPORTED',
  'UND_ERR_REQ_CONTENT_LENGTH_MISMATCH',
  'UND_ERR_CLOSED',
  'UND_ERR_DESTROYED',
  'ERR_ABANDONED',
]);

const answerOf = (outcome: Outcome): Partial<UndiciAnswer> =>
  outcome.ok ? (Object(outcome.value) as Partial<UndiciAnswer>) : {};

/**
 * Judges what a request came to, for `classify`: 408, 425, 429 and 5xx but for 501 and 505 are failures of
 * the server, any other status is none. What undici refuses to send, and what was asked of a client that is
 * closed, counts nowhere. `undefined` for all else: an error of a connection is a failure.
 */
export function undiciVerdict(outcome: Outcome): Verdict | undefined {
  if (!outcome.ok) return OWN_DOING.has(factOf(outcome.error, 'code')) ? 'neutral' : undefined;
  const { status } = answerOf(outcome);
  return typeof status === 'number' && isTransientStatus(status) ? 'failure' : undefined;
}

/**
 * The ms that a 429 or 503 asks to wait by `Retry-After`, for `retryAfterMs` of a breaker. A date is taken
 * relative to the `Date` of the server where it sends one, for its clock need not be ours.
 */
export function undiciRetryAfterMs(outcome: Outcome): number | undefined {
  const { status, headers } = answerOf(outcome);
  if (typeof status !== 'number' || headers === undefined) return undefined;
  const field = (name: string): string | undefined => [headers[name]].flat()[0];
  return askedBy(status, field, systemClock);
}

/** As {@link undiciVerdict}, for `classify` of a `Retry`: it waits for as long as the server asks. */
export function undiciRetryVerdict(outcome: Outcome): Verdict | RetryAfter | undefined {
  const verdict = undiciVerdict(outcome);
  const askedMs = verdict === 'failure' ? undiciRetryAfterMs(outcome) : undefined;
  return askedMs === undefined ? verdict : { retryAfterMs: askedMs };
}
