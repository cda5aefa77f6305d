import { isRejected } from './errors.js';

/** One attempt of a call that had to be repeated. */
export interface AttemptRecord {
  /** From 1. */
  readonly attempt: number;
  /** What it threw; `undefined` when it answered, and the answer counted as a failure. */
  readonly error: unknown;
  /** How long the call then waited, in ms; `undefined` after the last attempt. */
  readonly delayMs: number | undefined;
}

/** Older attempts are forgotten. */
export const HISTORY_LENGTH = 16;

/** Registered, so that two copies of the package understand each other. */
const HISTORY = /* @__PURE__ */ Symbol.for('keelson.attempts');

/**
 * The latest attempts, 16 at most, of the call that gave up with this error, oldest first. Empty when the
 * operation ran only once, and for what nothing is attached to: frozen errors, functions and primitives.
 */
export function attemptsOf(error: unknown): readonly AttemptRecord[] {
  try {
    return (error as { readonly [HISTORY]?: readonly AttemptRecord[] })[HISTORY] ?? [];
  } catch {
    // `null`, and one that throws when asked, say nothing.
    return [];
  }
}

/**
 * Attaches the attempts to an error; nobody sees them who does not ask. `ran`: whether the operation ran at
 * one of them. Then a refusal of the last one does not say of the call that it never ran.
 */
export function attachAttempts(error: unknown, attempts: readonly AttemptRecord[], ran: boolean): void {
  // A function that is thrown may be anybody's: nothing is hung on it.
  if (typeof error !== 'object') return;
  try {
    Reflect.defineProperty(error!, HISTORY, { value: attempts, configurable: true });
    if (ran && isRejected(error)) {
      Reflect.defineProperty(error, 'rejected', { value: false, configurable: true });
    }
  } catch {
    // `null` takes none, and a proxy may refuse: that must not take the place of the error.
  }
}
