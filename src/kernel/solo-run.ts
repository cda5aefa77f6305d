import { backgroundContext, contextOf, noOperation } from './call-options.js';
import type { Clock } from './clock.js';
import type { CallContext, CallOptions, Context } from './context.js';
import { reportFailedExit } from './guard-plan.js';
import type { HandedContext } from './handed-context.js';
import type { Guard, Operation } from './policy.js';
import type { WaitingRoom } from './waiting-room.js';

/**
 * Runs operations through one guard that never gives up on them: what `GuardRun` does, with nothing but what
 * that takes. Such a guard is small and fast when it stands alone; one that makes nobody wait goes without
 * the room for that.
 */
export class SoloRun<Permit> {
  readonly #guard: Guard<Permit>;
  readonly #oneWay: boolean;
  readonly #room: WaitingRoom | undefined;
  readonly #background: CallContext;
  /** The context that is handed to the operations of calls without options: it costs them nothing. */
  readonly #handed: CallContext;
  /**
   * The permit that the two callbacks below take back: while it is handed out, a call allocates no closure.
   */
  #permit: Permit | undefined;
  #onValue: (<T>(value: T) => T) | undefined;
  #onError: ((error: unknown) => never) | undefined;

  constructor(guard: Guard<Permit>, clock: Clock, room?: WaitingRoom) {
    this.#guard = guard;
    this.#oneWay = guard.oneWay === true;
    this.#room = room;
    this.#background = backgroundContext(clock);
    this.#handed = room?.hand(this.#background) ?? this.#background;
  }

  execute<T>(operation: Operation<T>, options?: CallOptions | Context): Promise<T> {
    if (typeof operation !== 'function') return Promise.reject(noOperation('execute', operation));
    if (options !== undefined) return this.#executeWith(operation, options);
    let permit: Permit | undefined;
    try {
      permit = this.#guard.enter(this.#background);
      if (permit === undefined) return this.#turnAway(operation, this.#background);
    } catch (error) {
      return Promise.reject(error);
    }
    if (this.#oneWay) return launch(operation, this.#handed);
    if (permit !== this.#permit) this.#share(permit);
    // Taken before the operation runs, for it may bring about another permit.
    return start(operation, this.#handed, this.#onValue!, this.#onError!);
  }

  #executeWith<T>(operation: Operation<T>, options: CallOptions | Context): Promise<T> {
    const guard = this.#guard;
    let call: CallContext;
    let permit: Permit | undefined;
    try {
      call = contextOf(options, this.#background.clock);
      if (call.cancelled) return Promise.reject(call.reason);
      permit = guard.enter(call);
      if (permit === undefined) return this.#turnAway(operation, call);
    } catch (error) {
      return Promise.reject(error);
    }
    const passage = new Passage(guard, permit, call, this.#room?.hand(call, permit));
    // A listener of the guard's may have given the call up.
    return call.cancelled ? passage.endUnrun() : passage.start(operation);
  }

  /** A call that was not let in waits, where the guard has no objection. */
  #turnAway<T>(operation: Operation<T>, call: CallContext): Promise<T> {
    const refusal = this.#guard.refusal?.(call);
    return refusal === undefined ? this.#room!.park(operation, call) : Promise.reject(refusal);
  }

  #share(permit: Permit): void {
    const guard = this.#guard;
    const call = this.#background;
    this.#permit = permit;
    this.#onValue = value => {
      leave(guard, permit, true, value, call);
      return value;
    };
    this.#onError = error => {
      leave(guard, permit, false, error, call);
      throw error;
    };
  }
}

/** A call that shares nothing: one with options or a context of its own. */
class Passage<Permit> {
  readonly #guard: Guard<Permit>;
  readonly #permit: Permit;
  readonly #call: CallContext;
  readonly #handed: HandedContext | undefined;

  constructor(guard: Guard<Permit>, permit: Permit, call: CallContext, handed: HandedContext | undefined) {
    this.#guard = guard;
    this.#permit = permit;
    this.#call = call;
    this.#handed = handed;
  }

  start<T>(operation: Operation<T>): Promise<T> {
    return start(
      operation,
      this.#handed ?? this.#call,
      value => {
        this.#end(true, value);
        return value;
      },
      error => {
        this.#end(false, error);
        throw error;
      },
    );
  }

  endUnrun(): Promise<never> {
    const { reason } = this.#call;
    this.#end(false, reason);
    return Promise.reject(reason);
  }

  #end(ok: boolean, result: unknown): void {
    if (this.#handed !== undefined) this.#handed.running = false;
    leave(this.#guard, this.#permit, ok, result, this.#call);
  }
}

function launch<T>(operation: Operation<T>, context: CallContext): Promise<T> {
  try {
    return Promise.resolve(operation(context)) as Promise<T>;
  } catch (error) {
    return Promise.reject(error);
  }
}

function start<T>(
  operation: Operation<T>,
  context: CallContext,
  onValue: (value: T) => T,
  onError: (error: unknown) => never,
): Promise<T> {
  return launch(operation, context).then(onValue, onError);
}

function leave<Permit>(
  guard: Guard<Permit>,
  permit: Permit,
  ok: boolean,
  result: unknown,
  call: CallContext,
): void {
  try {
    guard.exit(permit, ok, result, call);
  } catch (error) {
    reportFailedExit(error);
  }
}
