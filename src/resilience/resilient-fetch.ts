import { contextOf } from '../kernel/call-options.js';
import type { CallOptions, Context } from '../kernel/context.js';
import { pipeline } from '../kernel/pipeline.js';
import type { Policy } from '../kernel/policy.js';
import { BodySignals } from './body-signals.js';
import type { CircuitBreaker } from './circuit-breaker.js';
import { httpBreaker, httpRetry } from './http-policies.js';
import {
  type HttpRequest,
  originOf,
  RequestContext,
  type ResilientInit,
  readRequest,
} from './http-request.js';
import { keyed } from './keyed.js';
import type { KeyedGuard } from './keyed-policy.js';
import { checkFetchOptions, type FetchPlan, type ResilientFetchOptions } from './resilient-fetch-options.js';
import type { Retry } from './retry.js';
import { Timeout } from './timeout.js';

/** `fetch`, with what keeps it alive to be looked at. */
export interface ResilientFetch {
  (input: string | URL | Request, init?: ResilientInit): Promise<Response>;
  /** `undefined` where nothing is repeated. */
  readonly retry: Retry<Response> | undefined;
  /** The breaker of an origin such as `https://stock.example`; `undefined` where there are none. */
  breaker(origin: string): CircuitBreaker | undefined;
  /** The policies around a request that may be repeated, outermost first. */
  readonly parts: readonly unknown[];
  /** How these policies stand at this moment. */
  snapshot(): { readonly name: string; readonly pipeline: readonly unknown[] };
  /** These policies, as JSON. */
  describe(): {
    readonly kind: 'resilient-fetch';
    readonly name: string;
    readonly pipeline: readonly unknown[];
  };
}

/**
 * Makes a `fetch` that survives its servers:
 * `timeout(retry(breaker of the origin(guards(timeout of the attempt(fetch)))))`.
 *
 * As with `fetch`, a response of any status resolves, the last one when attempts run out, and a body is the
 * caller's own: no timeout, retry or breaker sees it, only `init.signal` still ends it. What is repeated:
 * GET, HEAD, OPTIONS, TRACE, PUT and DELETE; POST and PATCH only with an idempotency key; nothing with a
 * stream for a body, nor a `Request` that has one. Responses thrown away in between are drained.
 *
 * @throws TypeError or RangeError that names the option, the rule and the value.
 * @example
 * ```ts
 * import { resilientFetch } from 'keelson';
 *
 * const fetch = resilientFetch({ baseUrl: 'https://stock.example/v1/' });
 * const response = await fetch('items/7', { timeoutMs: 2_000 });
 * ```
 */
export function resilientFetch(options: ResilientFetchOptions = {}): ResilientFetch {
  const plan = checkFetchOptions(options);
  const { name, clock, guards = [] } = plan;
  const retry = httpRetry(plan);
  const breakers = breakersOf(plan);
  const total = new Timeout({ timeoutMs: plan.timeoutMs, name: `${name} timeout`, clock });
  const single = new Timeout({ timeoutMs: plan.attemptTimeoutMs, name: `${name} attempt timeout`, clock });
  const inner = breakers === undefined ? pipeline(...guards, single) : pipeline(breakers, ...guards, single);
  const once: Policy<Response> = pipeline(total, inner);
  const repeated = retry === undefined ? pipeline(total, inner) : pipeline(total, retry, inner);
  const bodies = new BodySignals();
  const fetch = (input: string | URL | Request, init?: ResilientInit): Promise<Response> => {
    let request: HttpRequest;
    let call: RequestContext;
    try {
      request = readRequest(input, init, plan.baseUrl, plan.idempotencyKeyHeader);
      call = new RequestContext(contextOf(callOptions(request), clock), request.origin);
    } catch (error) {
      return Promise.reject(error);
    }
    const policy: Policy<Response> = mayRepeat(request, plan) ? repeated : once;
    return policy.execute(context => send(request, context, plan, bodies), call);
  };
  return Object.assign(fetch, {
    retry,
    breaker: (origin: string) => breakers?.get(new URL(origin).origin),
    parts: repeated.parts,
    snapshot: () => ({ name, ...repeated.snapshot() }),
    describe: () => ({ kind: 'resilient-fetch' as const, name, ...repeated.describe() }),
  });
}

function mayRepeat({ isReplayable, isIdempotent, idempotencyKey }: HttpRequest, plan: FetchPlan): boolean {
  return isReplayable && (isIdempotent || idempotencyKey !== undefined || plan.makeIdempotencyKeys);
}

function callOptions({ init, origin, signal, idempotencyKey }: HttpRequest): CallOptions {
  const { timeoutMs, attributes, key = origin } = init ?? {};
  return { signal, timeoutMs, idempotencyKey, key, attributes };
}

/** One attempt. */
function send(
  request: HttpRequest,
  context: Context,
  plan: FetchPlan,
  bodies: BodySignals,
): Promise<Response> {
  const { deadlineHeader, idempotencyKeyHeader, fetch = globalThis.fetch } = plan;
  const headers = new Headers(request.headers);
  if (deadlineHeader !== false && context.deadline < Infinity && !headers.has(deadlineHeader)) {
    headers.set(deadlineHeader, String(Math.floor(context.remainingMs())));
  }
  const key =
    plan.makeIdempotencyKeys && !request.isIdempotent ? context.idempotencyKey : request.idempotencyKey;
  if (key !== undefined) headers.set(idempotencyKeyHeader, key);
  const { signal } = context;
  const caller = request.signal;
  if (caller === undefined) return fetch(request.target, { ...request.init, headers, signal });
  // Once the head of the answer is there the context hears no more of the caller, but the body still should.
  const body = new AbortController();
  signal.addEventListener('abort', () => body.abort(signal.reason), { once: true });
  const answer = fetch(request.target, { ...request.init, headers, signal: body.signal });
  return answer.then(response => {
    if (response.body) bodies.follow(response.body, caller, body);
    return response;
  });
}

/** A breaker for each origin, where there are to be any. */
function breakersOf(plan: FetchPlan): KeyedGuard<CircuitBreaker> | undefined {
  const { name, clock, maxOrigins } = plan;
  if (plan.breaker === false) return undefined;
  return keyed(origin => httpBreaker(plan, `${name} breaker of ${origin}`)!, {
    name: `${name} breakers`,
    maxKeys: maxOrigins,
    key: originOf,
    clock,
  });
}
