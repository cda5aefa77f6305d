import { contextOf } from '../../kernel/call-options.js';
import { type Clock, systemClock } from '../../kernel/clock.js';
import type { CallContext } from '../../kernel/context.js';
import { checkKeys, checkOneOf, given, refuse } from '../../kernel/options.js';
import type { Policy } from '../../kernel/policy.js';
import { isTransientStatus } from '../../resilience/http-outcome.js';
import { checkOneReaderPolicy } from '../interceptors/one-reader-policy.js';
import {
  asksForConnection,
  fieldOf,
  mayRepeat,
  originOf,
  type UndiciDispatch,
  withField,
  withLastingFields,
} from './dispatched.js';
import { InterceptedCall } from './intercepted-call.js';
import type { UndiciAnswer } from './undici-answer.js';
import type { UndiciHandler } from './undici-module.js';

/** How requests of a dispatcher of undici run through policies. */
export interface UndiciInterceptorOptions {
  /**
   * What requests run through that may be sent again: GET, HEAD, OPTIONS, TRACE, PUT and DELETE, and others
   * with a field `Idempotency-Key`; never one whose body can be read only once.
   */
  readonly policy: Policy<UndiciAnswer>;
  /** What all others run through: nothing in it repeats. @default nothing */
  readonly once?: Policy<UndiciAnswer>;
  /**
   * Until when policies see a request: the `'end'` of its answer, so that permits are held and timeouts run
   * until then, or the `'head'` of it.
   * @default 'end'
   */
  readonly until?: 'end' | 'head';
  /**
   * Whether an answer of this status is judged by its head: nothing of it is handed on before the policies
   * have said that there is no other. @default 408, 425, 429, and 5xx but for 501 and 505
   */
  readonly failing?: (status: number) => boolean;
  /**
   * Tells the server in how many ms (a whole number) its answer stops being wanted, where that is known.
   * `false` to tell nothing. @default 'x-request-timeout-ms'
   */
  readonly deadlineHeader?: string | false;
  /** The source of time. @default systemClock */
  readonly clock?: Clock;
}

/** The function by which a dispatcher takes requests. */
type Dispatch = (options: UndiciDispatch, handler: UndiciHandler) => boolean;

const owner = 'undiciInterceptor';
const known = ['policy', 'once', 'until', 'failing', 'deadlineHeader', 'clock'];

function planOf(options: UndiciInterceptorOptions) {
  checkKeys(owner, options, known);
  const { policy, once, until, failing, deadlineHeader, clock } = {
    ...{
      until: 'end',
      failing: isTransientStatus,
      deadlineHeader: 'x-request-timeout-ms',
      clock: systemClock,
    },
    ...given(options),
  } as Required<UndiciInterceptorOptions>;
  checkOneReaderPolicy(owner, 'policy', policy);
  if (once !== undefined) checkOneReaderPolicy(owner, 'once', once);
  checkOneOf(owner, 'until', until, ['end', 'head']);
  if (typeof failing !== 'function') refuse(owner, 'failing', 'a function', failing);
  if (deadlineHeader !== false && (typeof deadlineHeader !== 'string' || deadlineHeader === '')) {
    refuse(owner, 'deadlineHeader', 'the name of a field, or false', deadlineHeader);
  }
  const holds = until === 'head' ? () => true : failing;
  return { policy, once: once as Policy<UndiciAnswer> | undefined, deadlineHeader, clock, holds };
}

/** The request as an attempt sends it. */
function attemptOf(request: UndiciDispatch, context: CallContext, deadlineHeader: string | false) {
  if (deadlineHeader === false || context.deadline === Infinity) return request;
  if (fieldOf(request.headers, deadlineHeader.toLowerCase()) !== undefined) return request;
  const leftMs = String(Math.floor(context.remainingMs()));
  return { ...request, headers: withField(request.headers, deadlineHeader, leftMs) };
}

/**
 * An interceptor for `dispatcher.compose(…)` of undici: requests of any of its dispatchers run through
 * policies, whoever makes them: `request`, `fetch`, `stream`. A request is sent again only while nothing of
 * an answer has been handed on. What asks for a connection, CONNECT and upgrades, passes by.
 *
 * ```ts
 * import { CircuitBreaker, pipeline, Retry, Timeout } from 'keelson';
 * import { undiciInterceptor, undiciRetryVerdict, undiciVerdict } from 'keelson/undici';
 * import { Agent } from 'undici';
 *
 * const breaker = new CircuitBreaker({ classify: undiciVerdict });
 * const timeout = new Timeout({ timeoutMs: 2_000 });
 * const dispatcher = new Agent().compose(
 *   undiciInterceptor({
 *     policy: pipeline(new Retry({ classify: undiciRetryVerdict }), breaker, timeout),
 *     once: pipeline(breaker, timeout),
 *   }),
 * );
 * ```
 *
 * @throws TypeError that names the option, the rule and the value.
 */
export function undiciInterceptor(
  options: UndiciInterceptorOptions,
): <D extends (options: never, handler: never) => boolean>(dispatch: D) => D {
  const plan = planOf(options);
  const { policy, once, deadlineHeader, clock } = plan;
  const intercept = (dispatch: Dispatch): Dispatch => {
    return (given, handler) => {
      if (asksForConnection(given)) return dispatch(given, handler);
      // An empty key tells no two requests apart: it is none.
      const idempotencyKey = fieldOf(given.headers, 'idempotency-key') || undefined;
      const idempotent = mayRepeat(given, idempotencyKey);
      const chosen = idempotent ? policy : once;
      if (chosen === undefined) return dispatch(given, handler);
      const request = withLastingFields(given);
      const call = contextOf({ key: originOf(given), idempotencyKey, idempotent }, clock);
      const send = (attempt: UndiciHandler, context: CallContext): boolean =>
        dispatch(attemptOf(request, context, deadlineHeader), attempt);
      return new InterceptedCall(plan, handler, send, call).start(chosen as Policy);
    };
  };
  return intercept as never;
}
