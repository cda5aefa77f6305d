import { type ErrorFacts, RejectedError } from '../kernel/errors.js';

/** A change that no copy can keep: nothing was written. */
export class CopyChangeError extends RejectedError {
  constructor(message: string, facts?: ErrorFacts) {
    super('ERR_COPY_CHANGE', message, facts);
  }

  override get name(): string {
    return 'CopyChangeError';
  }
}

/** A copy is not as fresh as was asked for, or was never loaded. */
export class CopyStaleError extends RejectedError {
  constructor(message: string, facts?: ErrorFacts) {
    super('ERR_COPY_STALE', message, facts);
  }

  override get name(): string {
    return 'CopyStaleError';
  }
}
