import type { Clock } from '../kernel/clock.js';
import type { OptionChanges } from '../kernel/live-options.js';
import { checkFlag, checkKeys, checkNumber, refuse } from '../kernel/options.js';
import type { Classify, Verdict } from '../kernel/outcome.js';
import type { MeterSlice } from './meter-slices.js';

/** How a `Meter` is made. */
export interface MeterOptions {
  /** Whether it measures. @default true */
  readonly enabled?: boolean;
  /** A success that took longer is `slow`; `Infinity` for none. @default Infinity */
  readonly slowMs?: number;
  /** The span that one slice of the history stands for, in ms. @default 1000 */
  readonly sliceMs?: number;
  /** How many slices are kept. @default 300 */
  readonly slices?: number;
  /** Judges how a call ended. @default errors are failures, but rejections and what its caller gave up */
  readonly classify?: Classify;
  /** Shown in metrics and `describe()`. @default 'meter' */
  readonly name?: string;
  /** The source of time. @default systemClock */
  readonly clock?: Clock;
}

/** What can be changed while it works. */
export type MeterUpdate = Pick<MeterOptions, 'enabled' | 'slowMs'>;

/** What a meter tells. */
export interface MeterEvents {
  /** Options were changed by `update`. `at` is epoch time. */
  updated: { readonly policy: string; readonly changes: OptionChanges; readonly at: number };
}

/** A call that ended. */
export interface MeteredCall {
  /** How it ended; `rejected` when a policy inside never let it run. */
  readonly outcome: Verdict | 'rejected';
  /** From its start to its end, in ms. */
  readonly tookMs: number;
  /** What was thrown; `undefined` for a call that answered. */
  readonly error: unknown;
}

/** What a meter has measured. */
export interface MeterSnapshot {
  /** That of the meter. */
  readonly name: string;
  /** Whether it measures. */
  readonly enabled: boolean;
  /** The measured calls that have no answer yet. */
  readonly running: number;
  /** The measured calls that ended: the sum of all outcomes and rejections. */
  readonly calls: number;
  /** How many ended how; rejected ones are in none of these. */
  readonly outcomes: Readonly<Record<Verdict, number>>;
  /** By the code of the error; beyond fifty codes by `other`. */
  readonly rejected: Readonly<Record<string, number>>;
  /**
   * Half took no longer: of all calls but neutral and rejected ones, since it was made; 0 without any, here
   * and below.
   */
  readonly p50Ms: number;
  /** Nine in ten took no longer. */
  readonly p90Ms: number;
  /** All but one in twenty took no longer. */
  readonly p95Ms: number;
  /** All but one in a hundred took no longer. */
  readonly p99Ms: number;
  /** The longest took so long. */
  readonly maxMs: number;
  /** The last minutes, the present slice last. */
  readonly slices: readonly MeterSlice[];
}

/** How a meter was made. */
export interface MeterDescription {
  /** Which policy this is. */
  readonly kind: 'meter';
  /** That of the meter. */
  readonly name: string;
  /** Whether it measures. */
  readonly enabled: boolean;
  /** `null` for none. */
  readonly slowMs: number | null;
  /** The span of a slice, in ms. */
  readonly sliceMs: number;
  /** How many slices are kept. */
  readonly slices: number;
}

/** What stands where an option was left out. */
export interface MeterDefaults {
  /** It measures. */
  readonly enabled: true;
  /** No success is slow. */
  readonly slowMs: number;
  /** The span of a slice, in ms. */
  readonly sliceMs: number;
  /** How many slices are kept. */
  readonly slices: number;
  /** The name in metrics. */
  readonly name: string;
}

export const meterDefaults: MeterDefaults = /* @__PURE__ */ Object.freeze({
  enabled: true,
  slowMs: Infinity,
  sliceMs: 1000,
  slices: 300,
  name: 'meter',
});
const known = ['enabled', 'slowMs', 'sliceMs', 'slices', 'classify', 'name', 'clock'];

/** What may change. */
export function checkMeterUpdate(options: MeterUpdate): Required<MeterUpdate> {
  const { enabled = meterDefaults.enabled, slowMs = meterDefaults.slowMs } = options;
  return {
    enabled: checkFlag('Meter', 'enabled', enabled),
    slowMs: checkNumber('Meter', 'slowMs', slowMs, { above: 0, infinity: true }),
  };
}

/** What does not. */
export function checkMeter(options: MeterOptions): { readonly sliceMs: number; readonly slices: number } {
  checkKeys('Meter', options, known);
  const { sliceMs = meterDefaults.sliceMs, slices = meterDefaults.slices, classify } = options;
  if (classify !== undefined && typeof classify !== 'function') {
    refuse('Meter', 'classify', 'a function', classify);
  }
  return {
    sliceMs: checkNumber('Meter', 'sliceMs', sliceMs, { min: 1 }),
    slices: checkNumber('Meter', 'slices', slices, { min: 1, max: 10_000, integer: true }),
  };
}
