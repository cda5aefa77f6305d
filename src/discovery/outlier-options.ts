import type { OutlierReason, OutlierRules, OutlierState } from '../core/outlier.js';
import { type Clock, systemClock } from '../kernel/clock.js';
import { checkKeys, checkNumber, given, refuse } from '../kernel/options.js';

/** What ejects and readmits instances: a `Balancer` does. */
export interface OutlierTarget {
  /** Gives an instance nothing. */
  eject(id: string): unknown;
  /** Gives it calls again. */
  readmit(id: string): unknown;
}

/** How outliers are detected. */
export interface OutlierDetectorOptions {
  /** What ejects and readmits. @default nobody, for who only listens */
  readonly target?: OutlierTarget;
  /** Ejects after so many failures in a row; an integer >= 1, `Infinity` for never. @default 5 */
  readonly consecutiveFailures?: number;
  /**
   * Ejects, at the end of an interval, whose success rate is so many standard deviations below the mean;
   * `Infinity` for never.
   * @default 1.9
   */
  readonly deviations?: number;
  /**
   * Ejects, at the end of an interval, of whom so large a part failed, 0..1; `Infinity` for never.
   * @default 0.85
   */
  readonly failureRatio?: number;
  /** How many instances must have had `minRequests`, for any to be compared; an integer >= 1. @default 5 */
  readonly minHosts?: number;
  /** How many requests of an interval are enough to be compared; an integer >= 1. @default 100 */
  readonly minRequests?: number;
  /** How often instances are compared, in ms. @default 10_000 */
  readonly intervalMs?: number;
  /** How long the first ejection takes, in ms; the second twice as long, and so on. @default 30_000 */
  readonly baseEjectionMs?: number;
  /** How long any ejection takes at most, in ms; at least `baseEjectionMs`. @default 300_000 */
  readonly maxEjectionMs?: number;
  /** The part of the instances that may be ejected at a time, 0..1. @default 0.5 */
  readonly maxEjectedRatio?: number;
  /** Shown in events and `describe()`. @default 'outliers' */
  readonly name?: string;
  /** The source of time. @default systemClock */
  readonly clock?: Clock;
}

/** What can be listened to by `on`; `at` is the wall clock, in ms since the epoch. */
export interface OutlierDetectorEvents {
  /** An instance is given nothing for `forMs`, the `times`th time of late. */
  ejected: {
    readonly detector: string;
    readonly at: number;
    readonly id: string;
    readonly because: OutlierReason;
    readonly forMs: number;
    readonly times: number;
  };
  /** An instance is given calls again, after `afterMs`. */
  readmitted: {
    readonly detector: string;
    readonly at: number;
    readonly id: string;
    readonly afterMs: number;
  };
  /** An instance should have been ejected, but as many are as may be. */
  spared: {
    readonly detector: string;
    readonly at: number;
    readonly id: string;
    readonly because: OutlierReason;
  };
}

/** What a detector is like at a moment. */
export interface OutlierDetectorSnapshot {
  /** Its option of that name. */
  readonly name: string;
  /** How many are ejected now. */
  readonly ejected: number;
  /** All instances. */
  readonly instances: readonly OutlierState[];
}

export const outlierDefaults: {
  readonly consecutiveFailures: number;
  readonly deviations: number;
  readonly failureRatio: number;
  readonly minHosts: number;
  readonly minRequests: number;
  readonly intervalMs: number;
  readonly baseEjectionMs: number;
  readonly maxEjectionMs: number;
  readonly maxEjectedRatio: number;
  readonly name: string;
} = /* @__PURE__ */ Object.freeze({
  consecutiveFailures: 5,
  deviations: 1.9,
  failureRatio: 0.85,
  minHosts: 5,
  minRequests: 100,
  intervalMs: 10_000,
  baseEjectionMs: 30_000,
  maxEjectionMs: 300_000,
  maxEjectedRatio: 0.5,
  name: 'outliers',
});

const owner = 'OutlierDetector';
const known = [
  ...['target', 'consecutiveFailures', 'deviations', 'failureRatio', 'minHosts', 'minRequests', 'intervalMs'],
  ...['baseEjectionMs', 'maxEjectionMs', 'maxEjectedRatio', 'name', 'clock'],
];

/** The checked options. */
export interface OutlierPlan {
  readonly rules: OutlierRules;
  readonly target: OutlierTarget | undefined;
  readonly name: string;
  readonly clock: Clock;
}

/** @throws TypeError or RangeError that names the option, the rule and the value. */
export function checkOutliers(options: OutlierDetectorOptions): OutlierPlan {
  checkKeys(owner, options, known);
  const all = { ...outlierDefaults, ...given(options) };
  const { target, clock = systemClock } = options;
  if (target !== undefined && [target?.eject, target?.readmit].some(verb => typeof verb !== 'function')) {
    refuse(owner, 'target', 'a Balancer, or what has its `eject` and `readmit`', target);
  }
  const count = { min: 1, integer: true };
  checkNumber(owner, 'consecutiveFailures', all.consecutiveFailures, { ...count, infinity: true });
  checkNumber(owner, 'deviations', all.deviations, { above: 0, infinity: true });
  checkNumber(owner, 'failureRatio', all.failureRatio, { above: 0, max: 1, infinity: true });
  checkNumber(owner, 'minHosts', all.minHosts, count);
  checkNumber(owner, 'minRequests', all.minRequests, count);
  checkNumber(owner, 'intervalMs', all.intervalMs, { above: 0 });
  checkNumber(owner, 'baseEjectionMs', all.baseEjectionMs, { above: 0 });
  checkNumber(owner, 'maxEjectionMs', all.maxEjectionMs, { min: all.baseEjectionMs });
  checkNumber(owner, 'maxEjectedRatio', all.maxEjectedRatio, { min: 0, max: 1 });
  const { minHosts, minRequests, ...rules } = all;
  return { rules: { ...rules, comparison: { minHosts, minRequests } }, target, name: all.name, clock };
}
