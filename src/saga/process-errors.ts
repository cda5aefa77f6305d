import { type ErrorFacts, RejectedError, ResilienceError } from '../kernel/errors.js';

/** `decide` or `evolve` answered with what no process can do or keep. Nothing was written. It has a stack. */
export class ProcessDecisionError extends ResilienceError {
  constructor(message: string, facts?: ErrorFacts) {
    super('ERR_PROCESS_DECISION', message, { stack: true, ...facts });
  }

  override get name(): string {
    return 'ProcessDecisionError';
  }
}

/** Others kept changing the same process in the meantime. Nothing was written: another try may do better. */
export class ProcessConflictError extends RejectedError {
  constructor(message: string, facts?: ErrorFacts) {
    super('ERR_PROCESS_CONFLICT', message, facts);
  }

  override get name(): string {
    return 'ProcessConflictError';
  }
}

/**
 * So much of the process waits to be published that nothing is added: the broker is away, or a command is
 * parked. Nothing was written: another try may do better once that is through.
 */
export class ProcessBacklogError extends RejectedError {
  constructor(message: string, facts?: ErrorFacts) {
    super('ERR_PROCESS_BACKLOG', message, facts);
  }

  override get name(): string {
    return 'ProcessBacklogError';
  }
}

/** A message for a process that has not started, and that does not start it: it may have come too early. */
export class ProcessNotStartedError extends RejectedError {
  constructor(message: string, facts?: ErrorFacts) {
    super('ERR_PROCESS_NOT_STARTED', message, facts);
  }

  override get name(): string {
    return 'ProcessNotStartedError';
  }
}
