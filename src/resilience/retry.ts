import { repeatersAround } from '../kernel/attempts.js';
import { backgroundContext, contextOf, noOperation } from '../kernel/call-options.js';
import type { CallContext, CallOptions, Context } from '../kernel/context.js';
import { Emitter, type EventNames, type Listener, namesOf, type Observable } from '../kernel/events.js';
import { isAtRest } from '../kernel/is-guard.js';
import { type UndoUpdate, updateOptions } from '../kernel/live-options.js';
import { given } from '../kernel/options.js';
import type { Operation, Policy } from '../kernel/policy.js';
import { describeRetry, type RetryDescription } from './retry-description.js';
import { planOf, type RetryOptions, type RetryUpdate, retryDefaults } from './retry-options.js';
import type { RetryEvents, RetryPlan } from './retry-plan.js';
import { runAttempts } from './retry-run.js';

const eventNames: EventNames<RetryEvents> = {
  retried: true,
  recovered: true,
  gaveUp: true,
  discardFailed: true,
  nested: true,
  updated: true,
};

/** What a retry has done so far. */
export interface RetrySnapshot {
  /** Attempts made beyond first ones, counted when their wait begins. */
  readonly retried: number;
  /** Calls that succeeded after a failure. */
  readonly recovered: number;
  /** Calls that failed although they would have been tried again if they could. */
  readonly gaveUp: number;
}

/**
 * Runs an operation again when it fails. The last error is rethrown as it is, with its predecessors to be
 * read by `attemptsOf(error)`; an answer that counts as a failure is returned as it is when there is no next
 * attempt.
 *
 * An abort ends the wait between attempts at once, with the signal's reason, and no wait begins that would
 * reach the deadline. A running attempt is not cut short: that is what `Timeout` is for, inside for each
 * attempt, outside for all. A refusal by a policy further inside (an open breaker, a full bulkhead) is final,
 * because whoever refuses asks for fewer calls; where `classify` calls it a failure its `retryAfterMs` is
 * waited for.
 *
 * Repeat only what may happen twice. `context.idempotencyKey` is one key for all attempts of a call.
 *
 * @example
 * ```ts
 * import { Retry } from 'keelson';
 *
 * const retry = new Retry({ attempts: 3, backoff: { kind: 'exponential', initialMs: 5 } });
 * await retry.execute(({ attempt }) => {
 *   if (attempt < 3) throw new Error('not yet');
 *   return `attempt ${attempt}`;
 * }); // => 'attempt 3'
 * ```
 */
export class Retry<in In = unknown> implements Policy<In>, Observable<RetryEvents> {
  declare readonly '~policy'?: (value: In) => never;

  /** Shown in errors, events and `describe()`. */
  readonly name: string;
  #plan: RetryPlan<In>;
  readonly #background: CallContext;
  /** The most attempts of one call that were seen to be possible when retries stood around this one. */
  #nested = 0;

  /** @throws TypeError or RangeError that names the option, the rule and the value. */
  constructor(options: RetryOptions<In> = {}) {
    const plan = planOf(options, { events: undefined, retried: 0, recovered: 0, gaveUp: 0 });
    this.name = plan.name;
    this.#plan = plan;
    this.#background = backgroundContext(plan.clock);
  }

  /** What stands where an option was left out. */
  static get defaults(): typeof retryDefaults {
    return retryDefaults;
  }

  /** Whether it may be forgotten, as `keyed` does: its budget may be. */
  get atRest(): boolean {
    const { budget } = this.#plan;
    return budget === undefined || isAtRest(budget);
  }

  /** What an observatory watches with it: its budget, where it has one. */
  get parts(): readonly unknown[] {
    const { budget } = this.#plan;
    return budget === undefined ? [] : [budget];
  }

  /** Runs the operation until it succeeds or there is no next attempt; see the class for how it ends then. */
  execute<T extends In>(operation: Operation<T>, options?: CallOptions | Context): Promise<T> {
    if (typeof operation !== 'function') return Promise.reject(noOperation('execute', operation));
    try {
      if (options !== undefined) return this.#executeWithin(operation, options);
      this.#plan.budget?.deposit();
      return this.#start(operation, this.#background);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** A call with options or a context of its own may be over before it begins, or part of an outer retry. */
  #executeWithin<T extends In>(operation: Operation<T>, options: CallOptions | Context): Promise<T> {
    const { budget, clock } = this.#plan;
    const call = contextOf(options, clock);
    if (call.cancelled) return Promise.reject(call.reason);
    const paid = this.#lookAround(call);
    if (budget !== undefined && !paid) budget.deposit();
    return this.#start(operation, call);
  }

  #start<T extends In>(operation: Operation<T>, call: CallContext): Promise<T> {
    // What a plan for all of `In` does it can do for a part of it.
    return runAttempts(this.#plan as unknown as RetryPlan<T>, call, operation);
  }

  on<Name extends keyof RetryEvents>(event: Name, listener: Listener<RetryEvents[Name]>): () => void {
    const { tally } = this.#plan;
    tally.events ??= new Emitter(namesOf(eventNames));
    return tally.events.on(event, listener);
  }

  /**
   * Changes options for the calls that begin from now on, and answers how to put them back.
   *
   * @throws TypeError or RangeError that names the option, the rule and the value; then nothing has changed.
   */
  update(options: RetryUpdate<In>): UndoUpdate {
    return updateOptions(
      {
        owner: 'Retry',
        read: () => updatable(this.#plan),
        write: next => {
          const { name, clock, random, tally } = this.#plan;
          this.#plan = planOf(given({ ...next, name, clock, random }) as RetryOptions<In>, tally);
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
  describe(): RetryDescription {
    const plan = this.#plan as unknown as RetryPlan<unknown>;
    return describeRetry(plan, Math.max(this.#nested, plan.attempts));
  }

  /** What it has done so far, as JSON. */
  snapshot(): RetrySnapshot {
    const { retried, recovered, gaveUp } = this.#plan.tally;
    return { retried, recovered, gaveUp };
  }

  /**
   * Looks for retries around this one: attempts multiply, which is worth a warning. Answers whether the
   * budget has been paid by one of them already, for a call is one first try however often it is wrapped.
   */
  #lookAround(call: CallContext): boolean {
    let paid = false;
    let amplification = this.#plan.attempts;
    for (const repeater of repeatersAround(call)) {
      amplification *= repeater.attempts;
      paid ||= repeater.budget === this.#plan.budget;
    }
    if (amplification > Math.max(this.#nested, this.#plan.attempts)) {
      this.#nested = amplification;
      const at = this.#plan.clock.wall();
      this.#plan.tally.events?.emit('nested', { policy: this.name, at, amplification });
    }
    return paid;
  }
}

/** The present options, by their names. */
function updatable<In>(plan: RetryPlan<In>) {
  const { name: _name, clock: _clock, random: _random, tally: _tally, ...options } = plan;
  return options;
}
