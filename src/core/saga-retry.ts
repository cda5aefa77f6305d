import { type Backoff, backoffMs } from './backoff.js';

/** How often a step is tried, and how long. */
export interface SagaRetryRules {
  /** Attempts in one direction, the first included; >= 1, or Infinity. */
  readonly attempts: number;
  /** No attempt begins later than this after the first that ended badly, in ms. */
  readonly maxElapsedMs: number;
  /** How long to wait between two of them. */
  readonly backoff: Backoff;
}

/**
 * When a step is to be tried again of which `attempts` attempts have ended badly, the first at `firstAt` and
 * the last at `now`; `undefined` for never. `random` is in `[0, 1)`.
 *
 * With decorrelated jitter each delay grows from the shortest: the one before it is not written down.
 */
export function nextAttemptAt(
  rules: SagaRetryRules,
  attempts: number,
  firstAt: number,
  now: number,
  random: number,
): number | undefined {
  if (attempts >= rules.attempts) return undefined;
  const dueAt = now + Math.round(backoffMs(rules.backoff, attempts, 0, random));
  return dueAt - firstAt > rules.maxElapsedMs ? undefined : dueAt;
}
