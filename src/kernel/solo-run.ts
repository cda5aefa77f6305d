import { backgroundContext, contextOf, noOperation } from './call-options.js';
import type { Clock } from './clock.js';
import type { CallContext, CallOptions, Context } from './context.js';
import { reportFailedExit } from './guard-plan.js';
import type { Guard, Operation } from './policy.js';

/** A guard that admits a call at once or refuses it, and never gives up on an operation. */
interface Doorkeeper<Permit> extends Guard<Permit> {
  refusal(call: CallContext): unknown;
}

/**
 * Runs operations through one guard that makes nobody wait: what `GuardRun` does, with nothing but what that
 * takes. Such a guard is small when it stands alone, in memory and in a bundle.
 */
export class SoloRun<Permit> {
  readonly #guard: Doorkeeper<Permit>;
  readonly #background: CallContext;
  /**
   * The permit that the two callbacks below take back: while it is handed out, a call allocates no closure.
   */
  #permit: Permit | undefined;
  #onValue: (<T>(value: T) => T) | undefined;
  #onError: ((error: unknown) => never) | undefined;

  constructor(guard: Doorkeeper<Permit>, clock: Clock) {
    this.#guard = guard;
    this.#background = backgroundContext(clock);
  }

  execute<T>(operation: Operation<T>, options?: CallOptions | Context): Promise<T> {
    if (typeof operation !== 'function') return Promise.reject(noOperation('execute', operation));
    if (options !== undefined) return this.#executeWith(operation, options);
    const context = this.#background;
    let permit: Permit | undefined;
    try {
      permit = this.#guard.enter(context);
      if (permit === undefined) return Promise.reject(this.#guard.refusal(context));
    } catch (error) {
      return Promise.reject(error);
    }
    if (permit !== this.#permit) this.#share(permit);
    // Taken before the operation runs, for it may bring about another permit.
    return start(operation, context, this.#onValue!, this.#onError!);
  }

  #executeWith<T>(operation: Operation<T>, options: CallOptions | Context): Promise<T> {
    const guard = this.#guard;
    let context: CallContext;
    let permit: Permit | undefined;
    try {
      context = contextOf(options, this.#background.clock);
      if (context.cancelled) return Promise.reject(context.reason);
      permit = guard.enter(context);
      if (permit === undefined) return Promise.reject(guard.refusal(context));
    } catch (error) {
      return Promise.reject(error);
    }
    return start(
      operation,
      context,
      (succeed<T>).bind(guard, permit, context),
      fail.bind(guard, permit, context),
    );
  }

  #share(permit: Permit): void {
    this.#permit = permit;
    this.#onValue = succeed.bind(this.#guard, permit, this.#background) as <T>(value: T) => T;
    this.#onError = fail.bind(this.#guard, permit, this.#background);
  }
}

function start<T>(
  operation: Operation<T>,
  context: CallContext,
  onValue: (value: T) => T,
  onError: (error: unknown) => never,
): Promise<T> {
  let answer: Promise<T>;
  try {
    answer = Promise.resolve(operation(context)) as Promise<T>;
  } catch (error) {
    answer = Promise.reject(error);
  }
  return answer.then(onValue, onError);
}

function succeed<T>(this: Guard, permit: unknown, call: CallContext, value: T): T {
  leave(this, permit, true, value, call);
  return value;
}

function fail(this: Guard, permit: unknown, call: CallContext, error: unknown): never {
  leave(this, permit, false, error, call);
  throw error;
}

function leave(guard: Guard, permit: unknown, ok: boolean, result: unknown, call: CallContext): void {
  try {
    guard.exit(permit, ok, result, call);
  } catch (error) {
    reportFailedExit(error);
  }
}
