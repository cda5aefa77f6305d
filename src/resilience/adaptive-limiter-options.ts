import type { LimitAlgorithm } from '../core/concurrency-limit.js';
import type { Partition } from '../core/limit-admission.js';
import { AimdLimit } from '../core/limit-aimd.js';
import { Gradient2Limit } from '../core/limit-gradient2.js';
import { KneeLimit } from '../core/limit-knee.js';
import { VegasLimit } from '../core/limit-vegas.js';
import type { Clock } from '../kernel/clock.js';
import type { Context } from '../kernel/context.js';
import {
  checkKeys,
  checkNumber,
  checkOneOf,
  given,
  isRecord,
  type NumberRule,
  refuse,
} from '../kernel/options.js';
import type { Classify, Outcome } from '../kernel/outcome.js';

/** What sets the limit of an `AdaptiveLimiter`. */
export type AdaptiveAlgorithm = 'knee' | 'aimd' | 'vegas' | 'gradient2';

/** How an `AdaptiveLimiter` is made. */
export interface AdaptiveLimiterOptions {
  /**
   * What sets the limit: where the queue at the remote begins, by experiment; by drops alone; by an estimate
   * of the queue; by the latency of now against that of long.
   * @default 'knee'
   */
  readonly algorithm?: AdaptiveAlgorithm;
  /** The limit to begin with; brought between the next two where it was left out. @default 20 */
  readonly initialLimit?: number;
  /** The limit is never lower; an integer >= 1. @default 1 */
  readonly minLimit?: number;
  /** The limit is never higher; an integer, at least `minLimit`. @default 1_000 */
  readonly maxLimit?: number;
  /** The limit is judged after so many ms at the earliest. @default 1_000 */
  readonly windowMs?: number;
  /** And after so many calls, or two for each one in flight if that is more. @default 100 */
  readonly windowSamples?: number;
  /** Each priority below 0 is let in up to that part of the limit less, down to half of it. @default 0.1 */
  readonly shedRatio?: number;
  /** Names of parts of the callers, with the share of the limit that each is sure of. @default none */
  readonly partitions?: Readonly<Record<string, number>>;
  /** Tells which of `partitions` a call belongs to. @default the `key` of the call */
  readonly partitionOf?: (context: Context) => string | undefined;
  /** Tells whether a failure is a sign of overload. @default timeouts */
  readonly overload?: (outcome: Outcome, context: Context) => boolean;
  /**
   * Judges outcomes: success and slow give a sample, neutral none, failure one if it is `overload`.
   * @default what is thrown is a failure, except rejections by policies and what the caller gave up
   */
  readonly classify?: Classify;
  /**
   * When the event loop was blocked for longer than so many ms, calls that were in flight give no sample,
   * unless they took ten times as long; `Infinity`: it is not watched.
   * @default 20
   */
  readonly maxLagMs?: number;
  /** Shown in errors, events and `describe()`. @default 'adaptive-limiter' */
  readonly name?: string;
  /** The source of time. @default systemClock */
  readonly clock?: Clock;
}

/** What stands where an option was left out. */
export const adaptiveDefaults: Required<
  Omit<AdaptiveLimiterOptions, 'partitions' | 'partitionOf' | 'overload' | 'classify' | 'clock'>
> = /* @__PURE__ */ Object.freeze({
  algorithm: 'knee',
  initialLimit: 20,
  minLimit: 1,
  maxLimit: 1_000,
  windowMs: 1_000,
  windowSamples: 100,
  shedRatio: 0.1,
  maxLagMs: 20,
  name: 'adaptive-limiter',
});
const owner = 'AdaptiveLimiter';
const known = [
  ...['algorithm', 'initialLimit', 'minLimit', 'maxLimit', 'windowMs', 'windowSamples', 'shedRatio'],
  ...['partitions', 'partitionOf', 'overload', 'classify', 'maxLagMs', 'name', 'clock'],
];
/** So many partitions at most: each has counters of its own. */
const MOST_PARTITIONS = 100;

/** The options of numbers, checked, with what stands for those that were left out. */
export type AdaptiveRules = Omit<typeof adaptiveDefaults, 'name'>;

const LIMIT: NumberRule = { min: 1, max: 1e6, integer: true };

/** @throws TypeError or RangeError that names the option, the rule and the value. */
export function checkAdaptive(options: AdaptiveLimiterOptions): AdaptiveRules {
  checkKeys(owner, options, known);
  for (const name of ['partitionOf', 'overload', 'classify'] as const) {
    const value = options[name];
    if (value !== undefined && typeof value !== 'function') refuse(owner, name, 'a function', value);
  }
  const said = given(options);
  const all = { ...adaptiveDefaults, ...said };
  if (typeof all.name !== 'string') refuse(owner, 'name', 'a string', all.name);
  const minLimit = checkNumber(owner, 'minLimit', all.minLimit, LIMIT);
  // What was said counts, and be it null: only then is it refused.
  const highest = 'maxLimit' in said ? said.maxLimit : Math.max(minLimit, adaptiveDefaults.maxLimit);
  const maxLimit = checkNumber(owner, 'maxLimit', highest, { ...LIMIT, min: minLimit });
  const nearest = Math.min(Math.max(adaptiveDefaults.initialLimit, minLimit), maxLimit);
  const initial = 'initialLimit' in said ? said.initialLimit : nearest;
  const between = { ...LIMIT, min: minLimit, max: maxLimit };
  return {
    algorithm: checkOneOf(owner, 'algorithm', all.algorithm, ['knee', 'aimd', 'vegas', 'gradient2']),
    initialLimit: checkNumber(owner, 'initialLimit', initial, between),
    minLimit,
    maxLimit,
    windowMs: checkNumber(owner, 'windowMs', all.windowMs, { above: 0, max: 3_600_000 }),
    windowSamples: checkNumber(owner, 'windowSamples', all.windowSamples, { ...LIMIT, min: 2 }),
    shedRatio: checkNumber(owner, 'shedRatio', all.shedRatio, { min: 0, max: 1 }),
    maxLagMs: checkNumber(owner, 'maxLagMs', all.maxLagMs, { above: 0, infinity: true }),
  };
}

/** @throws TypeError or RangeError that names the partition. */
export function checkPartitions(
  partitions: AdaptiveLimiterOptions['partitions'],
): ReadonlyMap<string, Partition> | undefined {
  if (partitions === undefined) return undefined;
  if (!isRecord(partitions) || Symbol.iterator in partitions) {
    refuse(owner, 'partitions', 'an object', partitions);
  }
  const made = new Map<string, Partition>();
  for (const [name, share] of Object.entries(partitions)) {
    checkNumber(owner, `partitions.${name}`, share, { min: 0, max: 1 });
    made.set(name, { name, share, taken: 0 });
  }
  if (made.size > MOST_PARTITIONS) {
    refuse(owner, 'partitions', `of at most ${MOST_PARTITIONS} names`, partitions);
  }
  const sum = [...made.values()].reduce((total, { share }) => total + share, 0);
  // Ten tenths add up to more than 1 in binary.
  if (sum > 1 + 1e-9) refuse(owner, 'partitions', 'shares that add up to at most 1', sum);
  return made;
}

export function algorithmOf(rules: AdaptiveRules): LimitAlgorithm {
  switch (rules.algorithm) {
    case 'knee':
      return new KneeLimit(rules.initialLimit, rules);
    case 'aimd':
      return new AimdLimit(rules.initialLimit, rules);
    case 'vegas':
      return new VegasLimit(rules.initialLimit, rules);
    case 'gradient2':
      return new Gradient2Limit(rules.initialLimit, rules);
  }
}
