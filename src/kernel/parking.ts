import { type AsyncScope, captureScope } from './async-context.js';
import type { Guard, Operation, ParkedCall } from './policy.js';

/** In place of a ticket: the guard is parking the call now, and has not handed one out. */
export const UNQUEUED: object = /* @__PURE__ */ Object.freeze({});
/** In place of a ticket: the call was given up before the guard handed one out. */
export const FORSAKEN: object = /* @__PURE__ */ Object.freeze({});

/** A wait for a turn: what has to be known when it comes. */
export interface Parking {
  readonly operation: Operation<unknown>;
  /** The place of the guard that makes the call wait. */
  readonly place: number;
  readonly scope: AsyncScope | undefined;
  /** What the guard handed out for the place in its line, or one of the two above. */
  ticket: unknown;
}

export function newParking(operation: Operation<unknown>, place: number): Parking {
  return { operation, place, scope: captureScope(), ticket: UNQUEUED };
}

/** Asks the guard to park the call. */
export function waitAt(guard: Guard, call: ParkedCall): unknown {
  if (guard.wait !== undefined) return guard.wait(call);
  throw new TypeError('a guard must answer `enter` with a permit, or throw, unless it has a `wait`');
}

/** Tells the guard that a call has left its line; one that fails at that must not keep the caller waiting. */
export function withdrawFrom(guard: Guard, ticket: unknown): void {
  try {
    guard.withdraw?.(ticket);
  } catch (error) {
    console.error('keelson: a guard failed while a call left its line', error);
  }
}
