import { type ErrorFacts, RejectedError, ResilienceError } from '../kernel/errors.js';

/** A message without an id that an inbox could know again. Nothing was run. */
export class InboxMessageError extends RejectedError {
  constructor(message: string, facts?: ErrorFacts) {
    super('ERR_INBOX_MESSAGE', message, facts);
  }

  override get name(): string {
    return 'InboxMessageError';
  }
}

/** The handler returned what cannot be kept for repeats. It did run: its transaction has to roll back. */
export class InboxResultError extends ResilienceError {
  constructor(message: string, facts?: ErrorFacts) {
    super('ERR_INBOX_RESULT', message, facts);
  }

  override get name(): string {
    return 'InboxResultError';
  }
}
