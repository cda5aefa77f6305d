import {
  BulkheadFullError,
  DeadlineError,
  DeadlockError,
  QueueTimeoutError,
  type RejectedError,
} from '../kernel/errors.js';

/**
 * Why a call was refused. `full`: the line was full when it came. `displaced`: it lost its place in a full
 * line to one that comes before it. `queue-timeout`: it waited too long. `deadline`: its deadline came.
 * `deadlock`: it would have waited for itself. `closed`: the bulkhead is disposed of.
 */
export type BulkheadRefusal = 'full' | 'displaced' | 'queue-timeout' | 'deadline' | 'deadlock' | 'closed';

/** The error for a refusal by the bulkhead named `policy`. */
export function refusal(reason: BulkheadRefusal, policy: string): RejectedError {
  const facts = { policy };
  switch (reason) {
    case 'full':
      return new BulkheadFullError(`${policy}: no slot is free and the line is full`, facts);
    case 'displaced':
      return new BulkheadFullError(`${policy}: displaced from the full line`, facts);
    case 'closed':
      return new BulkheadFullError(`${policy}: no slot is free and it is closed`, facts);
    case 'queue-timeout':
      return new QueueTimeoutError(`${policy}: no slot came free in time`, facts);
    case 'deadline':
      return new DeadlineError(`${policy}: no slot came free before the deadline`, facts);
    case 'deadlock':
      return new DeadlockError(
        `${policy}: every slot is held by a call that would wait for a part of itself`,
        facts,
      );
  }
}
