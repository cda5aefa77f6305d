import { repeatersAround } from '../kernel/attempts.js';
import { backgroundContext, contextOf, noOperation } from '../kernel/call-options.js';
import type { Clock } from '../kernel/clock.js';
import type { CallContext, CallOptions, Context } from '../kernel/context.js';
import { Emitter, type EventNames, type Listener, namesOf, type Observable } from '../kernel/events.js';
import { type UndoUpdate, updateOptions } from '../kernel/live-options.js';
import { given } from '../kernel/options.js';
import type { Operation, Policy } from '../kernel/policy.js';
import { endpointsOf, LoneAttempt } from './hedge-attempt.js';
import { describeHedge, type HedgeDescription } from './hedge-description.js';
import { defaults, type HedgeOptions, type HedgeUpdate, hedgePlan } from './hedge-options.js';
import { type HedgeEvents, type HedgePlan, leaveOut, type NotHedgedReason } from './hedge-plan.js';
import { runHedged } from './hedge-run.js';
import { launch } from './launch.js';

/** What a hedge has done so far. */
export interface HedgeSnapshot {
  /** Extra attempts that were started. */
  readonly hedged: number;
  /** Calls that an extra attempt answered. */
  readonly won: number;
  /** Calls of which every attempt failed, after more than one. */
  readonly allFailed: number;
  /** Attempts that run on although their call has ended: they lost, and heed no signal. */
  readonly losers: number;
  /** Hedges that were left out, by reason. */
  readonly notHedged: Readonly<Record<NotHedgedReason, number>>;
  /** The quantile that the delay is learnt from, in ms; `null` without one, and as long as it is unknown. */
  readonly quantileMs: number | null;
}

const eventNames: EventNames<HedgeEvents> = {
  hedged: true,
  won: true,
  notHedged: true,
  discardFailed: true,
  updated: true,
};

/**
 * Runs an operation once more when its answer is long in coming, beside the attempt that runs, and at once
 * when an attempt fails or is refused. The first success is the answer; the other attempts have their
 * signals aborted in the same turn, and what they bring later is let go of. The caller does not wait for
 * them: `snapshot()` tells how many still run.
 *
 * When all fail the call rejects with `AggregateFailedError`; when there was only one attempt, with its own
 * error.
 *
 * Only for operations that may run more than once at a time: where `idempotent` is set here, or the call says
 * so, or has an `idempotencyKey`. Other calls run once. `context.idempotencyKey` is one key for all attempts.
 *
 * @example
 * ```ts
 * import { Hedge } from 'keelson';
 *
 * const hedge = new Hedge({ delayMs: 20, idempotent: true });
 * await hedge.execute(({ attempt, signal }) =>
 *   attempt === 1
 *     ? new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
 *     : `attempt ${attempt}`,
 * ); // => 'attempt 2'
 * ```
 */
export class Hedge<in In = unknown> implements Policy<In>, Observable<HedgeEvents> {
  declare readonly '~policy'?: (value: In) => never;

  /** Shown in errors, events and `describe()`. */
  readonly name: string;
  /** The source of time. */
  readonly clock: Clock;
  #plan: HedgePlan<In>;
  readonly #background: CallContext;

  /** @throws TypeError or RangeError that names the option, the rule and the value. */
  constructor(options: HedgeOptions<In> = {}) {
    const plan = hedgePlan(options);
    this.name = plan.name;
    this.clock = plan.clock;
    this.#plan = plan;
    this.#background = backgroundContext(plan.clock);
  }

  /** What stands where an option was left out. */
  static get defaults(): typeof defaults {
    return defaults;
  }

  /** What an observatory watches with it: its budget, where it has one. */
  get parts(): readonly unknown[] {
    const { budget } = this.#plan;
    return budget === undefined ? [] : [budget];
  }

  /** Runs the operation, more than once if need be; see the class for how it ends. */
  execute<T extends In>(operation: Operation<T>, options?: CallOptions | Context): Promise<T> {
    if (typeof operation !== 'function') return Promise.reject(noOperation('execute', operation));
    const { budget } = this.#plan;
    let call = this.#background;
    let paid = false;
    if (options !== undefined) {
      try {
        call = contextOf(options, this.clock);
      } catch (error) {
        return Promise.reject(error);
      }
      if (call.cancelled) return Promise.reject(call.reason);
      paid = budget !== undefined && repeatersAround(call).some(repeater => repeater.budget === budget);
    }
    if (!paid) budget?.deposit();
    if (!this.#plan.idempotent && !call.idempotent) return this.#runOnce(operation, call);
    // What a plan for all of `In` does it can do for a part of it.
    return runHedged(this.#plan as unknown as HedgePlan<T>, call, operation);
  }

  on<Name extends keyof HedgeEvents>(event: Name, listener: Listener<HedgeEvents[Name]>): () => void {
    const { tally } = this.#plan;
    tally.events ??= new Emitter(namesOf(eventNames));
    return tally.events.on(event, listener);
  }

  /**
   * Changes options for the calls that begin from now on, and answers how to put them back. What a `quantile`
   * has learnt stays; a delay that is given cannot become one that is learnt, nor the other way round.
   *
   * @throws TypeError or RangeError that names the option, the rule and the value; then nothing has changed.
   */
  update(options: HedgeUpdate<In>): UndoUpdate {
    return updateOptions(
      {
        owner: 'Hedge',
        read: () => updatable(this.#plan),
        write: next => {
          const { name, clock, times, tally, delay } = this.#plan;
          const window = typeof delay === 'object' ? delay.window : undefined;
          this.#plan = hedgePlan(given({ ...next, name, clock }) as HedgeOptions<In>, {
            times,
            tally,
            window,
          });
        },
        tell: changes => {
          const { name, clock, tally } = this.#plan;
          if (!tally.events?.has('updated')) return;
          tally.events.emit('updated', { policy: name, at: clock.wall(), changes });
        },
      },
      options as Partial<ReturnType<typeof updatable<In>>>,
    );
  }

  /** How it is set up, as JSON. */
  describe(): HedgeDescription {
    return describeHedge(this.#plan as unknown as HedgePlan<unknown>);
  }

  /** What it has done so far, as JSON. */
  snapshot(): HedgeSnapshot {
    const { tally, delay } = this.#plan;
    const { events: _, ...counts } = tally;
    const quantileMs = (typeof delay === 'object' ? delay.window.quantileMs : undefined) ?? null;
    return { ...counts, notHedged: { ...tally.notHedged }, quantileMs };
  }

  /** Nobody has said that the operation may run more than once. */
  #runOnce<T>(operation: Operation<T>, call: CallContext): Promise<T> {
    const plan = this.#plan;
    let context = call;
    try {
      const endpoints = endpointsOf(plan.endpoints, call);
      if (endpoints !== undefined) context = new LoneAttempt(call, endpoints);
    } catch (error) {
      return Promise.reject(error);
    }
    leaveOut(plan, 'undeclared');
    // A listener may have given the call up.
    return call.cancelled ? Promise.reject(call.reason) : launch(operation, context);
  }
}

/** The present options, by their names. */
function updatable<In>(plan: HedgePlan<In>) {
  const { delayMs, quantile, maxHedges, idempotent, budget, endpoints, classify, onDiscard } = plan;
  return { delayMs, quantile, maxHedges, idempotent, budget, endpoints, classify, onDiscard };
}
