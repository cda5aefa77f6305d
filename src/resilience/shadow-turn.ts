import type { Clock } from '../kernel/clock.js';
import type { CallContext } from '../kernel/context.js';
import { reportFailedExit } from '../kernel/guard-plan.js';
import { withdrawFrom } from '../kernel/parking.js';
import type { Guard, ParkedCall } from '../kernel/policy.js';
import { ShadowCall } from './shadow-call.js';

/** Whoever hears of what a guard would have done to a call. */
export interface ShadowTeller {
  readonly guard: Guard;
  readonly clock: Clock;
  /** The share of calls for which the guard is in force. */
  readonly enforceRatio: number;
  wouldReject(call: CallContext, error: unknown): void;
  wouldGiveUp(call: CallContext, error: unknown): void;
}

// The stages of a turn.
const WAITING = 0;
const INSIDE = 1;
const OVER = 2;

/**
 * Stands in the line of a shadowed guard for a call that runs already, and does there what the call would
 * have done: it waits, is refused or let in, and then holds the permit for as long as the operation has
 * taken. The operation is taken to last as long as if it had begun then, so that the permit comes back that
 * much later than the operation ends which the wait has lasted.
 */
export class ShadowTurn extends ShadowCall implements ParkedCall {
  readonly #teller: ShadowTeller;
  readonly #since: number;
  #stage = WAITING;
  #ticket: unknown;
  #queued = false;
  /** Given up before there was a ticket. */
  #forsaken = false;
  #unsubscribe: (() => void) | undefined;
  /** How the operation has ended, and how long it took; unknown as long as it runs. */
  #end: { readonly ok: boolean; readonly result: unknown; readonly tookMs: number } | undefined;
  #waitedMs = 0;

  constructor(call: CallContext, teller: ShadowTeller) {
    super(call, (given, error) => teller.wouldGiveUp(given, error));
    this.#teller = teller;
    this.#since = teller.clock.now();
  }

  /** Whether it waits for its turn: for the guard, the operation has not run. */
  override get waits(): boolean {
    return this.#stage === WAITING;
  }

  /** Joins the line of the guard, which may throw to refuse. */
  join(): void {
    const { guard } = this.#teller;
    const call = this.parent!;
    if (call.cancellable) this.#unsubscribe = call.onCancel(() => this.#leave());
    try {
      this.#ticket = guard.wait?.(this);
      this.#queued = true;
    } catch (error) {
      this.#over();
      throw error;
    }
    if (this.#forsaken) withdrawFrom(guard, this.#ticket);
  }

  admit(permit: unknown): boolean {
    if (this.#stage !== WAITING) return false;
    this.#stage = INSIDE;
    this.#unsubscribe?.();
    this.permit = permit;
    this.#waitedMs = this.#teller.clock.now() - this.#since;
    if (this.#end !== undefined) this.#exitIn(this.#end.tookMs);
    return true;
  }

  refuse(error: unknown): void {
    if (this.#stage !== WAITING) return;
    this.#over();
    this.#teller.wouldReject(this.parent!, error);
  }

  /** The operation has ended. */
  ended(ok: boolean, result: unknown): void {
    const { cancelled } = this.parent!;
    this.#end = { ok, result, tookMs: this.#teller.clock.now() - this.#since };
    if (this.#stage === WAITING && cancelled) this.#leave();
    // Its caller has the answer: what becomes of the signal says nothing any more.
    this.#unsubscribe?.();
    // An operation that was given up ends when it is, whenever it began.
    if (this.#stage === INSIDE) this.#exitIn(cancelled ? 0 : this.#waitedMs);
  }

  /** Leaves the line, as a call does that is given up while it waits. */
  #leave(): void {
    if (this.#stage !== WAITING) return;
    this.#over();
    if (this.#queued) withdrawFrom(this.#teller.guard, this.#ticket);
    else this.#forsaken = true;
  }

  #over(): void {
    this.#stage = OVER;
    this.#unsubscribe?.();
  }

  #exitIn(spanMs: number): void {
    if (spanMs <= 0) {
      this.#exit();
      return;
    }
    // Where the guard is in force for some, real calls may wait for this permit, and the process for them.
    this.#teller.clock.schedule(spanMs, () => this.#exit(), this.#teller.enforceRatio > 0);
  }

  #exit(): void {
    const { ok, result } = this.#end!;
    this.#stage = OVER;
    try {
      this.#teller.guard.exit(this.permit, ok, result, this);
    } catch (error) {
      reportFailedExit(error);
    }
  }
}
