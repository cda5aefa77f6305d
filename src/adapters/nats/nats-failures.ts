import { InvalidMessageError, RecordTooLargeError } from '../../kernel/bus-errors.js';
import type { PublishOutcome } from '../../messaging/driver.js';
import { EndedError, LostError, UnsentError } from './nats-link.js';

/** What the server says against a request, in its own words. */
export class ApiError extends Error {
  /** As in HTTP. */
  readonly status: number;
  /** Which of the errors of JetStream it is. */
  readonly code: number;

  constructor({ code, err_code, description }: ApiAnswer) {
    super(`nats: ${description ?? 'it was refused'}`);
    this.status = code ?? 500;
    this.code = err_code ?? 0;
  }
}

/** How the server says it. */
export interface ApiAnswer {
  readonly code?: number;
  readonly err_code?: number;
  readonly description?: string;
}

/** The names of errors of a client that was closed. */
const ended: readonly unknown[] = ['ClosedConnectionError', 'DrainingConnectionError'];
/** And of those after which nothing has been sent, and never will be. */
const hopeless: readonly unknown[] = [
  ...['InvalidArgumentError', 'InvalidSubjectError', 'PermissionViolationError', 'AuthorizationError'],
];

const nameOf = (error: unknown): unknown => (error as { readonly name?: unknown } | undefined)?.name;

/** Whether nobody listens where something was sent to: there is no such stream, or nobody leads it now. */
export function isUnheard(error: unknown): boolean {
  const { isNoResponders } = (error ?? {}) as { readonly isNoResponders?: unknown };
  return typeof isNoResponders === 'function' && isNoResponders.call(error) === true;
}

/** What an error says of a record that was to be stored. */
export function failed(error: unknown): PublishOutcome {
  const said = (retryable: boolean, maybeStored: boolean): PublishOutcome => ({
    ...{ ok: false, error, retryable, maybeStored },
  });
  if (error instanceof UnsentError) return said(true, false);
  if (error instanceof EndedError) return said(false, false);
  if (error instanceof LostError) return said(true, true);
  if (error instanceof InvalidMessageError || error instanceof RecordTooLargeError) return said(false, false);
  if (error instanceof ApiError) return said(error.status >= 500, false);
  if (isUnheard(error)) return said(true, false);
  const { cause } = (error ?? {}) as { readonly cause?: unknown };
  if (ended.includes(nameOf(error)) || ended.includes(nameOf(cause))) return failed(new EndedError(error));
  if (hopeless.includes(nameOf(error)) || hopeless.includes(nameOf(cause))) return said(false, false);
  return said(true, true);
}
