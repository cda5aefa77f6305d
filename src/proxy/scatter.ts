import { backgroundContext, contextOf, noOperation } from '../kernel/call-options.js';
import type { CallContext, CallOptions, Context } from '../kernel/context.js';
import { DeadlineError } from '../kernel/errors.js';
import { checkNumber, refuse } from '../kernel/options.js';
import type { InOf, OutOf } from '../kernel/pipeline.js';
import type { Policy } from '../kernel/policy.js';
import { AggregateCall } from './aggregate-call.js';
import { checkScatter, type Gathered, type ScatterOptions } from './scatter-options.js';
import { type ScatterAsk, ScatterRun } from './scatter-run.js';

/** What is asked of each endpoint. */
export type EndpointOperation<Endpoint, T> = (context: Context, endpoint: Endpoint) => PromiseLike<T> | T;

/** Starts a run; `wanted` is how many successes end it, and `Infinity` asks for all. */
function scatter(
  owner: string,
  wanted: number,
  endpoints: readonly unknown[],
  operation: EndpointOperation<never, unknown>,
  options: ScatterOptions<unknown>,
  caller: CallOptions | Context | undefined,
): Promise<readonly Gathered<unknown, unknown>[]> {
  let call: CallContext;
  try {
    if (!Array.isArray(endpoints)) refuse(owner, 'endpoints', 'a list', endpoints);
    if (typeof operation !== 'function') throw noOperation(owner, operation);
    const plan = checkScatter(owner, options);
    const { clock, name, timeoutMs } = plan;
    call = caller === undefined ? backgroundContext(clock) : contextOf(caller, clock);
    if (call.cancelled) return Promise.reject(call.reason);
    const now = clock.now();
    const latest = call.firmDeadline;
    if (latest <= now) throw new DeadlineError(`${name}: no time is left for it`, { policy: name });
    const shared = new AggregateCall(call, now, timeoutMs, latest);
    const ask: ScatterAsk = {
      plan,
      wanted,
      endpoints: [...endpoints],
      operation: operation as ScatterAsk['operation'],
    };
    return new Promise((resolve, reject) => {
      new ScatterRun(ask, shared, resolve, reject).start();
    });
  } catch (error) {
    return Promise.reject(error);
  }
}

const valuesOf = (gathered: readonly Gathered<unknown, unknown>[]): unknown[] =>
  gathered.flatMap(one => (one.ok ? [one.value] : []));

/**
 * Asks all endpoints, and answers with what became of each, in the order of the list. It rejects only when
 * the caller gives up: who has not answered in time is told of as missing, and is given up.
 *
 * @throws TypeError or RangeError, as a rejection, that names the option, the rule and the value.
 * @example
 * ```ts
 * import { scatterGather } from 'keelson';
 *
 * const prices = await scatterGather(['a', 'b'], async (_, shop) => {
 *   if (shop === 'b') throw new Error('closed');
 *   return 7;
 * });
 * prices.map(({ endpoint, ok }) => `${endpoint}: ${ok}`); // => ['a: true', 'b: false']
 * ```
 */
export function scatterGather<Endpoint, T extends InOf<P>, P extends Policy<never, unknown> = Policy>(
  endpoints: readonly Endpoint[],
  operation: EndpointOperation<Endpoint, T>,
  options: ScatterOptions<P> = {},
  caller?: CallOptions | Context,
): Promise<readonly Gathered<Endpoint, T | OutOf<P>>[]> {
  const answer = scatter('scatterGather', Infinity, endpoints, operation, options, caller);
  return answer as Promise<readonly Gathered<Endpoint, T | OutOf<P>>[]>;
}

/**
 * Asks all endpoints, and answers with the first success; the others are given up in the same turn.
 *
 * @throws AggregateFailedError when all fail, TimeoutError when none has answered in time.
 * @example
 * ```ts
 * import { firstOf } from 'keelson';
 *
 * const never = new Promise<number>(() => {});
 * await firstOf(['asleep', 'awake'], (_, name) => (name === 'awake' ? 7 : never)); // => 7
 * ```
 */
export async function firstOf<Endpoint, T extends InOf<P>, P extends Policy<never, unknown> = Policy>(
  endpoints: readonly Endpoint[],
  operation: EndpointOperation<Endpoint, T>,
  options: ScatterOptions<P> = {},
  caller?: CallOptions | Context,
): Promise<T | OutOf<P>> {
  const gathered = await scatter('firstOf', 1, endpoints, operation, options, caller);
  return valuesOf(gathered)[0] as T | OutOf<P>;
}

/**
 * Asks all endpoints, and answers with the values of the first `count` that succeed, in the order of the
 * list; the others are given up in the same turn. It fails as soon as so many cannot succeed any more.
 *
 * @throws AggregateFailedError when too many fail, TimeoutError when too few have answered in time.
 * @throws RangeError, as a rejection, when there are fewer endpoints.
 * @example
 * ```ts
 * import { quorum } from 'keelson';
 *
 * await quorum(2, ['a', 'b', 'c'], async (_, replica) => `${replica} has it`); // => ['a has it', 'b has it']
 * ```
 */
export async function quorum<Endpoint, T extends InOf<P>, P extends Policy<never, unknown> = Policy>(
  count: number,
  endpoints: readonly Endpoint[],
  operation: EndpointOperation<Endpoint, T>,
  options: ScatterOptions<P> = {},
  caller?: CallOptions | Context,
): Promise<readonly (T | OutOf<P>)[]> {
  if (!Array.isArray(endpoints)) refuse('quorum', 'endpoints', 'a list', endpoints);
  checkNumber('quorum', 'count', count, { min: 1, max: endpoints.length, integer: true });
  const gathered = await scatter('quorum', count, endpoints, operation, options, caller);
  return valuesOf(gathered) as (T | OutOf<P>)[];
}
