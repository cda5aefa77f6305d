import { type ErrorFacts, RejectedError, ResilienceError } from './errors.js';
import type { SchemaIssue } from './schema-issues.js';

/** The bus has been closed. Nothing was published. */
export class BusClosedError extends RejectedError {
  constructor(message: string, facts?: ErrorFacts) {
    super('ERR_BUS_CLOSED', message, facts);
  }

  override get name(): string {
    return 'BusClosedError';
  }
}

/** An option asks for what the broker cannot do. Nothing is ever ignored in silence. */
export class UnsupportedCapabilityError extends RejectedError {
  constructor(message: string, facts?: ErrorFacts) {
    super('ERR_UNSUPPORTED', message, facts);
  }

  override get name(): string {
    return 'UnsupportedCapabilityError';
  }
}

/** What is to be published, or was received, is not what its topic promises. */
export class InvalidMessageError extends RejectedError {
  /** What the schema says, at most 20 issues; empty where there was nothing to ask it about. */
  readonly issues: readonly SchemaIssue[];

  constructor(message: string, issues: readonly SchemaIssue[] = [], facts?: ErrorFacts) {
    super('ERR_INVALID_MESSAGE', message, facts);
    this.issues = issues;
  }

  override get name(): string {
    return 'InvalidMessageError';
  }
}

/** A message is larger than the broker takes. Nothing was published. */
export class RecordTooLargeError extends RejectedError {
  constructor(message: string, facts?: ErrorFacts) {
    super('ERR_RECORD_TOO_LARGE', message, facts);
  }

  override get name(): string {
    return 'RecordTooLargeError';
  }
}

/** What publishing adds to an error. */
export interface PublishFacts extends ErrorFacts {
  /** Whether the broker may hold the message all the same. */
  readonly maybeStored: boolean;
  /** Whether another try may do better. */
  readonly retryable: boolean;
}

/** A message could not be published, or nobody knows whether it was. */
export class PublishError extends ResilienceError {
  /** Whether the broker may hold the message all the same: publish it again only under the same id. */
  readonly maybeStored: boolean;
  /** Whether another try may do better. */
  readonly retryable: boolean;

  constructor(message: string, facts: PublishFacts) {
    super('ERR_PUBLISH', message, facts);
    this.maybeStored = facts.maybeStored;
    this.retryable = facts.retryable;
  }

  override get name(): string {
    return 'PublishError';
  }
}

/** What stands at the broker is not what the program expects. Nothing was deleted or changed. */
export class TopologyError extends ResilienceError {
  constructor(message: string, facts?: ErrorFacts) {
    super('ERR_TOPOLOGY', message, facts);
  }

  override get name(): string {
    return 'TopologyError';
  }
}

/** Whoever held something for a time holds it no more: what it does from then on does not count. */
export class LeaseLostError extends ResilienceError {
  constructor(message: string, facts?: ErrorFacts) {
    super('ERR_LEASE_LOST', message, facts);
  }

  override get name(): string {
    return 'LeaseLostError';
  }
}

/** Whoever was asked answered with an error. */
export class RequestFailedError extends ResilienceError {
  /** The name of the error at the other side. */
  readonly remoteName: string;
  /** Its code, if it has one. */
  readonly remoteCode: string | undefined;

  constructor(message: string, remoteName: string, remoteCode: string | undefined, facts?: ErrorFacts) {
    super('ERR_REQUEST_FAILED', message, facts);
    this.remoteName = remoteName;
    this.remoteCode = remoteCode;
  }

  override get name(): string {
    return 'RequestFailedError';
  }
}
