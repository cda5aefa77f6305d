import { factOf } from '../../kernel/errors.js';
import type { Outcome, Verdict } from '../../kernel/outcome.js';
import type { RetryAfter } from '../../resilience/retry-plan.js';
import type { GrpcFailure } from './grpc-failure.js';

/**
 * The codes of gRPC that say something about the remote. All others are answers of one that works:
 * INVALID_ARGUMENT, NOT_FOUND, ALREADY_EXISTS, PERMISSION_DENIED, FAILED_PRECONDITION, ABORTED, OUT_OF_RANGE,
 * UNIMPLEMENTED, UNAUTHENTICATED.
 */
const VERDICTS: Readonly<Record<number, Verdict>> = /* @__PURE__ */ Object.freeze({
  // CANCELLED: somebody did not want the answer any more.
  1: 'neutral',
  // UNKNOWN: an error that the remote did not expect.
  2: 'failure',
  // DEADLINE_EXCEEDED
  4: 'failure',
  // RESOURCE_EXHAUSTED: it has too much to do, or this client asks for too much.
  8: 'failure',
  // INTERNAL
  13: 'failure',
  // UNAVAILABLE
  14: 'failure',
  // DATA_LOSS
  15: 'failure',
});

/** What `@grpc/grpc-js` says of messages that never left, with the code of a failure. */
const NEVER_SENT = /^(Request message serialization failure|Attempted to send message with a size)/;

/**
 * Judges what a call of gRPC came to, for `classify`: UNKNOWN, DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED,
 * INTERNAL, UNAVAILABLE and DATA_LOSS are failures of the server; CANCELLED, and messages that cannot be
 * sent, count nowhere; any other code is an answer. `undefined` for what is not of gRPC.
 */
export function grpcVerdict(outcome: Outcome): Verdict | undefined {
  if (outcome.ok) return undefined;
  const { code, details, rejected } = Object(outcome.error) as Partial<GrpcFailure>;
  if (typeof code !== 'number')
    return factOf(outcome.error, 'code') === 'ERR_ABANDONED' ? 'neutral' : undefined;
  if (rejected === true || NEVER_SENT.test(details ?? '')) return 'neutral';
  return VERDICTS[code] ?? 'success';
}

/**
 * As {@link grpcVerdict}, for `classify` of a `Retry`: it waits for as long as the server asks by
 * `grpc-retry-pushback-ms`, and gives up where that is negative, or no number.
 */
export function grpcRetryVerdict(outcome: Outcome): Verdict | RetryAfter | undefined {
  const verdict = grpcVerdict(outcome);
  if (verdict !== 'failure' || outcome.ok) return verdict;
  const asked = (outcome.error as GrpcFailure).metadata?.get('grpc-retry-pushback-ms')[0];
  if (asked === undefined) return verdict;
  return /^\d+$/.test(String(asked)) ? { retryAfterMs: Number(asked) } : 'neutral';
}
