import { factOf, isRejected } from '../../kernel/errors.js';
import type { GrpcMetadata, GrpcStatus } from './grpc-client.js';

// The codes of gRPC that are said here; the package has them as an enum, which is not imported.
export const OK = 0;
export const CANCELLED = 1;
const UNKNOWN = 2;
const DEADLINE_EXCEEDED = 4;
const RESOURCE_EXHAUSTED = 8;
const UNAVAILABLE = 14;

/** How an attempt failed, as policies get to judge it: what the client will be told, with its code. */
export class GrpcFailure extends Error {
  /** The code of gRPC, such as 14 for UNAVAILABLE. */
  readonly code: number;
  /** In words. */
  readonly details: string;
  /** The trailing metadata. */
  readonly metadata: GrpcMetadata;
  /** @internal */
  readonly status: GrpcStatus;
  /**
   * The metadata that came before.
   * @internal
   */
  readonly leading: GrpcMetadata | undefined;

  constructor(status: GrpcStatus, leading: GrpcMetadata | undefined) {
    super(`${status.code}: ${status.details}`, { cause: factOf(status, 'cause') });
    this.code = status.code;
    this.details = status.details;
    this.metadata = status.metadata;
    this.status = status;
    this.leading = leading;
  }

  /** Whether an interceptor further inside refused the call, so that it never was made. */
  get rejected(): boolean {
    return isRejected(this.cause);
  }

  override get name(): string {
    return 'GrpcFailure';
  }
}

const CODES: Readonly<Record<string, number>> = /* @__PURE__ */ Object.freeze({
  ERR_TIMEOUT: DEADLINE_EXCEEDED,
  ERR_DEADLINE: DEADLINE_EXCEEDED,
  ERR_RATE_LIMITED: RESOURCE_EXHAUSTED,
  ERR_BULKHEAD_FULL: RESOURCE_EXHAUSTED,
  ERR_LIMIT_EXCEEDED: RESOURCE_EXHAUSTED,
  ERR_THROTTLED: RESOURCE_EXHAUSTED,
  ERR_QUEUE_TIMEOUT: RESOURCE_EXHAUSTED,
  ERR_ABANDONED: CANCELLED,
});

/** The code by which a client hears of an error of a policy. */
function codeOf(error: unknown): number {
  const known = CODES[String(factOf(error, 'code'))];
  if (known !== undefined) return known;
  return isRejected(error) ? UNAVAILABLE : UNKNOWN;
}

/** What a client is told: what its attempt failed with, or the error of a policy as the `cause`. */
export function statusOf(error: unknown, metadata: GrpcMetadata): GrpcStatus & { readonly cause?: unknown } {
  if (error instanceof GrpcFailure) return error.status;
  const last = factOf(error, 'code') === 'ERR_ALL_FAILED' ? factOf(error, 'cause') : undefined;
  if (last instanceof GrpcFailure) return last.status;
  const details = error instanceof Error ? error.message : String(error);
  return { code: codeOf(error), details, metadata, cause: error };
}
