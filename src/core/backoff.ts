/**
 * Backoff: how long to wait before the next attempt.
 *
 * A schedule is data and a delay is a pure function of it, so nothing is shared between two calls that use
 * one policy. The jitters are those of Marc Brooker, "Exponential Backoff And Jitter" (AWS Architecture Blog,
 * 2015).
 */

/** How chance spreads a delay `v`: not at all, over `[0, v)`, or over `[v/2, v]`. */
export type Jitter = 'none' | 'full' | 'equal';

/** The same delay each time. */
export interface ConstantBackoff {
  /** Tells the schedules apart. */
  readonly kind: 'constant';
  /** Milliseconds. */
  readonly delayMs: number;
  /** How chance spreads the delays. @default 'none' */
  readonly jitter?: Jitter;
}

/** `initialMs`, then `stepMs` more each time. */
export interface LinearBackoff {
  /** Tells the schedules apart. */
  readonly kind: 'linear';
  /** Milliseconds before the first retry. */
  readonly initialMs: number;
  /** Milliseconds added each time. @default initialMs */
  readonly stepMs?: number;
  /** The longest delay before jitter, in milliseconds. @default 30_000, or `initialMs` where that is more */
  readonly maxMs?: number;
  /** How chance spreads the delays. @default 'full' */
  readonly jitter?: Jitter;
}

/** `initialMs`, then `factor` times as long each time. */
export interface ExponentialBackoff {
  /** Tells the schedules apart. */
  readonly kind: 'exponential';
  /** Milliseconds before the first retry. */
  readonly initialMs: number;
  /** At least 1. @default 2 */
  readonly factor?: number;
  /** The longest delay before jitter, in milliseconds. @default 30_000, or `initialMs` where that is more */
  readonly maxMs?: number;
  /** How chance spreads the delays. @default 'full' */
  readonly jitter?: Jitter;
}

/**
 * Anything from `initialMs` to three times the delay before, which grows by chance alone: there is no factor.
 */
export interface DecorrelatedBackoff {
  /** Tells the schedules apart. */
  readonly kind: 'exponential';
  /** Tells it from growth by a factor. */
  readonly jitter: 'decorrelated';
  /** The shortest delay, in milliseconds. */
  readonly initialMs: number;
  /** There is none: chance is the growth. */
  readonly factor?: never;
  /** The longest delay, in milliseconds. @default 30_000, or `initialMs` where that is more */
  readonly maxMs?: number;
}

/** A schedule of delays, as data. */
export type Backoff = ConstantBackoff | LinearBackoff | ExponentialBackoff | DecorrelatedBackoff;

/** Delays are capped at this where the schedule names no `maxMs`. */
export const DEFAULT_MAX_BACKOFF_MS = 30_000;

/**
 * The delay after attempt `attempt` (from 1) failed, in milliseconds; finite for every attempt a counter can
 * hold. `previousMs` is the delay before it, 0 when there was none; `random` is a number in `[0, 1)`. The cap
 * is applied before the jitter, so that delays at the cap still spread; for decorrelated jitter, where the
 * jitter is the growth, it is applied last.
 */
export function backoffMs(backoff: Backoff, attempt: number, previousMs: number, random: number): number {
  if (backoff.jitter === 'decorrelated') return decorrelated(backoff, previousMs, random);
  const delayMs = unjittered(backoff, attempt);
  switch (backoff.jitter ?? (backoff.kind === 'constant' ? 'none' : 'full')) {
    case 'none':
      return delayMs;
    case 'full':
      return random * delayMs;
    case 'equal':
      return delayMs / 2 + random * (delayMs / 2);
  }
}

/** The longest delay that the schedule can give, in milliseconds. */
export function longestBackoffMs(backoff: Backoff): number {
  if (backoff.kind === 'constant') return backoff.delayMs;
  return backoff.maxMs ?? Math.max(DEFAULT_MAX_BACKOFF_MS, backoff.initialMs);
}

function unjittered(backoff: Exclude<Backoff, DecorrelatedBackoff>, attempt: number): number {
  if (backoff.kind === 'constant') return backoff.delayMs;
  // Zero times an overflowed power would be NaN; zero stays zero.
  if (backoff.initialMs === 0 && backoff.kind === 'exponential') return 0;
  const grown =
    backoff.kind === 'linear'
      ? backoff.initialMs + (backoff.stepMs ?? backoff.initialMs) * (attempt - 1)
      : backoff.initialMs * (backoff.factor ?? 2) ** (attempt - 1);
  return Math.min(grown, longestBackoffMs(backoff));
}

function decorrelated(backoff: DecorrelatedBackoff, previousMs: number, random: number): number {
  const shortest = backoff.initialMs;
  // The first delay behaves as if the shortest had come before it.
  const widest = 3 * Math.max(previousMs, shortest);
  return Math.min(shortest + random * (widest - shortest), longestBackoffMs(backoff));
}
