import { Cancellation } from './cancellation.js';
import type { CallContext } from './context.js';
import { DueContext } from './due-context.js';
import { exitGuards, type GuardPlan } from './guard-plan.js';
import { leanClass } from './lean-class.js';
import { FORSAKEN, newParking, type Parking, UNQUEUED, waitAt, withdrawFrom } from './parking.js';
import type { AbandonableCall, Guard, Operation, ParkedCall } from './policy.js';

type Settle = (result: unknown) => void;

let madeResolve: Settle | undefined;
let madeReject: Settle | undefined;

/** One executor for all promises: it leaves its functions here instead of closing over the call. */
function catchSettlers(resolve: Settle, reject: Settle): void {
  madeResolve = resolve;
  madeReject = reject;
}

// The stages of a call. They are numbers, since strings would cost the hot path.
const ENTERING = 0;
const PARKED = 1;
const RUNNING = 2;
const ANSWERED = 3;

type CallMaker = new (parent: CallContext, plan: GuardPlan, permits: readonly unknown[]) => GuardedCall;

/**
 * The record of one call through a run of guards: the context that the operation gets, the permits it holds,
 * and the way to its caller's promise, in one object. Its fields are few and plain, for a record is made at
 * every call; what only some calls need hangs off it.
 */
export class GuardedCall extends DueContext implements ParkedCall, AbandonableCall {
  private plan!: GuardPlan;
  private permits!: readonly unknown[];
  private resolve!: Settle;
  private reject!: Settle;
  private stage!: number;
  private parking: Parking | undefined;
  // No field until it is set: most calls end before that.
  private cancellation?: Cancellation;

  /** Makes calls, each right after the promise of its caller. */
  static lean(): CallMaker {
    return leanClass(
      GuardedCall,
      function (
        this: GuardedCall & { parent: CallContext },
        parent: CallContext,
        plan: GuardPlan,
        permits: readonly unknown[],
      ) {
        this.parent = parent;
        this.dueBefore = this.dueAfter = this.due = this.parking = undefined;
        this.plan = plan;
        this.permits = permits;
        this.resolve = madeResolve!;
        this.reject = madeReject!;
        this.stage = ENTERING;
        // What is left here would live, with all that hangs on it, until somebody makes another call.
        madeResolve = madeReject = undefined;
      },
    );
  }

  /** Whether it waits for its turn: the operation has not run. */
  get waits(): boolean {
    return this.stage === PARKED;
  }

  override get signal(): AbortSignal {
    return this.hearing.signal;
  }

  override get cancellable(): boolean {
    return true;
  }

  override get cancelled(): boolean {
    return this.cancellation?.given === true || this.parent!.cancelled;
  }

  override get reason(): unknown {
    return this.cancellation?.given === true ? this.cancellation.reason : this.parent!.reason;
  }

  override holds(guard: Guard): boolean {
    const { stage } = this;
    // How many of its guards have let it in: most calls that wait do so at the first.
    const passed = stage === RUNNING ? this.plan.guards.length : stage === PARKED ? this.parking!.place : 0;
    return this.plan.holds(guard, this.permits, passed);
  }

  override onCancel(listener: () => void): () => void {
    return this.hearing.onCancel(listener);
  }

  /** What a call leaves running when it ends hears of its caller from then on: nobody else can end it. */
  private get hearing(): Cancellation | CallContext {
    const over = this.stage === ANSWERED && this.cancellation?.given !== true;
    return over ? this.parent! : this.ownCancellation();
  }

  /** Starts a call whose run has a guard that may give up. */
  static start(parent: CallContext, plan: GuardPlan, operation: Operation<unknown>): Promise<unknown> {
    const promise = new Promise(catchSettlers);
    const call = new LeanCall(parent, plan, plan.permits);
    if (parent.cancellable) call.ownCancellation();
    call.enter(operation, 0);
    return promise;
  }

  /** Starts a call that holds `permits` up to `place` already and has to wait there. */
  static park(
    parent: CallContext,
    plan: GuardPlan,
    operation: Operation<unknown>,
    permits: readonly unknown[],
    place: number,
  ): Promise<unknown> {
    const promise = new Promise(catchSettlers);
    new LeanCall(parent, plan, permits).wait(operation, place);
    return promise;
  }

  admit(permit: unknown): boolean {
    if (this.stage !== PARKED) return false;
    const { place, scope } = this.parking!;
    this.stage = ENTERING;
    this.hold(place, permit);
    // One signal may end many calls, and this turn may be the work of one that heard of it earlier.
    if (this.cancellation !== undefined && this.cancelled) {
      const { reason } = this;
      this.answer(false, reason, place);
      this.ownCancellation().give(reason);
    } else if (scope === undefined) this.resume();
    else scope.runInAsyncScope(this.resume, this);
    return true;
  }

  refuse(error: unknown): void {
    if (this.stage === PARKED) this.answer(false, error, this.parking!.place - 1);
  }

  giveUp(error: unknown): void {
    if (this.stage === ANSWERED) return;
    if (this.stage === RUNNING) {
      this.answer(false, error, this.plan.giver);
    } else if (this.stage === PARKED) {
      const parking = this.parking!;
      // First, for the guard may call back.
      this.stage = ANSWERED;
      this.withdraw(parking);
      this.answer(false, error, parking.place - 1);
    } else {
      // Amid the guards: `enter` sees it when the present one returns, and hands all permits back.
      this.stage = ANSWERED;
      this.reject(error);
      this.cancellation?.unlink();
    }
    this.ownCancellation().give(error);
  }

  cancel(reason: unknown): void {
    if (this.stage === RUNNING) this.ownCancellation().give(reason);
    // No operation runs that could end the call by heeding its signal.
    else this.giveUp(reason);
  }

  /** While the call lasts, its being given up follows its parent's. */
  private ownCancellation(): Cancellation {
    this.cancellation ??= new Cancellation();
    const own = this.cancellation;
    const parent = this.parent!;
    if (this.stage !== ANSWERED && parent.cancellable) {
      if (parent.cancelled) own.give(parent.reason);
      else own.link(parent, () => this.followParent());
    }
    return own;
  }

  private followParent(): void {
    const { reason } = this.parent!;
    if (this.plan.giver >= 0) this.giveUp(reason);
    else this.cancel(reason);
  }

  private hold(place: number, permit: unknown): void {
    if (permit !== this.permits[place]) this.permits = this.plan.withPermit(this.permits, place, permit);
  }

  private enter(operation: Operation<unknown>, from: number): void {
    const { enters, last } = this.plan;
    for (let place = from; place <= last; place++) {
      try {
        const permit = enters[place]!(this);
        if (permit === undefined) {
          const refusal = this.plan.refusal(place, this);
          if (this.stage === ANSWERED) this.exit(place - 1, 0, false, this.reason);
          else if (refusal !== undefined) this.answer(false, refusal, place - 1);
          else this.wait(operation, place);
          return;
        }
        this.hold(place, permit);
      } catch (error) {
        this.answer(false, error, place - 1);
        return;
      }
      if (this.stage === ANSWERED) {
        this.exit(place, 0, false, this.reason);
        return;
      }
    }
    this.launch(operation);
  }

  private wait(operation: Operation<unknown>, place: number): void {
    const parent = this.parent!;
    if (parent.cancellable) {
      // The caller may have given up while a guard outside was entered.
      if (parent.cancelled) {
        this.answer(false, parent.reason, place - 1);
        return;
      }
      this.ownCancellation();
    }
    const parking = newParking(operation, place);
    this.parking = parking;
    this.stage = PARKED;
    let ticket: unknown;
    try {
      ticket = waitAt(this.plan.guards[place]!, this);
    } catch (error) {
      if (this.parking === parking) this.refuse(error);
      else console.error('keelson: a guard failed after it had admitted a call', error);
      return;
    }
    const forsaken = parking.ticket === FORSAKEN;
    parking.ticket = ticket;
    if (forsaken) this.withdraw(parking);
  }

  /**
   * Takes the call out of the line; without a ticket the guard is parking it now, and `wait` sees to that.
   */
  private withdraw(parking: Parking): void {
    if (parking.ticket === UNQUEUED) parking.ticket = FORSAKEN;
    else withdrawFrom(this.plan.guards[parking.place]!, parking.ticket);
  }

  /** The wait is over: on to the guards further inside. */
  private resume(): void {
    const { operation, place } = this.parking!;
    this.parking = undefined;
    this.enter(operation, place + 1);
  }

  private launch(operation: Operation<unknown>): void {
    let answer: Promise<unknown>;
    this.stage = RUNNING;
    try {
      answer = Promise.resolve(operation(this));
    } catch (error) {
      answer = Promise.reject(error);
    }
    // Bound functions: they are half the size of closures.
    answer.then(this.succeed.bind(this), this.fail.bind(this));
  }

  private succeed(value: unknown): void {
    this.settle(true, value);
  }

  private fail(error: unknown): void {
    this.settle(false, error);
  }

  private settle(ok: boolean, result: unknown): void {
    const { last, giver } = this.plan;
    if (this.stage === ANSWERED) this.exit(last, giver + 1, ok, result);
    else this.answer(ok, result, last);
  }

  /** Hands the permits from place `from` outwards back, then answers the caller. */
  private answer(ok: boolean, result: unknown, from: number): void {
    this.stage = ANSWERED;
    this.exit(from, 0, ok, result);
    this.cancellation?.unlink();
    if (ok) this.resolve(result);
    else this.reject(result);
  }

  private exit(from: number, to: number, ok: boolean, result: unknown): void {
    exitGuards(this.plan.exits, this.permits, from, to, ok, result, this);
  }
}

const LeanCall: CallMaker = /* @__PURE__ */ GuardedCall.lean();
