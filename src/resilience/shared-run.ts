import type { Flight, Flights } from '../core/flights.js';
import { Cancellation } from '../kernel/cancellation.js';
import type { Timer } from '../kernel/clock.js';
import { CallContext, callersDeadline } from '../kernel/context.js';
import { TimeoutError } from '../kernel/errors.js';
import type { Operation } from '../kernel/policy.js';
import { discard } from './discard.js';
import { launch } from './launch.js';
import { isReadOnce, readOnceError } from './read-once.js';

/** Where shared runs stand, and who hears of it when one is given up. */
export interface RunBoard {
  readonly name: string;
  readonly flights: Flights<SharedRun>;
  readonly abandoned: (run: SharedRun, reason: unknown) => void;
}

/**
 * One run of an operation for several callers, and the context that the operation gets: the facts of the
 * first caller, but given up only when all callers have left.
 *
 * Its deadline is the latest of theirs, and moves when somebody joins who has more time. So it has no firm
 * one: a wait line or a timeout inside that went by what it found would fail a later caller by the time of an
 * earlier one. Each caller leaves at a deadline of its own instead, and the last to leave ends the run.
 */
export class SharedRun extends CallContext implements Flight {
  readonly sharedKey: string;
  callers = 0;
  latest = 0;
  /** The answer, once the operation has been started. A caller who can never leave gets this very promise. */
  answer: Promise<unknown> | undefined = undefined;
  readonly #board: RunBoard;
  /** Whether all who joined are extra attempts of hedges. */
  #spare: boolean;
  #cancellation: Cancellation | undefined;
  /** Those who may leave before the end. */
  #mobile: Set<Caller> | undefined;

  constructor(board: RunBoard, key: string, first: CallContext) {
    super(first);
    this.#board = board;
    this.sharedKey = key;
    this.#spare = first.isHedge;
  }

  /** The latest of all who joined: it may move. */
  override get deadline(): number {
    return this.latest;
  }

  override get firmDeadline(): number {
    return Infinity;
  }

  override get saidDeadline(): number {
    return Infinity;
  }

  /** An extra attempt can be left out, but not what somebody else waits for as well. */
  override get isHedge(): boolean {
    return this.#spare;
  }

  override get signal(): AbortSignal {
    return this.#own().signal;
  }

  override get cancellable(): boolean {
    return true;
  }

  override get cancelled(): boolean {
    return this.#cancellation?.given === true;
  }

  override get reason(): unknown {
    return this.#cancellation?.reason;
  }

  override onCancel(listener: () => void): () => void {
    return this.#own().onCancel(listener);
  }

  /** Starts the operation for its first caller. */
  start(operation: Operation<unknown>, call: CallContext, keepAlive: boolean): Promise<unknown> {
    const board = this.#board;
    // Before the operation, which reads the deadline.
    board.flights.join(this, call.deadline);
    this.answer = launch(operation, this).then(
      value => {
        if (isReadOnce(value)) this.#refuse(value);
        this.#land(true, value);
        return value;
      },
      error => {
        this.#land(false, error);
        throw error;
      },
    );
    if (isTied(call)) return this.answer;
    // All callers may have left when it fails, and those who have not get a promise of their own.
    this.answer.then(undefined, () => {});
    return this.#follow(call, keepAlive);
  }

  /** Takes one more caller on. */
  join(call: CallContext): Promise<unknown> {
    if (isTied(call)) return this.joinTied(call.isHedge);
    this.#spare &&= call.isHedge;
    this.#board.flights.join(this, call.deadline);
    return this.#follow(call, true);
  }

  /** Takes one on who can never leave. */
  joinTied(isHedge = false): Promise<unknown> {
    this.#spare &&= isHedge;
    this.#board.flights.join(this, Infinity);
    return this.answer!;
  }

  /** A caller leaves; with the last one the run is given up. */
  leave(caller: Caller, reason: unknown): void {
    this.#mobile!.delete(caller);
    if (!this.#board.flights.leave(this)) return;
    this.#own().give(reason);
    this.#board.abandoned(this, reason);
  }

  #follow(call: CallContext, keepAlive: boolean): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const caller = new Caller(this, call, resolve, reject);
      this.#mobile ??= new Set();
      this.#mobile.add(caller);
      caller.watch(this.#board.name, keepAlive);
    });
  }

  /**
   * Of those who share it all but the first reader would find it empty, and which that is hangs on chance.
   */
  #refuse(value: unknown): never {
    const error = readOnceError(this.#board.name);
    discard(value, undefined, () => {});
    this.#land(false, error);
    throw error;
  }

  #land(ok: boolean, result: unknown): void {
    this.#board.flights.land(this);
    const callers = this.#mobile;
    this.#mobile = undefined;
    if (callers !== undefined) for (const caller of callers) caller.settle(ok, result);
  }

  #own(): Cancellation {
    this.#cancellation ??= new Cancellation();
    return this.#cancellation;
  }
}

/** Whether nothing can make this caller leave before the end. */
function isTied(call: CallContext): boolean {
  return !call.cancellable && call.deadline === Infinity;
}

/** One who may leave before the run ends: by an abort, or at a deadline of its own. */
class Caller {
  readonly #run: SharedRun;
  readonly #call: CallContext;
  readonly #resolve: (value: unknown) => void;
  readonly #reject: (error: unknown) => void;
  #gone = false;
  #timer: Timer | undefined;
  #unsubscribe: (() => void) | undefined;

  constructor(
    run: SharedRun,
    call: CallContext,
    resolve: (value: unknown) => void,
    reject: (error: unknown) => void,
  ) {
    this.#run = run;
    this.#call = call;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  watch(policy: string, keepAlive: boolean): void {
    const call = this.#call;
    // The operation may have given its own caller up while it started.
    if (call.cancelled) {
      this.#leave(call.reason);
      return;
    }
    if (call.cancellable) this.#unsubscribe = call.onCancel(() => this.#leave(call.reason));
    // Where a policy outside has set the deadline, that one gives the call up when its time comes.
    if (callersDeadline(call) === Infinity) return;
    const spanMs = call.remainingMs();
    const { clock } = call;
    const expire = (): void => {
      const text = `${policy}: no answer within ${Math.ceil(spanMs)} ms`;
      this.#leave(new TimeoutError(text, Math.ceil(spanMs), { policy }));
    };
    // An answer that lies in the socket buffers is read before the time is up.
    this.#timer = clock.schedule(spanMs, () => clock.afterTurn(expire), keepAlive);
  }

  settle(ok: boolean, result: unknown): void {
    this.#end();
    if (ok) this.#resolve(result);
    else this.#reject(result);
  }

  #leave(reason: unknown): void {
    if (this.#gone) return;
    this.#end();
    this.#reject(reason);
    this.#run.leave(this, reason);
  }

  #end(): void {
    this.#gone = true;
    this.#timer?.cancel();
    this.#unsubscribe?.();
  }
}
