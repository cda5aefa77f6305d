import { backgroundContext, contextOf, noOperation } from '../kernel/call-options.js';
import type { Clock } from '../kernel/clock.js';
import type { CallContext, CallOptions, Context } from '../kernel/context.js';
import { Emitter, type Listener, namesOf } from '../kernel/events.js';
import { isAtRest, isPolicy, sharesAnswers } from '../kernel/is-guard.js';
import { orNull } from '../kernel/options.js';
import type { InOf, OutOf } from '../kernel/pipeline.js';
import type { Operation, Policy } from '../kernel/policy.js';
import { describeInside } from './inside-description.js';
import { launch } from './launch.js';
import { StreamCall } from './stream-call.js';
import {
  checkStreamed,
  type Streamable,
  type StreamedDescription,
  type StreamedEvents,
  type StreamedOptions,
  type StreamedPolicy,
  type StreamedSnapshot,
  type StreamPlan,
} from './stream-options.js';
import { StreamRun } from './stream-run.js';

/**
 * Makes a policy reach to the end of a stream: for operations that answer a `Response`, a web stream or an
 * async iterable. The caller gets the same kind of thing when its first chunk is there. For `policy` the
 * operation goes on until the stream has been read to its end, has failed or was left: a slot stays taken, a
 * breaker judges by the end, a retry starts over only as long as no chunk was handed on.
 *
 * A chunk is asked for when the reader asks. One that does not come in time fails the stream with
 * `ERR_TIMEOUT`; a reader that leaves, or does not read for `idleReadMs`, gives its call up, which speaks
 * neither for nor against the remote.
 *
 * @throws TypeError or RangeError that names the option, the rule and the value; TypeError for a policy that
 * shares answers, as `Cache` and `Coalesce` do: a stream has one reader.
 * @example
 * ```ts
 * import { Retry, streamed } from 'keelson';
 *
 * const answers = streamed(new Retry({ attempts: 2 }), { firstChunkMs: 5_000, idleChunkMs: 2_000 });
 * const words = await answers.execute(async function* () {
 *   yield 'one';
 *   yield 'two';
 * });
 * const heard: string[] = [];
 * for await (const word of words) heard.push(word);
 * heard; // => ['one', 'two']
 * ```
 */
export function streamed<P extends Policy<never, unknown>>(
  policy: P,
  options: StreamedOptions = {},
): StreamedPolicy<InOf<P> & Streamable, OutOf<P>> {
  return new PolicyOfStreams(policy as unknown as Policy, options) as never;
}

class PolicyOfStreams implements StreamedPolicy<Streamable, unknown> {
  readonly name: string;
  readonly clock: Clock;
  readonly #policy: Policy;
  readonly #plan: StreamPlan;
  readonly #background: CallContext;

  constructor(policy: Policy, options: StreamedOptions) {
    if (!isPolicy(policy)) throw new TypeError('streamed: the first argument must be a policy');
    if (sharesAnswers(policy)) {
      const rule = 'must not share answers, for a stream has one reader';
      throw new TypeError(`streamed: the policy ${rule}: take the Cache or Coalesce out of it`);
    }
    this.#plan = checkStreamed(options, policy);
    this.name = this.#plan.name;
    this.clock = this.#plan.clock;
    this.#policy = policy;
    this.#background = backgroundContext(this.clock);
  }

  get parts(): readonly [unknown] {
    return [this.#policy];
  }

  get atRest(): boolean {
    return this.#plan.open === 0 && isAtRest(this.#policy);
  }

  execute<T extends Streamable>(operation: Operation<T>, options?: CallOptions | Context): Promise<T> {
    if (typeof operation !== 'function') return Promise.reject(noOperation('execute', operation));
    let parent = this.#background;
    try {
      if (options !== undefined) parent = contextOf(options, this.clock);
    } catch (error) {
      return Promise.reject(error);
    }
    if (parent.cancelled) return Promise.reject(parent.reason);
    return new Promise((resolve, reject) => {
      const call = new StreamCall(parent);
      call.onDelivery = resolve as (answer: unknown) => void;
      const attempt = (context: Context): Promise<unknown> =>
        new StreamRun(this.#plan, call, contextOf(context, this.clock)).start(operation);
      // Once the stream is delivered its reader hears of its end, and these have no effect.
      launch(() => this.#policy.execute(attempt, call), call).then(
        answer => {
          call.settle();
          resolve(answer as T);
        },
        error => {
          call.settle();
          reject(error);
        },
      );
    });
  }

  on<Name extends keyof StreamedEvents>(event: Name, listener: Listener<StreamedEvents[Name]>): () => void {
    this.#plan.events ??= new Emitter(namesOf<StreamedEvents>({ stalled: true, abandoned: true }));
    return this.#plan.events.on(event, listener);
  }

  snapshot(): StreamedSnapshot {
    const { name, open, stalled, abandoned } = this.#plan;
    return { name, open, stalled, abandoned };
  }

  describe(): StreamedDescription {
    const { name, firstChunkMs, idleChunkMs, idleReadMs } = this.#plan;
    return {
      kind: 'streamed',
      name,
      firstChunkMs: orNull(firstChunkMs),
      idleChunkMs: orNull(idleChunkMs),
      idleReadMs: orNull(idleReadMs),
      policy: describeInside(this.#policy),
    };
  }
}
