import type { Guard, Policy } from './policy.js';

/** Whether something admits calls and learns how they ended. */
export function isGuard(part: unknown): part is Guard {
  const guard = part as Partial<Guard> | null | undefined;
  return typeof guard?.enter === 'function' && typeof guard.exit === 'function';
}

/** Whether something runs operations. */
export function isPolicy(part: unknown): boolean {
  return typeof (part as Partial<Policy> | null | undefined)?.execute === 'function';
}

/** What a part may know of itself: see the keyed policies. */
export interface Resting {
  /**
   * Whether forgetting all that it has learned would change nothing: no call is in flight or waits, and
   * nothing has happened lately that its next decision hangs on.
   */
  readonly atRest?: boolean;
}

/** What a part may say of whose answers it gives. */
export interface Sharing {
  /** Whether callers may be handed the answer to the call of another, and so the same object. */
  readonly sharesAnswers?: boolean;
}

/** What a guard may say that stands in front of others. */
export interface Fronting {
  /** Whether it was `guard` that let in whoever holds `permit`, which this one gave. */
  readonly granted?: (permit: unknown, guard: object) => boolean;
}

/** Whether `permit` of `front` is one of `guard`: its own, or one of a guard behind it. */
export function isGrantedBy(front: object, permit: unknown, guard: object): boolean {
  return front === guard || (front as Fronting).granted?.(permit, guard) === true;
}

/** Whether a part says that it shares answers. */
export function sharesAnswers(part: unknown): boolean {
  return (part as Sharing).sharesAnswers === true;
}

/** Whether a part says nothing against being forgotten. */
export function isAtRest(part: unknown): boolean {
  return (part as Resting).atRest !== false;
}
