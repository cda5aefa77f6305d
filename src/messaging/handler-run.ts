import type { Clock } from '../kernel/clock.js';
import { type Context, RootContext } from '../kernel/context.js';
import { DeadlineList, type Due } from '../kernel/deadline-list.js';
import { TimeoutError } from '../kernel/errors.js';
import type { Outcome } from '../kernel/outcome.js';
import type { Operation, Policy } from '../kernel/policy.js';
import { RevocableContext } from '../kernel/revocable-context.js';

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
}

class Run implements Due {
  readonly context: RevocableContext;
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

  constructor(context: RevocableContext) {
    this.context = context;
  }

  /** Ends with `outcome`; what the operation answers from now on is heard by nobody. */
  end(outcome: Outcome): void {
    this.over = true;
    this.context.release();
    const quiet = this.#active === 0 ? undefined : new Promise<void>(done => (this.#onQuiet = done));
    this.resolve!({ outcome, quiet });
  }

  /** Runs the operation, and knows until when it does. */
  watch(operation: Operation<unknown>, context: Context): unknown {
    this.#active++;
    let result: unknown;
    try {
      result = operation(context);
    } catch (error) {
      this.#leave();
      throw error;
    }
    if (isThenable(result)) return this.#outlast(result);
    this.#leave();
    return result;
  }

  async #outlast(result: PromiseLike<unknown>): Promise<unknown> {
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
    const { key, idempotencyKey, attributes, attempt, remainingMs } = facts;
    const deadline = this.#clock.now() + Math.min(this.#timeoutMs, remainingMs);
    const root = new RootContext(this.#clock, { key, idempotencyKey, attributes }, deadline, attempt);
    const run = new Run(new RevocableContext(root));
    const policy = this.#policy;
    if (policy === undefined) {
      let result: unknown;
      try {
        result = run.watch(operation, run.context);
      } catch (error) {
        return ended({ ok: false, error });
      }
      return isThenable(result) ? this.#follow(run, result, held) : ended({ ok: true, value: result });
    }
    const watched: Operation<unknown> = context => run.watch(operation, context);
    return this.#follow(run, policy.execute(watched, run.context), held);
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
