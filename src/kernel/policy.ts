import type { Clock } from './clock.js';
import type { CallContext, CallOptions, Context } from './context.js';

/** What a policy runs: the user's remote call, or the rest of a pipeline. */
export type Operation<T> = (context: Context) => PromiseLike<T> | T;

/**
 * Takes operations that yield `In`; may answer with `Out` in their stead. The same object serves any number
 * of operations at a time: its state is what they share.
 *
 * `execute` is a property, not a method, so that the compiler keeps a policy for `Response` from being used
 * where any value may come.
 */
export interface Policy<in In = unknown, out Out = never> {
  /**
   * Runs `operation`. `options` say what the caller wants of this one call; the context of another call in
   * their stead makes this call a part of that one. Nothing is thrown at once: every failure is a rejection.
   */
  readonly execute: <T extends In>(
    operation: Operation<T>,
    options?: CallOptions | Context,
  ) => Promise<T | Out>;
  /** For the compiler alone, never present at run time. Absent means `(value: unknown) => never`. */
  readonly '~policy'?: (value: In) => Out;
}

/** A call that waits for its turn; the guard that parked it ends the wait, in the turn of its choosing. */
export interface ParkedCall<Permit = unknown> extends Context {
  /**
   * The call's turn has come: the operation starts before this returns. `false` when the call does not wait
   * any more and has not taken the permit.
   */
  admit(permit: Permit): boolean;
  /** The call shall not run. */
  refuse(error: unknown): void;
}

/** A call on which a guard may give up while the operation runs. */
export interface AbandonableCall extends Context {
  /** Settles the call with `error` now and aborts its signal; without effect once the call is settled. */
  giveUp(error: unknown): void;
  /** Aborts the signal only: the call goes on until the operation settles. */
  cancel(reason: unknown): void;
}

/**
 * A policy that only admits a call and learns how it ended. Neighbouring guards of a pipeline are fused into
 * one call record and one promise, so this is the form to write whenever the operation runs at most once.
 * None of its methods can be async.
 */
export interface Guard<Permit = unknown> {
  /**
   * Whether it may give up on running operations. Such a guard is handed an {@link AbandonableCall}. Guards
   * outside it settle at once when it does; guards inside keep their permits until the operation settles.
   */
  readonly givesUp?: boolean;
  /**
   * Whether its `exit` has nothing to do, as that of one who only counts who comes in. A call that meets
   * nothing else then goes without a promise of its own, and without the call of `exit`.
   */
  readonly oneWay?: boolean;
  /**
   * Whether calls shall pass it by, as those past a meter that is off. It is asked at each call, and a run of
   * neighbouring guards then goes without it.
   */
  readonly dormant?: boolean;
  /** The clock that its calls live by; the system's where it has none. */
  readonly clock?: Clock;
  /**
   * Admits the call at once with a permit, throws to refuse it, or answers `undefined`: then `refusal` is
   * asked, and after it `wait`. A permit that is the same object for many calls makes them cheaper: see the
   * ADR on fused guards.
   */
  enter(call: CallContext): Permit | undefined;
  /**
   * The error for a call that `enter` answered with `undefined`, or `undefined` when it may wait. To throw in
   * `enter` does the same at several times the cost.
   */
  refusal?(call: CallContext): unknown;
  /** Parks a call that `enter` did not admit. Returns a ticket. May throw to refuse. */
  wait?(call: ParkedCall<Permit>): unknown;
  /** The call behind the ticket does not wait any more and is settled already: forget it. */
  withdraw?(ticket: unknown): void;
  /**
   * Takes the permit back, exactly once. `result` is the value, or with `ok` false the error; an error that
   * came from a guard further inside counts as well. What it throws is reported, not felt by the call.
   */
  exit(permit: Permit, ok: boolean, result: unknown, call: CallContext): void;
}
