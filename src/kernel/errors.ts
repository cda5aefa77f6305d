/** The `code` of every error of this package: check this, never `instanceof` (a tree may hold two copies). */
export type ErrorCode =
  | 'ERR_ALL_FAILED'
  | 'ERR_CIRCUIT_OPEN'
  | 'ERR_BULKHEAD_FULL'
  | 'ERR_QUEUE_TIMEOUT'
  | 'ERR_DEADLOCK'
  | 'ERR_DEADLINE'
  | 'ERR_RATE_LIMITED'
  | 'ERR_THROTTLED'
  | 'ERR_LIMIT_EXCEEDED'
  | 'ERR_TIMEOUT'
  | 'ERR_ABANDONED'
  | 'ERR_CLOUD_EVENT'
  | 'ERR_BUS_CLOSED'
  | 'ERR_UNSUPPORTED'
  | 'ERR_INVALID_MESSAGE'
  | 'ERR_RECORD_TOO_LARGE'
  | 'ERR_PUBLISH'
  | 'ERR_TOPOLOGY'
  | 'ERR_LEASE_LOST'
  | 'ERR_REQUEST_FAILED'
  | 'ERR_LISTENERS_FAILED'
  | 'ERR_EVENT_OVERFLOW'
  | 'ERR_INVALID_EVENT'
  | 'ERR_PROJECTION_STOPPED'
  | 'ERR_STEP_FAILED'
  | 'ERR_SAGA_COMPENSATED'
  | 'ERR_SAGA_PARKED'
  | 'ERR_SAGA_REFUSED'
  | 'ERR_BARRIER_DEADLOCK'
  | 'ERR_BARRIER_KEY'
  | 'ERR_BARRIER_RESULT'
  | 'ERR_INBOX_MESSAGE'
  | 'ERR_INBOX_RESULT'
  | 'ERR_OUTBOX_MESSAGE'
  | 'ERR_PROCESS_BACKLOG'
  | 'ERR_PROCESS_CONFLICT'
  | 'ERR_PROCESS_DECISION'
  | 'ERR_PROCESS_NOT_STARTED'
  | 'ERR_SAGA_STORE'
  | 'ERR_INVALID_INSTANCE'
  | 'ERR_REGISTRY_FULL'
  | 'ERR_REGISTRY_CLOSED'
  | 'ERR_REGISTRY_UNAVAILABLE'
  | 'ERR_SUPERSEDED'
  | 'ERR_NO_ENDPOINT'
  | 'ERR_COPY_CHANGE'
  | 'ERR_COPY_STALE'
  | 'ERR_OWNERSHIP'
  | 'ERR_OWNERSHIP_UNSEEN'
  | 'ERR_MIGRATION'
  | 'ERR_PROVISION'
  | 'ERR_COMMIT_UNKNOWN'
  | 'ERR_TRANSACTION_ABORTED'
  | 'ERR_UPSTREAM'
  | 'ERR_BODY_TOO_LARGE';

/** What every error of this package can carry. */
export interface ErrorFacts {
  /** What led to it. */
  readonly cause?: unknown;
  /** The name of the policy that raised it. */
  readonly policy?: string | undefined;
  /** When another try may make sense, in ms from now. */
  readonly retryAfterMs?: number | undefined;
  /**
   * Capture a stack: some 4 µs, so off by default; a refusal comes from the policy, not from where it was
   * raised.
   */
  readonly stack?: boolean;
}

/** A frozen Error (hardened realms) refuses the write; the stack is then merely captured. */
function setStackLimit(limit: number): void {
  try {
    Error.stackTraceLimit = limit;
  } catch {}
}

/** The base of all errors that this package raises. The user's own errors pass through untouched. */
export class ResilienceError extends Error {
  /** What happened: check this, never `instanceof`. */
  readonly code: ErrorCode;
  /** The name of the policy that raised it. */
  readonly policy: string | undefined;
  /** When another try may make sense, in ms from now; `undefined` where nobody knows. */
  readonly retryAfterMs: number | undefined;

  constructor(code: ErrorCode, message: string, facts?: ErrorFacts) {
    const limit = Error.stackTraceLimit;
    if (facts?.stack !== true) setStackLimit(0);
    super(message, facts !== undefined && 'cause' in facts ? { cause: facts.cause } : undefined);
    if (facts?.stack !== true) setStackLimit(limit);
    this.code = code;
    this.policy = facts?.policy;
    this.retryAfterMs = facts?.retryAfterMs;
  }

  override get name(): string {
    return 'ResilienceError';
  }
}

/** The operation never ran: it is safe to run it elsewhere, whatever it does. */
export class RejectedError extends ResilienceError {
  /**
   * For checks across copies of the package. `false` at the end of a call that was repeated: this attempt did
   * not run, an earlier one did. See {@link isRejected}.
   */
  get rejected(): boolean {
    return true;
  }

  override get name(): string {
    return 'RejectedError';
  }
}

/** A circuit breaker is open, isolated, or has all its probes out. */
export class CircuitOpenError extends RejectedError {
  constructor(message: string, facts?: ErrorFacts) {
    super('ERR_CIRCUIT_OPEN', message, facts);
  }

  override get name(): string {
    return 'CircuitOpenError';
  }
}

/** All slots of a bulkhead are taken and its wait line is full. */
export class BulkheadFullError extends RejectedError {
  constructor(message: string, facts?: ErrorFacts) {
    super('ERR_BULKHEAD_FULL', message, facts);
  }

  override get name(): string {
    return 'BulkheadFullError';
  }
}

/** A call waited longer for its turn than it may. */
export class QueueTimeoutError extends RejectedError {
  constructor(message: string, facts?: ErrorFacts) {
    super('ERR_QUEUE_TIMEOUT', message, facts);
  }

  override get name(): string {
    return 'QueueTimeoutError';
  }
}

/** A call waits for something that only itself could set free. */
export class DeadlockError extends RejectedError {
  constructor(message: string, facts?: ErrorFacts) {
    super('ERR_DEADLOCK', message, facts);
  }

  override get name(): string {
    return 'DeadlockError';
  }
}

/** The deadline of the call had passed before the operation could start. */
export class DeadlineError extends RejectedError {
  constructor(message: string, facts?: ErrorFacts) {
    super('ERR_DEADLINE', message, facts);
  }

  override get name(): string {
    return 'DeadlineError';
  }
}

/** A rate limiter has nothing left for the call, or never will have. */
export class RateLimitedError extends RejectedError {
  constructor(message: string, facts?: ErrorFacts) {
    super('ERR_RATE_LIMITED', message, facts);
  }

  override get name(): string {
    return 'RateLimitedError';
  }
}

/** A throttle spares a remote that refuses too much of what it is asked. */
export class ThrottledError extends RejectedError {
  constructor(message: string, facts?: ErrorFacts) {
    super('ERR_THROTTLED', message, facts);
  }

  override get name(): string {
    return 'ThrottledError';
  }
}

/** As many calls run as an adaptive limiter allows now; nobody knows when that ends. */
export class LimitExceededError extends RejectedError {
  constructor(message: string, facts?: ErrorFacts) {
    super('ERR_LIMIT_EXCEEDED', message, facts);
  }

  override get name(): string {
    return 'LimitExceededError';
  }
}

/** The operation ran out of time. It did run, and what it did is unknown. */
export class TimeoutError extends ResilienceError {
  /** The span that was exceeded, in ms. */
  readonly timeoutMs: number;

  constructor(message: string, timeoutMs: number, facts?: ErrorFacts) {
    super('ERR_TIMEOUT', message, facts);
    this.timeoutMs = timeoutMs;
  }

  override get name(): string {
    return 'TimeoutError';
  }
}

/**
 * Every attempt of a hedged call failed, or was refused; or too many of those did that were asked the same.
 * `cause` is what the last of them threw.
 */
export class AggregateFailedError extends ResilienceError {
  /** What the attempts threw, in the order in which they started, or stand in the list of those asked. */
  readonly errors: readonly unknown[];

  constructor(message: string, errors: readonly unknown[], facts?: ErrorFacts) {
    super('ERR_ALL_FAILED', message, facts);
    this.errors = errors;
  }

  /** Whether policies refused every attempt, so that the operation never ran. See {@link isRejected}. */
  get rejected(): boolean {
    return this.errors.length > 0 && this.errors.every(isRejected);
  }

  override get name(): string {
    return 'AggregateFailedError';
  }
}

/**
 * A stream was left by its reader before it ended, or the rest of an answer is not wanted any more. It says
 * nothing about the remote.
 */
export class AbandonedError extends ResilienceError {
  constructor(message: string, facts?: ErrorFacts) {
    super('ERR_ABANDONED', message, facts);
  }

  override get name(): string {
    return 'AbandonedError';
  }
}

/** An event that breaks a rule of CloudEvents, or a message that holds none. It has a stack. */
export class CloudEventError extends ResilienceError {
  /** The attribute that is wrong, or `data`; `undefined` where it is the message as a whole. */
  readonly attribute: string | undefined;

  constructor(message: string, attribute?: string, facts?: ErrorFacts) {
    super('ERR_CLOUD_EVENT', message, { stack: true, ...facts });
    this.attribute = attribute;
  }

  override get name(): string {
    return 'CloudEventError';
  }
}

/**
 * Whether `error` says that the operation never ran, at no attempt of the call, from whichever copy of the
 * package.
 */
export function isRejected(error: unknown): error is ResilienceError & { readonly rejected: true } {
  return factOf(error, 'rejected') === true;
}

/** What an error may say of itself beside its words. */
type Fact =
  | ('rejected' | 'code' | 'retryAfterMs' | 'status' | 'statusCode' | 'cause')
  | ('retryable' | 'maybeStored');

/** What an error, or whatever else was thrown, says under `name`; one that throws when asked says nothing. */
export function factOf(error: unknown, name: Fact): unknown {
  if (typeof error !== 'object' || error === null) return undefined;
  try {
    return (error as Partial<Record<string, unknown>>)[name];
  } catch {
    return undefined;
  }
}
