import { HedgeRace, type HedgeStep } from '../core/hedge.js';
import { type AsyncScope, captureScope } from '../kernel/async-context.js';
import type { CallContext } from '../kernel/context.js';
import { AggregateFailedError, isRejected } from '../kernel/errors.js';
import { checkNumber } from '../kernel/options.js';
import { type Classify, judge, type Verdict } from '../kernel/outcome.js';
import type { Operation } from '../kernel/policy.js';
import { discard } from './discard.js';
import { ExtraAttempt, endpointsOf, HedgedAttempt } from './hedge-attempt.js';
import { type HedgePlan, leaveOut, type NotHedgedReason } from './hedge-plan.js';
import type { HedgeWait } from './hedge-times.js';
import { launch } from './launch.js';

/** Runs the operation, and again when its answer is long in coming or it fails. */
export function runHedged<T>(plan: HedgePlan<T>, call: CallContext, operation: Operation<T>): Promise<T> {
  return new Promise((resolve, reject) => new HedgeRun(plan, call, operation, resolve, reject).start());
}

/** The last attempt that failed: what the call ends with when no other attempt has an answer. */
interface Failure {
  readonly attempt: number;
  readonly ok: boolean;
  readonly result: unknown;
}

/**
 * The record of one call. Its fields are few and plain, for a record is made at every call; what only a call
 * needs that is really hedged hangs off it.
 */
class HedgeRun<T> implements HedgeWait {
  // The place among the waiting calls.
  deadline = 0;
  dueBefore: HedgeWait | undefined = undefined;
  dueAfter: HedgeWait | undefined = undefined;
  outOfOrder: HedgeWait['outOfOrder'] = undefined;
  private readonly resolve: (value: T) => void;
  private readonly reject: (error: unknown) => void;
  private readonly plan: HedgePlan<T>;
  private readonly call: CallContext;
  private readonly operation: Operation<T>;
  private first!: HedgedAttempt<T>;
  private startedAt = 0;
  private over = false;
  private scope: AsyncScope | undefined = undefined;
  private race: HedgeRace | undefined = undefined;
  private extras: ExtraAttempt<T>[] | undefined = undefined;
  private failures: Failure[] | undefined = undefined;

  constructor(
    plan: HedgePlan<T>,
    call: CallContext,
    operation: Operation<T>,
    resolve: (value: T) => void,
    reject: (error: unknown) => void,
  ) {
    this.plan = plan;
    this.call = call;
    this.operation = operation;
    this.resolve = resolve;
    this.reject = reject;
  }

  /** A wait that would reach the deadline of the call does not begin: no postponement can pass it. */
  get latest(): number {
    return Infinity;
  }

  start(): void {
    const { plan, call, operation } = this;
    try {
      const endpoints = endpointsOf(plan.endpoints, call);
      this.first = new HedgedAttempt(call, plan, operation, endpoints);
      this.wait(1);
      if (typeof plan.delay === 'object') this.startedAt = plan.clock.now();
    } catch (error) {
      this.over = true;
      this.reject(error);
      return;
    }
    // Bound functions: they are half the size of closures.
    launch(operation, this.first).then(this.succeed.bind(this), this.fail.bind(this));
  }

  due(): void {
    if (this.scope === undefined) this.hedgeByDelay();
    else this.scope.runInAsyncScope(this.hedgeByDelay, this);
  }

  private succeed(value: T): void {
    this.settle(this.first, true, value);
  }

  private fail(error: unknown): void {
    this.settle(this.first, false, error);
  }

  private hedgeByDelay(): void {
    // One signal may end many calls, and nobody wants an attempt more of those.
    if (!this.call.cancelled) this.guard(() => this.hedge('delay'));
  }

  /** Hedge number `hedge` is to start when the delay has passed. */
  private wait(hedge: number): void {
    const { plan, call } = this;
    const delayMs = this.delayMs(hedge);
    if (delayMs === Infinity) return;
    if (call.deadline < Infinity && delayMs >= call.remainingMs()) {
      leaveOut(plan, 'deadline');
      return;
    }
    this.scope ??= captureScope();
    plan.times.add(this, delayMs);
  }

  private delayMs(hedge: number): number {
    const { plan, call } = this;
    const { delay } = plan;
    if (typeof delay === 'number') return delay;
    if (typeof delay === 'function') {
      return checkNumber('Hedge', 'delayMs', delay(hedge, call), { min: 0, infinity: true });
    }
    const { quantileMs } = delay.window;
    if (quantileMs !== undefined) return Math.min(Math.max(quantileMs, delay.minMs), delay.maxMs);
    leaveOut(plan, 'samples');
    return Infinity;
  }

  private whyNot(): NotHedgedReason | undefined {
    const { plan, call } = this;
    if (call.delivered) return 'delivered';
    if (call.remainingMs() <= 0) return 'deadline';
    // Last, so that no token is spent on an attempt that would be left out for another reason.
    return plan.budget?.withdraw() === false ? 'budget' : undefined;
  }

  /** Starts the next attempt, unless it has to be left out. */
  private hedge(because: 'delay' | 'failure'): void {
    const { plan } = this;
    this.race ??= new HedgeRace(plan.maxHedges);
    const { race } = this;
    // A blocked event loop or a suspended process may have let the time run out in the meantime.
    const reason = this.whyNot();
    if (reason !== undefined) {
      const step = race.skip();
      leaveOut(plan, reason);
      if (step === 'wait' && race.left > 0) this.wait(plan.maxHedges - race.left + 1);
      this.follow(step);
      return;
    }
    race.start();
    this.extras ??= [];
    const attempt = new ExtraAttempt(this.first, this.extras.length + 2);
    this.extras.push(attempt);
    plan.tally.hedged++;
    launch(this.operation, attempt).then(
      value => this.settle(attempt, true, value),
      error => this.settle(attempt, false, error),
    );
    if (race.left > 0) this.wait(plan.maxHedges - race.left + 1);
    if (!plan.tally.events?.has('hedged')) return;
    const at = plan.clock.wall();
    plan.tally.events.emit('hedged', { policy: plan.name, at, attempt: attempt.attempt, because });
  }

  private settle(attempt: HedgedAttempt<T>, ok: boolean, result: unknown): void {
    const { plan, first } = this;
    attempt.end();
    if (this.over) {
      // It has lost, and whatever it brings comes too late.
      plan.tally.losers--;
      if (ok) this.discard(result);
      return;
    }
    let verdict: Verdict;
    try {
      verdict = judge('Hedge', ok, result, attempt, plan.classify as Classify | undefined);
    } catch (error) {
      this.end(false, error, undefined);
      if (ok) this.discard(result);
      return;
    }
    const refused = !ok && isRejected(result);
    // What never ran says nothing about how long it takes.
    if (attempt === first && !refused) this.measure(!ok || verdict === 'failure');
    if (verdict === 'failure') {
      this.guard(() => this.lament({ attempt: attempt.attempt, ok, result }));
    } else if (refused && verdict === 'neutral' && attempt !== first) {
      const step = this.race!.refuse();
      leaveOut(plan, 'refused');
      this.follow(step);
    } else {
      this.end(ok, result, attempt);
    }
  }

  /** An attempt has failed. Its answer, if it has one, is kept until another attempt has ended as well. */
  private lament(failure: Failure): void {
    this.failures ??= [];
    const before = this.failures.at(-1);
    this.failures.push(failure);
    if (before?.ok === true) this.discard(before.result);
    if (this.call.cancelled) {
      this.end(failure.ok, failure.result, undefined);
      return;
    }
    this.race ??= new HedgeRace(this.plan.maxHedges);
    this.follow(this.race.fail());
  }

  private follow(step: HedgeStep): void {
    if (step === 'start') {
      this.plan.times.remove(this);
      this.hedge('failure');
    } else if (step === 'fail') {
      this.endFailed(this.failures!);
    }
  }

  /** No attempt is left: the call ends with the last failure, or with all of them. */
  private endFailed(failures: readonly Failure[]): void {
    const { tally, name } = this.plan;
    const last = failures.at(-1)!;
    if (failures.length > 1) tally.allFailed++;
    if (failures.length === 1 || last.ok) {
      this.end(last.ok, last.result, undefined);
      return;
    }
    const inOrder = [...failures].sort((a, b) => a.attempt - b.attempt);
    const errors = inOrder.filter(({ ok }) => !ok).map(({ result }) => result);
    const { retryAfterMs } = Object(last.result) as { retryAfterMs?: unknown };
    const facts = {
      policy: name,
      cause: last.result,
      retryAfterMs: typeof retryAfterMs === 'number' ? retryAfterMs : undefined,
    };
    const error = new AggregateFailedError(`${name}: all ${failures.length} attempts failed`, errors, facts);
    this.end(false, error, undefined);
  }

  /** Answers the caller. `winner` is the attempt whose answer that is, unless it was one of the failures. */
  private end(ok: boolean, result: unknown, winner: HedgedAttempt<T> | undefined): void {
    this.over = true;
    this.plan.times.remove(this);
    if (ok) this.resolve(result as T);
    else this.reject(result);
    if (this.race !== undefined) this.release(ok, winner);
  }

  /** Lets go of the attempts that have lost, in the turn in which they do. */
  private release(ok: boolean, winner: HedgedAttempt<T> | undefined): void {
    const { plan, call, first, failures, extras = [] } = this;
    const kept = failures?.at(-1);
    if (kept?.ok === true && !(ok && winner === undefined)) this.discard(kept.result);
    if (!first.ended) this.measure(true);
    const losers = [first, ...extras].filter(({ ended }) => !ended);
    plan.tally.losers += losers.length;
    if (losers.length > 0) {
      const lost = (): unknown => new DOMException(`${plan.name}: another attempt has won`, 'AbortError');
      const reason = call.cancelled ? call.reason : lost();
      for (const loser of losers) loser.lose(reason);
    }
    if (!ok || winner === undefined || extras.length === 0) return;
    if (winner !== first) plan.tally.won++;
    if (!plan.tally.events?.has('won')) return;
    const attempts = extras.length + 1;
    const at = plan.clock.wall();
    plan.tally.events.emit('won', { policy: plan.name, at, attempt: winner.attempt, attempts });
  }

  /** Records how long the first attempt took; with `cut` it would have taken longer, or might have. */
  private measure(cut: boolean): void {
    const { delay, clock } = this.plan;
    if (typeof delay === 'object') delay.window.record(clock.now() - this.startedAt, cut);
  }

  private discard(value: unknown): void {
    const { plan } = this;
    discard(value as T, plan.onDiscard, error => {
      if (!plan.tally.events?.has('discardFailed')) return;
      plan.tally.events.emit('discardFailed', { policy: plan.name, at: plan.clock.wall(), error });
    });
  }

  /** The user's own delay, clock or budget may throw: then that ends the call. */
  private guard(act: () => void): void {
    try {
      act();
    } catch (error) {
      if (!this.over) this.end(false, error, undefined);
    }
  }
}
