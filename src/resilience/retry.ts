import type { Backoff } from '../core/backoff.js';
import { repeatersAround } from '../kernel/attempts.js';
import { backgroundContext, contextOf, noOperation } from '../kernel/call-options.js';
import { type Clock, systemClock } from '../kernel/clock.js';
import type { CallContext, CallOptions, Context } from '../kernel/context.js';
import { Emitter, type Listener, type Observable } from '../kernel/events.js';
import { isAtRest } from '../kernel/is-guard.js';
import { checkKeys, checkNumber, given, refuse } from '../kernel/options.js';
import type { Operation, Policy } from '../kernel/policy.js';
import { type Random, systemRandom } from '../kernel/random.js';
import { checkBackoff } from './backoff-options.js';
import type { AttemptBudget, RetryClassify, RetryEvents, RetryPlan } from './retry-plan.js';
import { runAttempts } from './retry-run.js';

/** How a {@link Retry} is set up. */
export interface RetryOptions<In = unknown> {
  /** How many attempts there are in all, the first included; `Infinity` for no limit. @default 3 */
  readonly attempts?: number;
  /**
   * How long to wait between attempts; with full jitter unless it says otherwise.
   * @default { kind: 'exponential', initialMs: 100, maxMs: 5000 }
   */
  readonly backoff?: Backoff;
  /** No attempt starts later than this after the first, in ms. Ends no attempt. @default Infinity */
  readonly maxElapsedMs?: number;
  /** What counts as a failure, and how long to wait after it. @default errors other than refusals */
  readonly classify?: RetryClassify<In>;
  /** Whether an error's `retryAfterMs` replaces the backoff. @default true */
  readonly honourRetryAfter?: boolean;
  /**
   * Longer wishes of that kind, and those of `classify`, are cut to this, in ms; `Infinity` to cut none.
   * @default 60_000
   */
  readonly maxRetryAfterMs?: number;
  /** What bounds the retries of all who share it; a retry that it refuses is left out. @default no bound */
  readonly budget?: AttemptBudget;
  /**
   * Lets go of an answer that counted as a failure and is not given to the caller.
   * @default its own `Symbol.asyncDispose` or `Symbol.dispose`, or `body.cancel()`
   */
  readonly onDiscard?: (value: In) => unknown;
  /** Shown in errors, events and `describe()`. @default 'retry' */
  readonly name?: string;
  /** The source of time. @default systemClock */
  readonly clock?: Clock;
  /** The source of chance, for jitter. @default systemRandom */
  readonly random?: Random;
}

type Defaulted = 'attempts' | 'backoff' | 'maxElapsedMs' | 'honourRetryAfter' | 'maxRetryAfterMs' | 'name';
const defaults: Required<Pick<RetryOptions, Defaulted>> = /* @__PURE__ */ Object.freeze({
  attempts: 3,
  backoff: /* @__PURE__ */ Object.freeze({ kind: 'exponential', initialMs: 100, maxMs: 5_000 }),
  maxElapsedMs: Infinity,
  honourRetryAfter: true,
  maxRetryAfterMs: 60_000,
  name: 'retry',
});
const known = [
  'attempts',
  'backoff',
  'maxElapsedMs',
  'classify',
  'honourRetryAfter',
  'maxRetryAfterMs',
  'budget',
  'onDiscard',
  'name',
  'clock',
  'random',
];

const eventNames: readonly (keyof RetryEvents)[] = [
  'retried',
  'recovered',
  'gaveUp',
  'discardFailed',
  'nested',
];

/** How a retry is set up, as JSON; `null` stands for no limit. */
export interface RetryDescription {
  /** Tells the descriptions of policies apart. */
  readonly kind: 'retry';
  /** Its option of that name. */
  readonly name: string;
  /** Its option of that name. */
  readonly attempts: number | null;
  /** Its option of that name. */
  readonly backoff: Backoff;
  /** Its option of that name, in ms. */
  readonly maxElapsedMs: number | null;
  /** Attempts of one call by this and the retries around it, the most seen yet. */
  readonly amplification: number | null;
}

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
  readonly #plan: RetryPlan<In>;
  readonly #background: CallContext;
  #amplification: number;

  /** @throws TypeError or RangeError that names the option, the rule and the value. */
  constructor(options: RetryOptions<In> = {}) {
    const plan = planOf(options);
    this.name = plan.name;
    this.#plan = plan;
    this.#background = backgroundContext(plan.clock);
    this.#amplification = plan.attempts;
  }

  /** What stands where an option was left out. */
  static get defaults(): typeof defaults {
    return defaults;
  }

  /** Whether it may be forgotten, as `keyed` does: its budget may be. */
  get atRest(): boolean {
    const { budget } = this.#plan;
    return budget === undefined || isAtRest(budget);
  }

  /** Runs the operation until it succeeds or there is no next attempt; see the class for how it ends then. */
  execute<T extends In>(operation: Operation<T>, options?: CallOptions | Context): Promise<T> {
    if (typeof operation !== 'function') return Promise.reject(noOperation('execute', operation));
    if (options !== undefined) return this.#executeWithin(operation, options);
    const plan = this.#plan;
    plan.budget?.deposit();
    return this.#start(operation, this.#background);
  }

  /** A call with options or a context of its own may be over before it begins, or part of an outer retry. */
  #executeWithin<T extends In>(operation: Operation<T>, options: CallOptions | Context): Promise<T> {
    const { budget, clock } = this.#plan;
    let call: CallContext;
    try {
      call = contextOf(options, clock);
    } catch (error) {
      return Promise.reject(error);
    }
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
    this.#plan.events ??= new Emitter(eventNames);
    return this.#plan.events.on(event, listener);
  }

  /** How it is set up, as JSON. */
  describe(): RetryDescription {
    const { name, attempts, backoff, maxElapsedMs } = this.#plan;
    return {
      kind: 'retry',
      name,
      attempts: orNull(attempts),
      backoff,
      maxElapsedMs: orNull(maxElapsedMs),
      amplification: orNull(this.#amplification),
    };
  }

  /** What it has done so far, as JSON. */
  snapshot(): RetrySnapshot {
    const { retried, recovered, gaveUp } = this.#plan;
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
    if (amplification > this.#amplification) {
      this.#amplification = amplification;
      const at = this.#plan.clock.wall();
      this.#plan.events?.emit('nested', { policy: this.name, at, amplification });
    }
    return paid;
  }
}

function planOf<In>(options: RetryOptions<In>): RetryPlan<In> {
  checkKeys('Retry', options, known);
  const { classify, onDiscard, budget, clock = systemClock, random = systemRandom } = options;
  const { honourRetryAfter, ...all } = { ...defaults, ...given(options) };
  if (classify !== undefined && typeof classify !== 'function')
    refuse('Retry', 'classify', 'a function', classify);
  if (onDiscard !== undefined && typeof onDiscard !== 'function') {
    refuse('Retry', 'onDiscard', 'a function', onDiscard);
  }
  if (budget !== undefined && [budget?.withdraw, budget?.deposit].some(verb => typeof verb !== 'function')) {
    refuse('Retry', 'budget', 'a RetryBudget', budget);
  }
  return {
    name: all.name,
    attempts: checkNumber('Retry', 'attempts', all.attempts, { min: 1, integer: true, infinity: true }),
    backoff: checkBackoff('Retry', all.backoff),
    maxElapsedMs: checkNumber('Retry', 'maxElapsedMs', all.maxElapsedMs, { min: 0, infinity: true }),
    classify,
    honourRetryAfter,
    maxRetryAfterMs: checkNumber('Retry', 'maxRetryAfterMs', all.maxRetryAfterMs, { min: 0, infinity: true }),
    budget,
    onDiscard,
    clock,
    random,
    events: undefined,
    retried: 0,
    recovered: 0,
    gaveUp: 0,
  };
}

/** JSON has no Infinity. */
function orNull(limit: number): number | null {
  return limit === Infinity ? null : limit;
}
