import { type ErrorFacts, ResilienceError } from '../kernel/errors.js';

/** What went wrong with an upstream: before it was reached, while it answered, or in what it answered. */
export type UpstreamFailure = 'connect' | 'reset' | 'protocol';

/** An upstream could not be reached, broke the connection, or answered what is no HTTP. */
export class UpstreamError extends ResilienceError {
  /** What went wrong. */
  readonly failure: UpstreamFailure;

  constructor(failure: UpstreamFailure, message: string, facts?: ErrorFacts) {
    super('ERR_UPSTREAM', message, facts);
    this.failure = failure;
  }

  override get name(): string {
    return 'UpstreamError';
  }
}

/** An upstream answered with a status that says that it failed. Policies see it as an error. */
export class UpstreamStatusError extends ResilienceError {
  /** What it answered with. */
  readonly status: number;
  /** The answer, which goes to the client when no policy finds another one. */
  readonly reply: unknown;

  constructor(status: number, reply: unknown, facts?: ErrorFacts) {
    super('ERR_UPSTREAM', `the upstream answered with ${status}`, facts);
    this.status = status;
    this.reply = reply;
  }

  override get name(): string {
    return 'UpstreamStatusError';
  }
}

/** The body of a request is larger than its route takes. */
export class BodyTooLargeError extends ResilienceError {
  constructor(message: string, facts?: ErrorFacts) {
    super('ERR_BODY_TOO_LARGE', message, facts);
  }

  override get name(): string {
    return 'BodyTooLargeError';
  }
}
