import type { PublishVerdict } from '../core/outbox-failure.js';
import { factOf, isRejected } from '../kernel/errors.js';

/** The network said that nobody was reached, or broke off. */
const network: readonly unknown[] = [
  ...['ECONNREFUSED', 'ECONNRESET', 'ECONNABORTED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH'],
  ...['ENETUNREACH', 'ETIMEDOUT', 'EPIPE', 'ERR_TIMEOUT', 'ERR_BUS_CLOSED'],
];

/** Of the message itself: no bus changes its mind about it. */
const final: readonly unknown[] = ['ERR_INVALID_MESSAGE', 'ERR_RECORD_TOO_LARGE', 'ERR_UNSUPPORTED'];

/**
 * What the error of a publish says of its message. What may be tried again, as the error itself says, and
 * what never ran because a policy spared the bus, say nothing of it; a mistake of the caller is one for ever.
 */
export function publishVerdict(error: unknown): PublishVerdict {
  const code = factOf(error, 'code');
  if (final.includes(code) || error instanceof TypeError || error instanceof RangeError) return 'refused';
  if (network.includes(code) || isRejected(error)) return 'unreachable';
  const retryable = (error as { readonly retryable?: unknown } | undefined | null)?.retryable;
  return retryable === true ? 'unreachable' : retryable === false ? 'refused' : 'failed';
}
