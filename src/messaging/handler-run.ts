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

class Run implements Due {
  readonly context: RevocableContext;
  readonly latest = Infinity;
  dueAt = Infinity;
  dueBefore: Due | undefined = undefined;
  dueAfter: Due | undefined = undefined;
  resolve!: (end: RunEnd) => void;
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
    this.resolve({ outcome, quiet });
  }

  /** Runs the operation, and knows until when it does. */
  async watch(operation: Operation<unknown>, context: Context): Promise<unknown> {
    this.#active++;
    try {
      return await operation(context);
    } finally {
      this.#active--;
      if (this.#active === 0) this.#onQuiet?.();
    }
  }
}

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

  /** `interruptible` is handed what ends the run before its time. */
  start(
    operation: Operation<unknown>,
    facts: RunFacts,
    interruptible: (interrupt: (reason: unknown) => void) => void,
  ): Promise<RunEnd> {
    const { key, idempotencyKey, attributes, attempt, remainingMs } = facts;
    const now = this.#clock.now();
    const deadline = now + Math.min(this.#timeoutMs, remainingMs);
    const root = new RootContext(this.#clock, { key, idempotencyKey, attributes }, deadline, attempt);
    const run = new Run(new RevocableContext(root));
    return new Promise(resolve => {
      run.resolve = resolve;
      if (this.#timeoutMs < Infinity) {
        const from = this.#clock.coarse();
        run.dueAt = this.#due.fitting(from + this.#timeoutMs);
        this.#due.add(run, from);
      }
      interruptible(reason => this.#interrupt(run, reason));
      const watched: Operation<unknown> = context => run.watch(operation, context);
      const work =
        this.#policy === undefined ? watched(run.context) : this.#policy.execute(watched, run.context);
      Promise.resolve(work).then(
        value => this.#end(run, { ok: true, value }),
        error => this.#end(run, { ok: false, error }),
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
