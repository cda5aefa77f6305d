import { factOf } from '../../kernel/errors.js';
import { isUnreached } from '../../kernel/unreached.js';

/**
 * Classes and codes of SQLSTATE under which a statement did nothing and may do better another time: no room,
 * a conflict of transactions, a server that is starting, stopping or read-only, somebody who cancelled it.
 */
const passing = /^(?:53|40|55P03|57014|57P03|25006)/;

/** What an error says of a statement that was sent. */
export interface Failure {
  /** Whether another try may do better. */
  readonly retryable: boolean;
  /** Whether it may have been done all the same. */
  readonly maybeDone: boolean;
}

/** Reads an error of a client: by its SQLSTATE where the server spoke, by what the network said otherwise. */
export function failureOf(error: unknown): Failure {
  if (isUnreached(error)) return { retryable: true, maybeDone: false };
  const code = factOf(error, 'code');
  if (typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) && !code.startsWith('E')) {
    if (passing.test(code)) return { retryable: true, maybeDone: false };
    // The connection broke, or the server went down, and nobody knows before or after what.
    if (/^(?:08|57P)/.test(code)) return { retryable: true, maybeDone: true };
    return { retryable: false, maybeDone: false };
  }
  return { retryable: true, maybeDone: true };
}
