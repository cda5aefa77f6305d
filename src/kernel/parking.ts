import { type AsyncScope, captureScope } from './async-context.js';
import type { Guard, Operation, ParkedCall } from './policy.js';

/** A wait for a turn: what has to be known when it comes. */
export class Parking {
  readonly operation: Operation<unknown>;
  /** The place of the guard that makes the call wait. */
  readonly place: number;
  readonly scope: AsyncScope | undefined = captureScope();
  ticket: unknown = undefined;
  /** Whether the guard has handed out its ticket. */
  queued = false;
  /** Whether the call was given up before that. */
  forsaken = false;

  constructor(operation: Operation<unknown>, place: number) {
    this.operation = operation;
    this.place = place;
  }
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
