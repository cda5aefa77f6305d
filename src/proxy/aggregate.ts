import { backgroundContext, contextOf } from '../kernel/call-options.js';
import type { Clock } from '../kernel/clock.js';
import type { CallContext, CallOptions, Context } from '../kernel/context.js';
import { DeadlineList } from '../kernel/deadline-list.js';
import { AbandonedError, DeadlineError } from '../kernel/errors.js';
import { Emitter, type Listener, type Observable } from '../kernel/events.js';
import { orNull } from '../kernel/options.js';
import type { AggregateAnswer, ArrivedPart } from './aggregate-answer.js';
import { AggregateCall } from './aggregate-call.js';
import {
  type AggregateDescription,
  type AggregateEvents,
  type AggregateOptions,
  type AggregateSnapshot,
  checkAggregate,
  checkParts,
  defaults,
} from './aggregate-options.js';
import { type AggregatePlan, planAggregate } from './aggregate-plan.js';
import { AggregateRun, type LooseAnswer, type LooseArrival } from './aggregate-run.js';
import { ArrivalQueue } from './arrival-queue.js';
import type { InputsOf, Parts } from './part.js';

/** What a call says: the input, where a part takes one, and what is said of every call. */
export type AggregateArguments<Ps> =
  unknown extends InputsOf<Ps>
    ? [input?: unknown, options?: CallOptions | Context]
    : [input: InputsOf<Ps>, options?: CallOptions | Context];

const eventNames: readonly (keyof AggregateEvents)[] = ['partial', 'failed', 'discardFailed'];

/** Gathers one answer from many; made by {@link aggregate}. */
export class Aggregate<Ps extends Parts = Parts> implements Observable<AggregateEvents> {
  /** Shown in errors, events and `describe()`. */
  readonly name: string;
  /** The source of time. */
  readonly clock: Clock;
  readonly #plan: AggregatePlan;
  readonly #due: DeadlineList<AggregateCall>;
  readonly #background: CallContext;

  /** @throws TypeError or RangeError that names the option, the rule and the value. */
  constructor(parts: Ps, options: AggregateOptions = {}) {
    const checked = checkAggregate(options);
    checkParts(parts);
    this.#plan = planAggregate(parts, checked);
    this.name = checked.name;
    this.clock = checked.clock;
    this.#due = new DeadlineList(checked.clock, call => call.end?.expire());
    this.#background = backgroundContext(checked.clock);
  }

  /** What stands where an option was left out. */
  static get defaults(): typeof defaults {
    return defaults;
  }

  /**
   * Runs the parts and answers with what they gave. The error of a part without which there is no answer
   * comes through as it is; the others are given up in the same turn.
   *
   * @throws TimeoutError when such a part is not there in time, DeadlineError when there is no time at all.
   */
  execute(...args: AggregateArguments<Ps>): Promise<AggregateAnswer<Ps>> {
    const [input, options] = args as [unknown, (CallOptions | Context)?];
    return this.#gather(input, options).answer as Promise<unknown> as Promise<AggregateAnswer<Ps>>;
  }

  /**
   * Runs the parts, and tells of each as it comes, or when it is known to be missing; a part of two names
   * comes twice. It begins when it is first asked. To leave it gives up what still runs.
   *
   * @throws what {@link execute} throws, from `next()`.
   */
  async *stream(...args: AggregateArguments<Ps>): AsyncGenerator<ArrivedPart<Ps>, void, undefined> {
    const [input, options] = args as [unknown, (CallOptions | Context)?];
    const queue = new ArrivalQueue<LooseArrival>();
    const { answer, call } = this.#gather(input, options, arrival => queue.push(arrival));
    answer.then(
      () => queue.end(),
      error => queue.fail(error),
    );
    try {
      for (let next = await queue.take(); next !== undefined; next = await queue.take()) {
        yield next as ArrivedPart<Ps>;
      }
    } finally {
      // After its end nobody is left whom this could reach.
      call?.revoke(new AbandonedError(`${this.name}: the stream was left`, { policy: this.name }));
    }
  }

  on<Name extends keyof AggregateEvents>(event: Name, listener: Listener<AggregateEvents[Name]>): () => void {
    const { tally } = this.#plan;
    tally.events ??= new Emitter(eventNames);
    return tally.events.on(event, listener);
  }

  /** What it has done so far, as JSON. */
  snapshot(): AggregateSnapshot {
    const { running, complete, partial, failed } = this.#plan.tally;
    return { name: this.name, running, complete, partial, failed };
  }

  /** How it was made, as JSON. */
  describe(): AggregateDescription {
    const { name, timeoutMs, reserveMs, concurrency, listed, nodes } = this.#plan;
    return {
      kind: 'aggregate',
      name,
      timeoutMs: orNull(timeoutMs),
      reserveMs,
      concurrency,
      parts: listed.map(({ name: part, node, optional }) => ({
        part,
        optional,
        needs: nodes[node]!.needs.map(need => need.name),
        timeoutMs: orNull(nodes[node]!.timeoutMs),
      })),
    };
  }

  #gather(
    input: unknown,
    options: CallOptions | Context | undefined,
    onPart?: (arrival: LooseArrival) => void,
  ): { readonly answer: Promise<LooseAnswer>; readonly call: AggregateCall | undefined } {
    const plan = this.#plan;
    const { timeoutMs, reserveMs, clock, name } = plan;
    let outer = this.#background;
    try {
      if (options !== undefined) outer = contextOf(options, clock);
      if (outer.cancelled) throw outer.reason;
    } catch (error) {
      return { answer: Promise.reject(error), call: undefined };
    }
    const now = clock.coarse();
    const latest = outer.firmDeadline - reserveMs;
    if (latest <= now) {
      const error = new DeadlineError(`${name}: no time is left for it`, { policy: name });
      return { answer: Promise.reject(error), call: undefined };
    }
    const call = new AggregateCall(outer, now, timeoutMs, latest);
    const answer = new Promise<LooseAnswer>((resolve, reject) => {
      new AggregateRun(plan, call, this.#due, input, resolve, reject, onPart).start();
    });
    return { answer, call };
  }
}

/**
 * Makes one answer of many: all parts run at once, at most `concurrency` at a time, under one deadline. Those
 * made with `optional` may be missing, and the answer says which and why; when any other fails all fail.
 *
 * @throws TypeError or RangeError that names the option, the rule and the value, or a circle of parts.
 * @example
 * ```ts
 * import { aggregate, optional } from 'keelson';
 *
 * const page = aggregate({
 *   user: async (_, id: string) => ({ id, name: 'Ada' }),
 *   tips: optional(() => Promise.reject<string[]>(new Error('asleep')), { otherwise: [] }),
 * });
 * const answer = await page.execute('7');
 * answer.data; // => { user: { id: '7', name: 'Ada' }, tips: [] }
 * answer.missing.map(({ part, why }) => `${part}: ${why}`); // => ['tips: failed']
 * ```
 */
export function aggregate<const Ps extends Parts>(parts: Ps, options?: AggregateOptions): Aggregate<Ps> {
  return new Aggregate(parts, options);
}
