import { isIdempotentMethod } from '../core/idempotent-method.js';
import { CallContext, type CallOptions, type Context } from '../kernel/context.js';

/** What `fetch` takes, and what every call of a policy takes. */
export type ResilientInit = RequestInit &
  Pick<CallOptions, 'timeoutMs' | 'idempotencyKey' | 'key' | 'attributes'>;

/** A request before any attempt of it is made. */
export interface HttpRequest {
  /** What `fetch` is given. */
  readonly target: Request | string;
  readonly init: ResilientInit | undefined;
  /** Those of the caller; not to be changed. */
  readonly headers: Headers;
  readonly origin: string;
  /** Whether doing it twice is as good as once, by its method alone (RFC 9110, 9.2.2). */
  readonly isIdempotent: boolean;
  /** Whether its body can be sent again. */
  readonly isReplayable: boolean;
  readonly idempotencyKey: string | undefined;
  readonly signal: AbortSignal | undefined;
}

/** The context of a request: what is kept for each origin must not go by `key`, which is the user's. */
export class RequestContext extends CallContext {
  readonly origin: string;

  constructor(parent: CallContext, origin: string) {
    super(parent);
    this.origin = origin;
  }
}

/** The origin of the request that `context` belongs to. */
export function originOf(context: Context): string {
  let at = context as CallContext;
  while (!(at instanceof RequestContext)) at = at.parent!;
  return at.origin;
}

/**
 * Reads what was given to `fetch`.
 * @throws TypeError when the address or a header is none.
 */
export function readRequest(
  input: string | URL | Request,
  init: ResilientInit | undefined,
  baseUrl: string | URL | undefined,
  keyHeader: string,
): HttpRequest {
  const request = input instanceof Request ? input : undefined;
  const url = new URL(request?.url ?? String(input), baseUrl);
  const headers = new Headers(init?.headers ?? request?.headers);
  return {
    target: request ?? url.href,
    init,
    headers,
    origin: url.origin,
    isIdempotent: isIdempotentMethod((init?.method ?? request?.method ?? 'GET').toUpperCase()),
    isReplayable: isReplayable(init?.body ?? request?.body),
    idempotencyKey: headers.get(keyHeader) ?? keyOf(init, keyHeader),
    signal: (init !== undefined && 'signal' in init ? init.signal : request?.signal) ?? undefined,
  };
}

/** An empty key tells no two requests apart: it is none. */
function keyOf(init: ResilientInit | undefined, keyHeader: string): string | undefined {
  const key = init?.idempotencyKey;
  if (key === undefined || key === '') return undefined;
  // Refused here, and not by each attempt, when no header can hold it.
  new Headers().set(keyHeader, key);
  return key;
}

/** Streams and iterators are gone once they have been read; of anything unknown the same is feared. */
export function isReplayable(body: unknown): boolean {
  return (
    body === null ||
    body === undefined ||
    typeof body === 'string' ||
    body instanceof URLSearchParams ||
    body instanceof ArrayBuffer ||
    ArrayBuffer.isView(body) ||
    body instanceof Blob ||
    body instanceof FormData
  );
}
