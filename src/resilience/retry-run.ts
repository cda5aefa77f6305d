import { backoffMs } from '../core/backoff.js';
import { type AttemptRecord, attachAttempts, HISTORY_LENGTH } from '../kernel/attempt-history.js';
import { type FirstAttempt, LeanFirstAttempt } from '../kernel/attempts.js';
import type { Timer } from '../kernel/clock.js';
import type { CallContext } from '../kernel/context.js';
import { factOf, isRejected, TimeoutError } from '../kernel/errors.js';
import { checkVerdict, judgeError, type Outcome } from '../kernel/outcome.js';
import type { Operation } from '../kernel/policy.js';
import { discard } from './discard.js';
import { launch } from './launch.js';
import type { GaveUpReason, RetryAfter, RetryPlan } from './retry-plan.js';

type First<T> = FirstAttempt<RetryPlan<T>, T>;

/** Runs the operation until it succeeds, or there is no next attempt. */
export function runAttempts<T>(plan: RetryPlan<T>, call: CallContext, operation: Operation<T>): Promise<T> {
  const first: First<T> = new LeanFirstAttempt(call, plan, operation);
  if (plan.maxElapsedMs < Infinity) first.startedAt = plan.clock.now();
  // Bound functions: they are half the size of closures, and less when nothing but `this` is bound.
  return launch(operation, first).then(
    plan.classify === undefined ? undefined : (answered<T>).bind(first),
    (failed<T>).bind(first),
  );
}

function answered<T>(this: First<T>, value: T): T | Promise<T> {
  const askedMs = failureOf(this.repeater, true, value, this);
  return askedMs === undefined ? value : new RetryRun(this).takeOn(true, value, askedMs);
}

function failed<T>(this: First<T>, error: unknown): T | Promise<T> {
  const askedMs = failureOf(this.repeater, false, error, this);
  if (askedMs === undefined) throw error;
  return new RetryRun(this).takeOn(false, error, askedMs);
}

/** The ms that a failure asks to wait, -1 where it asks for nothing; `undefined` for what is no failure. */
function failureOf<T>(
  plan: RetryPlan<T>,
  ok: boolean,
  result: unknown,
  context: CallContext,
): number | undefined {
  const { classify, maxRetryAfterMs } = plan;
  const outcome = (ok ? { ok, value: result } : { ok, error: result }) as Outcome<T>;
  const answer = classify?.(outcome, context);
  if (isRetryAfter(answer)) return wishMs(answer.retryAfterMs, maxRetryAfterMs);
  const verdict =
    checkVerdict('Retry', answer, ', { retryAfterMs }') ?? (ok ? 'success' : judgeError(result, context));
  if (verdict !== 'failure') return undefined;
  if (ok || !plan.honourRetryAfter) return -1;
  return wishMs(factOf(result, 'retryAfterMs'), maxRetryAfterMs);
}

function isRetryAfter(answer: unknown): answer is RetryAfter {
  return typeof (answer as Partial<RetryAfter> | null | undefined)?.retryAfterMs === 'number';
}

function wishMs(ms: unknown, maxMs: number): number {
  return typeof ms === 'number' && ms >= 0 ? Math.min(ms, maxMs) : -1;
}

/** One call from its first failure on. */
class RetryRun<T> {
  readonly #plan: RetryPlan<T>;
  readonly #call: CallContext;
  readonly #first: First<T>;
  readonly #history: AttemptRecord[] = [];
  /** Whether the operation ran at an attempt that is over. */
  #ran = false;
  #attempt = 1;
  #delayMs = 0;
  #resolve!: (value: T) => void;
  #reject!: (error: unknown) => void;
  #timer: Timer | undefined;
  #unsubscribe: (() => void) | undefined;

  constructor(first: First<T>) {
    this.#plan = first.repeater;
    this.#call = first.parent!;
    this.#first = first;
  }

  /** Ends the call with its first outcome, or takes it on from there. Throws what the call ends with. */
  takeOn(ok: boolean, result: unknown, askedMs: number): T | Promise<T> {
    const next = this.#next(askedMs);
    if (typeof next === 'number') {
      return new Promise<T>((resolve, reject) => {
        this.#resolve = resolve;
        this.#reject = reject;
        this.#wait(ok, result, next);
      });
    }
    this.#remember(ok, result, undefined);
    this.#giveUp(ok, result, next);
    if (ok) return result as T;
    throw result;
  }

  /** The ms until the next attempt, or why there is none; `undefined` when nobody wants one any more. */
  #next(askedMs: number): number | GaveUpReason | undefined {
    if (this.#call.cancelled) return undefined;
    if (this.#call.delivered) return 'delivered';
    const plan = this.#plan;
    if (this.#attempt >= plan.attempts) return 'attempts';
    const delayMs =
      askedMs >= 0 ? askedMs : backoffMs(plan.backoff, this.#attempt, this.#delayMs, plan.random());
    const over = this.#overAfter(delayMs);
    if (over !== undefined) return over;
    // Last, so that no token is spent on an attempt that would be left out for another reason.
    return plan.budget === undefined || plan.budget.withdraw() ? delayMs : 'budget';
  }

  /** Whether the time of the call ends before an attempt could start `delayMs` from now. */
  #overAfter(delayMs: number): GaveUpReason | undefined {
    // A wait without end is one beyond any deadline, also where there is none.
    if (delayMs >= this.#call.remainingMs()) return 'deadline';
    const { maxElapsedMs, clock } = this.#plan;
    if (maxElapsedMs === Infinity) return undefined;
    return clock.now() - this.#first.startedAt! + delayMs >= maxElapsedMs ? 'elapsed' : undefined;
  }

  #wait(ok: boolean, result: unknown, delayMs: number): void {
    const plan = this.#plan;
    this.#remember(ok, result, delayMs);
    plan.tally.retried++;
    if (plan.tally.events?.has('retried')) {
      const error = ok ? undefined : result;
      const at = plan.clock.wall();
      plan.tally.events.emit('retried', { policy: plan.name, at, attempt: this.#attempt, error, delayMs });
    }
    if (ok) discard(result as T, plan.onDiscard, error => this.#reportDiscard(error));
    this.#delayMs = delayMs;
    // A listener, or the answer's own dispose method, may have given the call up.
    if (this.#call.cancelled) {
      this.#reject(this.#call.reason);
      return;
    }
    // Somebody waits for the answer, so the wait holds the process open. Even no delay is a turn of the event
    // loop: a chain of microtasks would keep aborts and deadlines from being heard.
    this.#timer = plan.clock.schedule(delayMs, () => this.#wake(ok, result), true);
    if (this.#call.cancellable) this.#unsubscribe = this.#call.onCancel(() => this.#cancel());
  }

  #cancel(): void {
    this.#timer?.cancel();
    this.#unsubscribe?.();
    this.#reject(this.#call.reason);
  }

  #wake(ok: boolean, result: unknown): void {
    this.#unsubscribe?.();
    this.#unsubscribe = undefined;
    if (this.#call.cancelled) {
      this.#reject(this.#call.reason);
      return;
    }
    // A blocked event loop or a suspended process may have let the time run out in the meantime.
    const over = this.#overAfter(0);
    if (over !== undefined) {
      this.#reject(this.#lateError(ok, result, over));
      return;
    }
    this.#attempt++;
    const context = this.#first.next(this.#attempt);
    launch(this.#first.operation, context).then(
      value => this.#settle(true, value, context),
      error => this.#settle(false, error, context),
    );
  }

  /** The last error; an answer has been let go by now and cannot be given any more. */
  #lateError(ok: boolean, result: unknown, over: GaveUpReason): unknown {
    const { name } = this.#plan;
    const error = ok
      ? new TimeoutError(`${name}: the time ran out between attempts`, this.#delayMs, { policy: name })
      : result;
    this.#giveUp(false, error, over);
    return error;
  }

  #settle(ok: boolean, result: unknown, context: CallContext): void {
    try {
      const askedMs = failureOf(this.#plan, ok, result, context);
      const next = askedMs === undefined ? undefined : this.#next(askedMs);
      if (typeof next === 'number') {
        this.#wait(ok, result, next);
        return;
      }
      if (ok && askedMs === undefined) {
        this.#recover();
      } else {
        this.#remember(ok, result, undefined);
        this.#giveUp(ok, result, next);
      }
    } catch (error) {
      // The user's own classification, chance, clock or budget threw.
      this.#reject(error);
      return;
    }
    if (ok) this.#resolve(result as T);
    else this.#reject(result);
  }

  #reportDiscard(error: unknown): void {
    const plan = this.#plan;
    if (!plan.tally.events?.has('discardFailed')) return;
    plan.tally.events.emit('discardFailed', { policy: plan.name, at: plan.clock.wall(), error });
  }

  #recover(): void {
    const plan = this.#plan;
    plan.tally.recovered++;
    if (!plan.tally.events?.has('recovered')) return;
    plan.tally.events.emit('recovered', { policy: plan.name, at: plan.clock.wall(), attempt: this.#attempt });
  }

  /** Tells the error how the call got there and, where a retry was wanted, the world why there is none. */
  #giveUp(ok: boolean, result: unknown, reason: GaveUpReason | undefined): void {
    const plan = this.#plan;
    const attempts = Object.freeze(this.#history);
    if (!ok && attempts.length > 1) attachAttempts(result, attempts, this.#ran);
    if (reason === undefined) return;
    plan.tally.gaveUp++;
    if (!plan.tally.events?.has('gaveUp')) return;
    plan.tally.events.emit('gaveUp', { policy: plan.name, at: plan.clock.wall(), reason, attempts });
  }

  #remember(ok: boolean, result: unknown, delayMs: number | undefined): void {
    this.#ran ||= ok || !isRejected(result);
    if (this.#history.length === HISTORY_LENGTH) this.#history.shift();
    this.#history.push({ attempt: this.#attempt, error: ok ? undefined : result, delayMs });
  }
}
