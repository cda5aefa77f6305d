import { type ErrorFacts, ResilienceError } from '../kernel/errors.js';
import type { SchemaIssue } from '../kernel/schema-issues.js';

/**
 * Listeners of an event failed; all others have heard of it. `errors` are what they threw, untouched and in
 * the order of the listeners; `cause` is the first of them.
 */
export class ListenersFailedError extends ResilienceError {
  /** What the listeners threw, in the order of the listeners. */
  readonly errors: readonly unknown[];
  /** The name of the event. */
  readonly event: string;

  constructor(message: string, event: string, errors: readonly unknown[], facts?: ErrorFacts) {
    super('ERR_LISTENERS_FAILED', message, { ...facts, cause: errors[0] });
    this.errors = errors;
    this.event = event;
  }

  override get name(): string {
    return 'ListenersFailedError';
  }
}

/** There is no room for a listener, an event or a reader more. */
export class EventOverflowError extends ResilienceError {
  constructor(message: string, facts?: ErrorFacts) {
    super('ERR_EVENT_OVERFLOW', message, facts);
  }

  override get name(): string {
    return 'EventOverflowError';
  }
}

/** What an {@link InvalidEventError} is about. */
export interface InvalidEvent {
  /** The name of the event. */
  readonly type: string;
  /** The version that it claims; `undefined` where it is emitted and not read. */
  readonly version?: number | undefined;
  /** What is wrong, the first of it. */
  readonly issues: readonly SchemaIssue[];
}

/**
 * An event that no schema of the registry takes. `cause` is what an upcaster or a schema threw, if one did.
 */
export class InvalidEventError extends ResilienceError {
  /** The name of the event. */
  readonly type: string;
  /** The version that it claims; `undefined` where it is emitted and not read. */
  readonly version: number | undefined;
  /** What is wrong, at most 20. */
  readonly issues: readonly SchemaIssue[];

  constructor(message: string, event: InvalidEvent, facts?: ErrorFacts) {
    super('ERR_INVALID_EVENT', message, facts);
    this.type = event.type;
    this.version = event.version;
    this.issues = event.issues;
  }

  override get name(): string {
    return 'InvalidEventError';
  }
}

/** A projection does not run any more. `cause` is the error that stopped it, if one did. */
export class ProjectionStoppedError extends ResilienceError {
  constructor(message: string, facts?: ErrorFacts) {
    super('ERR_PROJECTION_STOPPED', message, facts);
  }

  override get name(): string {
    return 'ProjectionStoppedError';
  }
}
