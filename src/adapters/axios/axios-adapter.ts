import { isIdempotentMethod } from '../../core/idempotent-method.js';
import type { CallOptions } from '../../kernel/context.js';
import { factOf } from '../../kernel/errors.js';
import { isPolicy } from '../../kernel/is-guard.js';
import { checkKeys, isRecord, refuse } from '../../kernel/options.js';
import type { Outcome, Verdict } from '../../kernel/outcome.js';
import type { Policy } from '../../kernel/policy.js';
import { isTransientStatus } from '../../resilience/http-outcome.js';

/** What is read of the config of a request. */
export interface AxiosRequest {
  /** GET where there is none. */
  readonly method?: string;
  /** Where it goes. */
  readonly url?: string;
  /** What `url` is relative to. */
  readonly baseURL?: string;
  /** The body. */
  readonly data?: unknown;
  /** The fields. */
  readonly headers?: unknown;
  /** Gives the request up. */
  readonly signal?: unknown;
}

/** How requests of axios run through policies. */
export interface AxiosAdapterOptions<Request extends AxiosRequest, Response> {
  /** What sends: `axios.getAdapter('http')`. */
  readonly adapter: (request: Request) => Promise<Response>;
  /**
   * What requests run through that may be sent again: GET, HEAD, OPTIONS, TRACE, PUT and DELETE, and others
   * with a field `Idempotency-Key`; never one with a stream for a body.
   */
  readonly policy: Policy;
  /** What all others run through: nothing in it repeats. @default nothing */
  readonly once?: Policy;
}

const owner = 'axiosAdapter';

function fieldOf(headers: unknown, wanted: string): string | undefined {
  if (!isRecord(headers)) return undefined;
  const found = Object.entries(headers).find(([name]) => name.toLowerCase() === wanted);
  return typeof found?.[1] === 'string' ? found[1] : undefined;
}

/** What can be read only once cannot be sent twice. */
function isStream(data: unknown): boolean {
  const { pipe, getReader } = Object(data) as { pipe?: unknown; getReader?: unknown };
  return typeof pipe === 'function' || typeof getReader === 'function';
}

function originOf({ url = '', baseURL }: AxiosRequest): string | undefined {
  try {
    return new URL(url, baseURL).origin;
  } catch {
    // A path alone, or none: axios or the server makes what it likes of it.
    return undefined;
  }
}

/**
 * An adapter for axios whose requests run through policies: all attempts within one `axios` call, with its
 * interceptors outside. The caller's `signal` ends a wait as well as a request; the key of the call is the
 * origin.
 *
 * ```ts
 * import axios from 'axios';
 * import { CircuitBreaker, pipeline, Retry, Timeout } from 'keelson';
 * import { axiosAdapter, axiosVerdict } from 'keelson/axios';
 *
 * const breaker = new CircuitBreaker({ classify: axiosVerdict });
 * const timeout = new Timeout({ timeoutMs: 2_000 });
 * const client = axios.create({
 *   adapter: axiosAdapter({
 *     adapter: axios.getAdapter('http'),
 *     policy: pipeline(new Retry({ classify: axiosVerdict }), breaker, timeout),
 *     once: pipeline(breaker, timeout),
 *   }),
 * });
 * ```
 *
 * @throws TypeError that names the option, the rule and the value.
 */
export function axiosAdapter<Request extends AxiosRequest, Response>(
  options: AxiosAdapterOptions<Request, Response>,
): (request: Request) => Promise<Response> {
  checkKeys(owner, options, ['adapter', 'policy', 'once']);
  const { adapter, policy, once } = options;
  if (typeof adapter !== 'function') refuse(owner, 'adapter', 'a function', adapter);
  if (!isPolicy(policy)) refuse(owner, 'policy', 'a policy', policy);
  if (once !== undefined && !isPolicy(once)) refuse(owner, 'once', 'a policy', once);
  return request => {
    const idempotencyKey = fieldOf(request.headers, 'idempotency-key');
    const known = isIdempotentMethod((request.method ?? 'GET').toUpperCase());
    const repeatable = (known || idempotencyKey !== undefined) && !isStream(request.data);
    const chosen = repeatable ? policy : once;
    if (chosen === undefined) return adapter(request);
    const { signal } = request;
    const call: CallOptions = {
      key: originOf(request),
      idempotencyKey,
      idempotent: repeatable,
      signal: signal instanceof AbortSignal ? signal : undefined,
    };
    return chosen.execute(context => adapter({ ...request, signal: context.signal }), call);
  };
}

/**
 * Judges what axios answers or throws, for `classify`: an error with a status says as much as the status.
 * One that the server will not change its mind about, such as 404, is no failure of the server; 408, 425, 429
 * and 5xx but for 501 and 505 are. `undefined` for what is not of axios.
 */
export function axiosVerdict(outcome: Outcome): Verdict | undefined {
  if (outcome.ok) {
    const { status } = Object(outcome.value) as { status?: unknown };
    return typeof status === 'number' && isTransientStatus(status) ? 'failure' : undefined;
  }
  // The caller gave up; a policy that did has its own error.
  if (factOf(outcome.error, 'code') === 'ERR_CANCELED') return undefined;
  const { response } = Object(outcome.error) as { response?: { readonly status?: unknown } };
  const status = response?.status;
  if (typeof status !== 'number') return undefined;
  return isTransientStatus(status) ? 'failure' : 'success';
}
