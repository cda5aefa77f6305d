import { backgroundContext, contextOf, noOperation } from '../kernel/call-options.js';
import { type Clock, systemClock } from '../kernel/clock.js';
import type { CallContext, CallOptions, Context } from '../kernel/context.js';
import { Emitter, type Listener, type Observable } from '../kernel/events.js';
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
  readonly #steps: readonly FallbackStep<Out, In>[];
  readonly #classify: Classify<In> | undefined;
  /** What it was given for an answer; nobody has then looked at the answer that it replaces. */
  readonly #value: { readonly value: Out } | undefined;
  readonly #background: CallContext;
  #events: Emitter<FallbackEvents> | undefined;
  #answered = 0;
  #failed = 0;

  /** @throws TypeError unless there is either a `value` or at least one step to `run`. */
  constructor(options: FallbackOptions<Out, In>) {
    checkKeys('Fallback', options, known);
    if ('value' in options === 'run' in options) {
      throw new TypeError('Fallback: options must hold either `value` or `run`');
    }
    const { run, value, classify } = options;
    this.#value = 'value' in options ? { value: value as Out } : undefined;
    const steps: unknown = this.#value ? () => value as Out : run;
    this.#steps = Array.isArray(steps) ? [...steps] : [steps as FallbackStep<Out, In>];
    if (this.#steps.length === 0 || this.#steps.some(step => typeof step !== 'function')) {
      refuse('Fallback', 'run', 'a function, or a list of at least one', run);
    }
    if (classify !== undefined && typeof classify !== 'function') {
      refuse('Fallback', 'classify', 'a function', classify);
    }
    this.#classify = classify;
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
    return launch(operation, call).then<T | Out, Out>(
      this.#classify === undefined ? undefined : value => this.#replace(value, call),
      error => this.#answer({ ok: false, error }, call),
    );
  }

  on<Name extends keyof FallbackEvents>(event: Name, listener: Listener<FallbackEvents[Name]>): () => void {
    this.#events ??= new Emitter(['answered', 'failed', 'discardFailed']);
    return this.#events.on(event, listener);
  }

  /** How it is set up, as JSON. */
  describe(): FallbackDescription {
    return describeFallback(this.name, this.#value, this.#steps, this.#classify);
  }

  /** Calls that it answered, and calls for which its last step failed. */
  snapshot(): { readonly answered: number; readonly failed: number } {
    return { answered: this.#answered, failed: this.#failed };
  }

  #replace<T extends In>(value: T, call: CallContext): T | Promise<Out> {
    const outcome = { ok: true, value } as const;
    return this.#isFailure(outcome, call) ? this.#run(outcome, call) : value;
  }

  #answer(outcome: Outcome<In> & { ok: false }, call: CallContext): Promise<Out> {
    if (!this.#isFailure(outcome, call)) throw outcome.error;
    return this.#run(outcome, call);
  }

  #isFailure(outcome: Outcome<In>, call: CallContext): boolean {
    if (call.cancelled || call.delivered) return false;
    const verdict = checkVerdict('Fallback', this.#classify?.(outcome, call));
    return (verdict ?? (outcome.ok ? 'success' : 'failure')) === 'failure';
  }

  async #run(outcome: Outcome<In>, call: CallContext): Promise<Out> {
    const answer = outcome.ok ? outcome.value : undefined;
    let error = outcome.ok ? undefined : outcome.error;
    if (outcome.ok && this.#value !== undefined)
      discard(outcome.value, undefined, error => this.#tell('discardFailed', error));
    for (const [index, step] of this.#steps.entries()) {
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

/** Tells an error that has no cause of its own what led to it; one that cannot be told stays as it is. */
function causedBy(error: unknown, cause: unknown): unknown {
  if (error !== cause && cause !== undefined && error instanceof Error && !('cause' in error)) {
    Reflect.defineProperty(error, 'cause', { value: cause, writable: true, configurable: true });
  }
  return error;
}
