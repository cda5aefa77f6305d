import { type ErrorFacts, RejectedError, ResilienceError } from '../kernel/errors.js';

/** A key that no saga sends. Nothing was run. */
export class BarrierKeyError extends RejectedError {
  constructor(message: string, facts?: ErrorFacts) {
    super('ERR_BARRIER_KEY', message, facts);
  }

  override get name(): string {
    return 'BarrierKeyError';
  }
}

/**
 * The business code returned what cannot be kept for those who ask again: it is no JSON, or too large. It did
 * run: its transaction has to roll back.
 */
export class BarrierResultError extends ResilienceError {
  constructor(message: string, facts?: ErrorFacts) {
    super('ERR_BARRIER_RESULT', message, facts);
  }

  override get name(): string {
    return 'BarrierResultError';
  }
}

/**
 * Transactions of an `InMemoryBarrierStore` would wait for the steps of each other. This one is rolled back,
 * as one of a database is, so that the others go on: ask again.
 */
export class BarrierDeadlockError extends ResilienceError {
  constructor(message: string, facts?: ErrorFacts) {
    super('ERR_BARRIER_DEADLOCK', message, facts);
  }

  override get name(): string {
    return 'BarrierDeadlockError';
  }
}
