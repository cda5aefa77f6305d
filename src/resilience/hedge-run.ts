import { HedgeRace, type HedgeStep } from '../core/hedge.js';
import { type AsyncScope, captureScope } from '../kernel/async-context.js';
import type { CallContext } from '../kernel/context.js';
import { factOf, isRejected } from '../kernel/errors.js';
import { checkNumber } from '../kernel/options.js';
import { type Classify, judge, type Verdict } from '../kernel/outcome.js';
import type { Operation } from '../kernel/policy.js';
import { discard } from './discard.js';
import { ExtraAttempt, endpointsOf, type HedgedAttempt, LeanHedgedAttempt } from './hedge-attempt.js';
import { HedgeFailures } from './hedge-failures.js';
import { type HedgePlan, leaveOut, type NotHedgedReason } from './hedge-plan.js';
import type { HedgeWait } from './hedge-times.js';
import { launch } from './launch.js';

/** Runs the operation, and again when its answer is long in coming or it fails. */
export function runHedged<T>(plan: HedgePlan<T>, call: CallContext, operation: Operation<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const endpoints = endpointsOf(plan.endpoints, call);
    new HedgeRun(new LeanHedgedAttempt(call, plan, operation, endpoints), resolve, reject).start();
  });
}

/**
 * The record of one call. Its fields are few and plain, for a record is made at every call; what only a call
 * needs that is really hedged hangs off it.
 */
class HedgeRun<T> implements HedgeWait {
  // The place among the waiting calls.
  dueAt = 0;
  dueBefore: HedgeWait | undefined = undefined;
  dueAfter: HedgeWait | undefined = undefined;
  outOfOrder: HedgeWait['outOfOrder'] = undefined;
  private readonly resolve: (value: T) => void;
  private readonly reject: (error: unknown) => void;
  private readonly first: HedgedAttempt<T>;
  private startedAt = 0;
  private over = false;
  private scope: AsyncScope | undefined = undefined;
  private unsubscribe: (() => void) | undefined = undefined;
  private race: HedgeRace | undefined = undefined;
  private extras: ExtraAttempt<T>[] | undefined = undefined;
  private failures: HedgeFailures | undefined = undefined;

  constructor(first: HedgedAttempt<T>, resolve: (value: T) => void, reject: (error: unknown) => void) {
    this.first = first;
    this.resolve = resolve;
    this.reject = reject;
  }

  private get plan(): HedgePlan<T> {
    return this.first.repeater;
  }

  private get call(): CallContext {
    return this.first.parent!;
  }

  /** A wait that would reach the deadline of the call does not begin: no postponement can pass it. */
  get latest(): number {
    return Infinity;
  }

  start(): void {
    const { plan, call, first } = this;
    try {
      this.wait(1);
      if (typeof plan.delay === 'object') this.startedAt = plan.clock.now();
      // Whoever hears that it will not be hedged may have given it up.
      if (call.cancelled) throw call.reason;
    } catch (error) {
      this.end(false, error, undefined);
      return;
    }
    // Bound functions: they are half the size of closures.
    launch(first.operation, first).then(this.succeed.bind(this), this.fail.bind(this));
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
    if (call.firmDeadline < Infinity && delayMs >= call.remainingMs()) {
      leaveOut(plan, 'deadline');
      return;
    }
    if (call.cancelled) return;
    this.scope ??= captureScope();
    plan.times.add(this, delayMs);
    // An operation may ignore its signal, and then this call goes on for as long as that one.
    if (call.cancellable) this.unsubscribe ??= call.onCancel(() => plan.times.remove(this));
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
    launch(this.first.operation, attempt).then(
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
    // To the remote a refusal is neutral; to this call it is an attempt without an answer, like any failure.
    if (verdict === 'failure' || (refused && verdict === 'neutral')) {
      this.guard(() => this.lament(attempt, ok, result, verdict));
    } else {
      this.end(ok, result, attempt);
    }
  }

  /** An attempt has failed. */
  private lament(attempt: HedgedAttempt<T>, ok: boolean, result: unknown, verdict: Verdict): void {
    const { call, plan, first } = this;
    const refused = verdict === 'neutral';
    const extra = attempt !== first;
    const suppressed = refused && extra && factOf(result, 'code') === 'ERR_CIRCUIT_OPEN';
    if (!suppressed) {
      this.failures ??= new HedgeFailures();
      const over = this.failures.add({ attempt: attempt.attempt, ok, result, refused });
      if (over !== undefined) this.discard(over.result);
    }
    this.race ??= new HedgeRace(plan.maxHedges);
    const step = suppressed ? this.race.suppress() : this.race.fail();
    if (refused && extra) leaveOut(plan, 'refused');
    // Also by a listener, just now. An attempt that was suppressed ends no call while another one runs.
    if (call.cancelled && !(suppressed && step === 'wait')) this.end(ok, result, undefined);
    else this.follow(step);
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
  private endFailed(failures: HedgeFailures): void {
    const { tally, name } = this.plan;
    const { ok, result } = failures.last!;
    if (failures.count > 1) tally.allFailed++;
    if (failures.count === 1 || ok) this.end(ok, result, undefined);
    else this.end(false, failures.asError(name), undefined);
  }

  /** Answers the caller. `winner` is the attempt whose answer that is, unless it was one of the failures. */
  private end(ok: boolean, result: unknown, winner: HedgedAttempt<T> | undefined): void {
    this.over = true;
    this.plan.times.remove(this);
    this.unsubscribe?.();
    if (ok) this.resolve(result as T);
    else this.reject(result);
    if (this.race !== undefined) this.release(ok, winner);
  }

  /** Lets go of the attempts that have lost, in the turn in which they do. */
  private release(ok: boolean, winner: HedgedAttempt<T> | undefined): void {
    const { plan, call, first, failures, extras = [] } = this;
    const kept = failures?.last;
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
