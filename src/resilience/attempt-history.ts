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
 * operation ran only once, and for what nothing can be attached to: frozen errors and primitives.
 */
export function attemptsOf(error: unknown): readonly AttemptRecord[] {
  if (typeof error !== 'object' || error === null) return [];
  try {
    return (error as { readonly [HISTORY]?: readonly AttemptRecord[] })[HISTORY] ?? [];
  } catch {
    // One that throws when asked says nothing.
    return [];
  }
}

/** Attaches the attempts to an error; nobody sees them who does not ask. */
export function attachAttempts(error: unknown, attempts: readonly AttemptRecord[]): void {
  if (typeof error !== 'object' || error === null) return;
  try {
    Reflect.defineProperty(error, HISTORY, { value: attempts, configurable: true });
  } catch {
    // A proxy may refuse by a throw, which must not take the place of the error.
  }
}
