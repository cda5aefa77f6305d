import type { Clock } from './clock.js';
import type { Context } from './context.js';
import { DeadlineList, type Due } from './deadline-list.js';
import { TimeoutError } from './errors.js';
import type { Outcome } from './outcome.js';
import type { Operation, Policy } from './policy.js';
import { RunContext } from './run-context.js';

/** What one run of a handler is about. */
export interface RunFacts {
  readonly key: string | undefined;
  readonly idempotencyKey: string;
  readonly attributes: Readonly<Record<string, unknown>>;
  /** Which run of its message this is, from 1. */
  readonly attempt: number;
  /** The ms until nobody cares any more; `Infinity` where nobody said. */
  readonly remainingMs: number;
}

/** How a run ended, and when its operation has let go of everything: that may be later. */
export interface RunEnd {
  readonly outcome: Outcome;
  /** `undefined` where it has ended with the outcome. */
  readonly quiet: Promise<void> | undefined;
}

/** Who can end a run before its time. */
export interface Interruptible {
  /** Set while there is something to end. */
  interrupt: ((reason: unknown) => void) | undefined;
  /** Set with it: aborts the signal, and leaves it to the operation when to end. */
  abort?: ((reason: unknown) => void) | undefined;
}

class Run implements Due {
  readonly context: RunContext;
  readonly latest = Infinity;
  dueAt = Infinity;
  dueBefore: Due | undefined = undefined;
  dueAfter: Due | undefined = undefined;
  /** Hears of the end; nobody does of one that came at once. */
  resolve: ((end: RunEnd) => void) | undefined = undefined;
  over = false;
  /** How often the operation runs now: a policy may run it twice, and answer before it is done. */
  #active = 0;
  #onQuiet: (() => void) | undefined;

  constructor(context: RunContext) {
    this.context = context;
  }

  /** Ends with `outcome`; what the operation answers from now on is heard by nobody. */
  end(outcome: Outcome): void {
    this.over = true;
    const quiet = this.#active === 0 ? undefined : new Promise<void>(done => (this.#onQuiet = done));
    this.resolve!({ outcome, quiet });
  }

  /** Runs the operation, and knows until when it does. */
  watch(operation: Operation<unknown>, context: Context): unknown {
    this.#active++;
    let result: unknown;
    try {
      result = operation(context);
      if (isThenable(result)) return this.outlast(result);
    } finally {
      this.#leave();
    }
    return result;
  }

  /** Knows until when an operation runs that has answered with `result`. */
  async outlast(result: PromiseLike<unknown>): Promise<unknown> {
    this.#active++;
    try {
      return await result;
    } finally {
      this.#leave();
    }
  }

  #leave(): void {
    this.#active--;
    if (this.#active === 0) this.#onQuiet?.();
  }
}

const isThenable = (value: unknown): value is PromiseLike<unknown> =>
  typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function';

/** Runs handlers, each for a bounded time. */
export class HandlerRuns {
  readonly #clock: Clock;
  readonly #policy: Policy | undefined;
  readonly #timeoutMs: number;
  readonly #due: DeadlineList<Run>;

  constructor(clock: Clock, policy: Policy | undefined, timeoutMs: number) {
    this.#clock = clock;
    this.#policy = policy;
    this.#timeoutMs = timeoutMs;
    this.#due = new DeadlineList(clock, run => {
      const error = new TimeoutError(`no answer of the handler within ${timeoutMs} ms`, timeoutMs);
      this.#interrupt(run, error);
    });
  }

  /** Answers at once where the operation does; else `held` can end the run before its time. */
  start(operation: Operation<unknown>, facts: RunFacts, held: Interruptible): RunEnd | Promise<RunEnd> {
    const deadline = this.#clock.now() + Math.min(this.#timeoutMs, facts.remainingMs);
    const context = new RunContext(this.#clock, facts, deadline, facts.attempt);
    if (this.#policy !== undefined) return this.#startIn(this.#policy, operation, context, held);
    let result: unknown;
    try {
      result = operation(context);
      if (!isThenable(result)) return ended({ ok: true, value: result });
    } catch (error) {
      return ended({ ok: false, error });
    }
    const run = new Run(context);
    // A promise from now on: asking a strange object twice may give two answers.
    return this.#follow(run, run.outlast(result), held);
  }

  #startIn(
    policy: Policy,
    operation: Operation<unknown>,
    context: RunContext,
    held: Interruptible,
  ): RunEnd | Promise<RunEnd> {
    const run = new Run(context);
    const watched: Operation<unknown> = inner => run.watch(operation, inner);
    let work: unknown;
    try {
      work = policy.execute(watched, context);
    } catch (error) {
      return ended({ ok: false, error });
    }
    return this.#follow(run, work, held);
  }

  #follow(run: Run, work: unknown, held: Interruptible): Promise<RunEnd> {
    return new Promise(resolve => {
      run.resolve = resolve;
      if (this.#timeoutMs < Infinity) {
        const from = this.#clock.coarse();
        run.dueAt = this.#due.fitting(from + this.#timeoutMs);
        this.#due.add(run, from);
      }
      held.interrupt = reason => this.#interrupt(run, reason);
      held.abort = reason => {
        if (!run.over) run.context.revoke(reason);
      };
      Promise.resolve(work).then(
        value => this.#end(run, { ok: true, value }),
        (error: unknown) => this.#end(run, { ok: false, error }),
      );
    });
  }

  #end(run: Run, outcome: Outcome): void {
    if (run.over) return;
    this.#due.remove(run);
    run.end(outcome);
  }

  #interrupt(run: Run, reason: unknown): void {
    if (run.over) return;
    this.#due.remove(run);
    // The end comes first: what follows from the abort is no answer any more.
    run.end({ ok: false, error: reason });
    run.context.revoke(reason);
  }
}

const ended = (outcome: Outcome): RunEnd => ({ outcome, quiet: undefined });
