import { type ErrorFacts, RejectedError } from '../kernel/errors.js';

/** A message that no outbox can keep, or no bus could take. Nothing was written: the transaction goes on. */
export class OutboxMessageError extends RejectedError {
  constructor(message: string, facts?: ErrorFacts) {
    super('ERR_OUTBOX_MESSAGE', message, facts);
  }

  override get name(): string {
    return 'OutboxMessageError';
  }
}
