import { type ErrorFacts, RejectedError } from '../kernel/errors.js';

/** There is no instance that a call could go to. */
export class NoEndpointError extends RejectedError {
  constructor(message: string, facts?: ErrorFacts) {
    super('ERR_NO_ENDPOINT', message, facts);
  }

  override get name(): string {
    return 'NoEndpointError';
  }
}
