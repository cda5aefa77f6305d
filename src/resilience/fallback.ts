import { backgroundContext, contextOf, noOperation } from '../kernel/call-options.js';
import { type Clock, systemClock } from '../kernel/clock.js';
import type { CallContext, CallOptions, Context } from '../kernel/context.js';
import { Emitter, type Listener, namesOf, type Observable } from '../kernel/events.js';
import { type OptionChanges, type UndoUpdate, updateOptions } from '../kernel/live-options.js';
import { checkKeys, refuse } from '../kernel/options.js';
import { type Classify, checkVerdict, type Outcome } from '../kernel/outcome.js';
import type { Operation, Policy } from '../kernel/policy.js';
import { discard } from './discard.js';
import { describeFallback, type FallbackDescription } from './fallback-description.js';
import { launch } from './launch.js';

/**
 * Answers in the operation's stead. `error` is what was thrown, by the operation or by the step before;
 * `undefined` when the operation did answer, but its `answer` counts as a failure.
 */
export type FallbackStep<Out, In = unknown> = (
  error: unknown,
  context: Context,
  answer: In | undefined,
) => PromiseLike<Out> | Out;

interface CommonOptions<In> {
  /**
   * What is to be replaced: what is a `failure`. The call rejects with what it throws, and with a `TypeError`
   * when it answers no verdict.
   * @default every error, refusals by other policies included
   */
  readonly classify?: Classify<In>;
  /** Shown in events and `describe()`. @default 'fallback' */
  readonly name?: string;
  /** The source of time. @default systemClock */
  readonly clock?: Clock;
}

/** A fallback that has its answer ready. */
export interface FallbackValue<Out, In = unknown> extends CommonOptions<In> {
  /** The answer in the operation's stead, the same object each time. */
  readonly value: Out;
  /** Not with a `value`. */
  readonly run?: never;
}

/** A fallback that has to find its answer. */
export interface FallbackRun<Out, In = unknown> extends CommonOptions<In> {
  /**
   * Finds the answer; of several steps each is tried when the one before it fails. The compiler takes the
   * type of the answer from one of them: where they differ, name it, as in `new Fallback<number | null>(…)`.
   */
  readonly run: FallbackStep<Out, In> | readonly FallbackStep<Out, In>[];
  /** Not with `run`. */
  readonly value?: never;
}

/** How a {@link Fallback} is set up: either with a value or with something to run. */
export type FallbackOptions<Out, In = unknown> = FallbackValue<Out, In> | FallbackRun<Out, In>;

/** What can be listened to by `fallback.on`; `at` is the wall clock, in ms since the epoch. */
export interface FallbackEvents {
  /** The fallback answered for an operation that failed. `step` counts from 1. */
  answered: {
    readonly policy: string;
    readonly at: number;
    readonly error: unknown;
    readonly step: number;
  };
  /** All steps failed as well, the last of them with `error`. */
  failed: { readonly policy: string; readonly at: number; readonly error: unknown };
  /** The answer that a `value` replaced could not be let go of; the call does not feel it. */
  discardFailed: { readonly policy: string; readonly at: number; readonly error: unknown };
  /** Options were changed by `update`. */
  updated: { readonly policy: string; readonly at: number; readonly changes: OptionChanges };
}

/** What of a fallback can be changed while it works. */
export type FallbackUpdate<Out, In = unknown> =
  | Partial<Pick<FallbackValue<Out, In>, 'value' | 'classify'>>
  | Partial<Pick<FallbackRun<Out, In>, 'run' | 'classify'>>;

/** The checked options, which a call keeps to its end. */
interface FallbackPlan<Out, In> {
  /** What it was given for an answer; nobody has then looked at the answer that it replaces. */
  readonly value: { readonly value: Out } | undefined;
  readonly run: FallbackRun<Out, In>['run'] | undefined;
  readonly steps: readonly FallbackStep<Out, In>[];
  readonly classify: Classify<In> | undefined;
}

const defaults: { readonly name: string } = /* @__PURE__ */ Object.freeze({ name: 'fallback' });
const known = ['value', 'run', 'classify', 'name', 'clock'];

/**
 * Answers when an operation fails. It is told the error and the context, and its own answer's type joins that
 * of the operation. Put it outside of everything that may give up, for a refusal is answered like any other
 * failure.
 *
 * When the fallback fails too, its own error is thrown, with the error it was to answer as `cause` where it
 * has none yet. Nothing is answered for a caller who gave up, or for what `classify` calls neutral.
 *
 * @example
 * ```ts
 * import { Fallback } from 'keelson';
 *
 * const names = new Fallback({ run: async () => ['the ones we know'] });
 * await names.execute(() => Promise.reject(new Error('down'))); // => ['the ones we know']
 * ```
 */
export class Fallback<Out, in In = unknown> implements Policy<In, Out>, Observable<FallbackEvents> {
  declare readonly '~policy'?: (value: In) => Out;

  /** Shown in events and `describe()`. */
  readonly name: string;
  /** The source of time. */
  readonly clock: Clock;
  #plan: FallbackPlan<Out, In>;
  readonly #background: CallContext;
  #events: Emitter<FallbackEvents> | undefined;
  #answered = 0;
  #failed = 0;

  /** @throws TypeError unless there is either a `value` or at least one step to `run`. */
  constructor(options: FallbackOptions<Out, In>) {
    this.#plan = planOf(options);
    this.name = options.name ?? defaults.name;
    this.clock = options.clock ?? systemClock;
    this.#background = backgroundContext(this.clock);
  }

  /** What stands where an option was left out. */
  static get defaults(): typeof defaults {
    return defaults;
  }

  /** Runs the operation, and answers for it when it fails. */
  execute<T extends In>(operation: Operation<T>, options?: CallOptions | Context): Promise<T | Out> {
    if (typeof operation !== 'function') return Promise.reject(noOperation('execute', operation));
    let call = this.#background;
    if (options !== undefined) {
      try {
        call = contextOf(options, this.clock);
      } catch (error) {
        return Promise.reject(error);
      }
      if (call.cancelled) return Promise.reject(call.reason);
    }
    const plan = this.#plan;
    return launch(operation, call).then<T | Out, Out>(
      plan.classify === undefined ? undefined : value => this.#replace(plan, value, call),
      error => this.#answer(plan, { ok: false, error }, call),
    );
  }

  on<Name extends keyof FallbackEvents>(event: Name, listener: Listener<FallbackEvents[Name]>): () => void {
    this.#events ??= new Emitter(
      namesOf<FallbackEvents>({
        answered: true,
        failed: true,
        discardFailed: true,
        updated: true,
      }),
    );
    return this.#events.on(event, listener);
  }

  /**
   * Changes options for the calls that begin from now on, and answers how to put them back. One with a
   * `value` cannot become one with something to `run`, nor the other way round.
   *
   * @throws TypeError that names the option, the rule and the value; then nothing has changed.
   */
  update(options: FallbackUpdate<Out, In>): UndoUpdate {
    return updateOptions<FallbackUpdate<Out, In>>(
      {
        owner: 'Fallback',
        read: () => {
          const { run, value, classify } = this.#plan;
          const judge = classify as Classify<In>;
          return value === undefined
            ? { run: run!, classify: judge }
            : { value: value.value, classify: judge };
        },
        write: next => {
          this.#plan = planOf(next as FallbackOptions<Out, In>);
        },
        tell: changes => {
          if (!this.#events?.has('updated')) return;
          this.#events.emit('updated', { policy: this.name, at: this.clock.wall(), changes });
        },
      },
      options,
    );
  }

  /** How it is set up, as JSON. */
  describe(): FallbackDescription {
    const { value, steps, classify } = this.#plan;
    return describeFallback(this.name, value, steps, classify);
  }

  /** Calls that it answered, and calls for which its last step failed. */
  snapshot(): { readonly answered: number; readonly failed: number } {
    return { answered: this.#answered, failed: this.#failed };
  }

  #replace<T extends In>(plan: FallbackPlan<Out, In>, value: T, call: CallContext): T | Promise<Out> {
    const outcome = { ok: true, value } as const;
    return this.#isFailure(plan, outcome, call) ? this.#run(plan, outcome, call) : value;
  }

  #answer(
    plan: FallbackPlan<Out, In>,
    outcome: Outcome<In> & { ok: false },
    call: CallContext,
  ): Promise<Out> {
    if (!this.#isFailure(plan, outcome, call)) throw outcome.error;
    return this.#run(plan, outcome, call);
  }

  #isFailure({ classify }: FallbackPlan<Out, In>, outcome: Outcome<In>, call: CallContext): boolean {
    if (call.cancelled || call.delivered) return false;
    const verdict = checkVerdict('Fallback', classify?.(outcome, call));
    return (verdict ?? (outcome.ok ? 'success' : 'failure')) === 'failure';
  }

  async #run(plan: FallbackPlan<Out, In>, outcome: Outcome<In>, call: CallContext): Promise<Out> {
    const answer = outcome.ok ? outcome.value : undefined;
    let error = outcome.ok ? undefined : outcome.error;
    if (outcome.ok && plan.value !== undefined)
      discard(outcome.value, undefined, error => this.#tell('discardFailed', error));
    for (const [index, step] of plan.steps.entries()) {
      try {
        const value = await step(error, call, answer);
        this.#tellAnswered(error, index + 1);
        return value;
      } catch (own) {
        error = causedBy(own, error);
      }
      if (call.cancelled) break;
    }
    this.#failed++;
    this.#tell('failed', error);
    throw error;
  }

  #tell(event: 'failed' | 'discardFailed', error: unknown): void {
    if (!this.#events?.has(event)) return;
    this.#events.emit(event, { policy: this.name, at: this.clock.wall(), error });
  }

  #tellAnswered(error: unknown, step: number): void {
    this.#answered++;
    if (!this.#events?.has('answered')) return;
    this.#events.emit('answered', { policy: this.name, at: this.clock.wall(), error, step });
  }
}

/** @throws TypeError that names the option, the rule and the value. */
function planOf<Out, In>(options: FallbackOptions<Out, In>): FallbackPlan<Out, In> {
  checkKeys('Fallback', options, known);
  const { run, value, classify } = options;
  // `undefined` is as good as left out where there is something to run, and an answer where there is not.
  const isFixed = run === undefined && 'value' in options;
  if (!isFixed && (value !== undefined || !('run' in options))) {
    throw new TypeError('Fallback: options must hold either `value` or `run`');
  }
  const fixed = isFixed ? { value: value as Out } : undefined;
  const given: unknown = fixed ? () => value as Out : run;
  const steps = (Array.isArray(given) ? [...given] : [given]) as FallbackStep<Out, In>[];
  if (steps.length === 0 || steps.some(step => typeof step !== 'function')) {
    refuse('Fallback', 'run', 'a function, or a list of at least one', run);
  }
  if (classify !== undefined && typeof classify !== 'function') {
    refuse('Fallback', 'classify', 'a function', classify);
  }
  return { value: fixed, run, steps, classify };
}

/** Tells an error that has no cause of its own what led to it; one that cannot be told stays as it is. */
function causedBy(error: unknown, cause: unknown): unknown {
  try {
    if (error !== cause && cause !== undefined && error instanceof Error && !('cause' in error)) {
      Reflect.defineProperty(error, 'cause', { value: cause, writable: true, configurable: true });
    }
  } catch {
    // A proxy may refuse by a throw.
  }
  return error;
}
