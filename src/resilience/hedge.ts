import { repeatersAround } from '../kernel/attempts.js';
import { backgroundContext, contextOf, noOperation } from '../kernel/call-options.js';
import type { Clock } from '../kernel/clock.js';
import type { CallContext, CallOptions, Context } from '../kernel/context.js';
import { Emitter, type Listener, type Observable } from '../kernel/events.js';
import type { Operation, Policy } from '../kernel/policy.js';
import { endpointsOf, LoneAttempt } from './hedge-attempt.js';
import { defaults, type HedgeOptions, hedgePlan } from './hedge-options.js';
import { type HedgeEvents, type HedgePlan, leaveOut, type NotHedgedReason } from './hedge-plan.js';
import { runHedged } from './hedge-run.js';
import { launch } from './launch.js';

/** How a hedge is set up, as JSON. */
export interface HedgeDescription {
  /** Tells the descriptions of policies apart. */
  readonly kind: 'hedge';
  /** Its option of that name. */
  readonly name: string;
  /** Its option of that name; `null` for one that only failures start, or that is learnt. */
  readonly delayMs: number | 'function' | null;
  /** Which quantile the delay is, of how many calls; `null` for a delay that is given. */
  readonly quantile: {
    readonly ratio: number;
    readonly minSamples: number;
    readonly windowCalls: number;
    readonly minMs: number;
    readonly maxMs: number | null;
  } | null;
  /** Its option of that name. */
  readonly maxHedges: number;
  /** Its option of that name. */
  readonly idempotent: boolean;
}

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

const eventNames: readonly (keyof HedgeEvents)[] = ['hedged', 'won', 'notHedged', 'discardFailed'];

/**
 * Runs an operation once more when its answer is long in coming, beside the attempt that runs, and at once
 * when an attempt fails. The first success is the answer; the other attempts have their signals aborted in
 * the same turn, and what they bring later is let go of. The caller does not wait for them: `snapshot()`
 * tells how many still run.
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
  readonly #plan: HedgePlan<In>;
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
    this.#plan.events ??= new Emitter(eventNames);
    return this.#plan.events.on(event, listener);
  }

  /** How it is set up, as JSON. */
  describe(): HedgeDescription {
    const { name, delay, maxHedges, idempotent } = this.#plan;
    const rest = { maxHedges, idempotent };
    if (typeof delay !== 'object') {
      const delayMs = typeof delay === 'function' ? 'function' : orNull(delay);
      return { kind: 'hedge', name, delayMs, quantile: null, ...rest };
    }
    const quantile = { ...delay.window.rules, minMs: delay.minMs, maxMs: orNull(delay.maxMs) };
    return { kind: 'hedge', name, delayMs: null, quantile, ...rest };
  }

  /** What it has done so far, as JSON. */
  snapshot(): HedgeSnapshot {
    const { counts, delay } = this.#plan;
    const quantileMs = (typeof delay === 'object' ? delay.window.quantileMs : undefined) ?? null;
    return { ...counts, notHedged: { ...counts.notHedged }, quantileMs };
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

/** JSON has no Infinity. */
function orNull(limit: number): number | null {
  return limit === Infinity ? null : limit;
}
