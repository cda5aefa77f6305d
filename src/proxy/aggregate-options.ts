import { type Clock, systemClock } from '../kernel/clock.js';
import { checkKeys, checkNumber, given, isRecord, isUnsafeName, refuse } from '../kernel/options.js';
import type { MissingPart } from './missing-reason.js';

/** How an aggregate is set up. */
export interface AggregateOptions {
  /**
   * How long all parts together may take, in ms; a deadline of the caller that comes sooner is kept.
   * @default 10_000
   */
  readonly timeoutMs?: number;
  /**
   * What is kept back of a deadline of the caller, in ms, so that a partial answer reaches it in time.
   * @default 0
   */
  readonly reserveMs?: number;
  /** How many parts of one answer run at a time; 1 to 10 000. @default 16 */
  readonly concurrency?: number;
  /** Shown in errors, events and `describe()`. @default 'aggregate' */
  readonly name?: string;
  /** The source of time. @default systemClock */
  readonly clock?: Clock;
}

/** What can be listened to by `on`; `at` is the wall clock, in ms since the epoch. */
export interface AggregateEvents {
  /** An answer was given in which parts are missing. */
  partial: { readonly policy: string; readonly at: number; readonly missing: readonly MissingPart[] };
  /** A part failed without which there is no answer: the whole has failed, and the others were given up. */
  failed: { readonly policy: string; readonly at: number; readonly part: string; readonly error: unknown };
  /** What a part answered after the answer was given could not be let go of. */
  discardFailed: { readonly policy: string; readonly at: number; readonly error: unknown };
}

/** What an aggregate has done so far. */
export interface AggregateSnapshot {
  /** Its option of that name. */
  readonly name: string;
  /** Answers that are being gathered. */
  readonly running: number;
  /** Answers in which all parts were there. */
  readonly complete: number;
  /** Answers in which parts were missing. */
  readonly partial: number;
  /** Calls that got no answer: a part failed, or was not there in time, or the caller gave up. */
  readonly failed: number;
}

/** One part, as `describe()` tells of it. */
export interface PartDescription {
  /** Its name. */
  readonly part: string;
  /** Whether it may be missing. */
  readonly optional: boolean;
  /** The names of those that it needs. */
  readonly needs: readonly string[];
  /** How long it may take by itself; `null` without such a limit. */
  readonly timeoutMs: number | null;
}

/** How an aggregate was made; a span of `Infinity` is null, as in JSON. */
export interface AggregateDescription {
  /** What this is. */
  readonly kind: 'aggregate';
  /** Its option of that name. */
  readonly name: string;
  /** Its option of that name. */
  readonly timeoutMs: number | null;
  /** Its option of that name. */
  readonly reserveMs: number;
  /** Its option of that name. */
  readonly concurrency: number;
  /** The parts, in the order in which they were declared. */
  readonly parts: readonly PartDescription[];
}

export const defaults: {
  readonly timeoutMs: number;
  readonly reserveMs: number;
  readonly concurrency: number;
  readonly name: string;
} = /* @__PURE__ */ Object.freeze({ timeoutMs: 10_000, reserveMs: 0, concurrency: 16, name: 'aggregate' });

const known = ['timeoutMs', 'reserveMs', 'concurrency', 'name', 'clock'];

/** @throws TypeError or RangeError that names the option, the rule and the value. */
export function checkAggregate(options: AggregateOptions): Required<AggregateOptions> {
  checkKeys('aggregate', options, known);
  const all = { clock: systemClock, ...defaults, ...given(options) };
  checkNumber('aggregate', 'timeoutMs', all.timeoutMs, { above: 0, infinity: true });
  checkNumber('aggregate', 'reserveMs', all.reserveMs, { min: 0 });
  checkNumber('aggregate', 'concurrency', all.concurrency, { min: 1, max: 10_000, integer: true });
  return all;
}

/** Checks the names of parts. */
export function checkParts(parts: unknown): void {
  if (!isRecord(parts) || Object.keys(parts).length === 0) {
    refuse('aggregate', 'parts', 'an object with at least one part', parts);
  }
  const unsafe = Object.keys(parts as object).find(isUnsafeName);
  if (unsafe !== undefined) refuse('aggregate', 'parts', 'named otherwise', unsafe);
}
