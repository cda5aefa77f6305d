import type { CircuitRules } from '../core/circuit-rules.js';
import type { CircuitCounts } from '../core/trip-rule.js';
import type { Clock } from '../kernel/clock.js';
import type { Context } from '../kernel/context.js';
import { checkKeys, checkNumber, checkOneOf, type NumberRule, refuse } from '../kernel/options.js';
import type { Outcome, Verdict } from '../kernel/outcome.js';
import type { Random } from '../kernel/random.js';

/**
 * The outcomes that ratios are taken of: the last so many, or those of the last so many ms in equal buckets.
 */
export type CircuitWindow = { readonly calls: number } | { readonly ms: number; readonly buckets?: number };

/** Breaks that grow while probes fail: `initialMs`, times `factor` for each further one, at most `maxMs`. */
export interface BreakBackoff {
  /** Above 0. */
  readonly initialMs: number;
  /** At least 1. @default 2 */
  readonly factor?: number;
  /** At least `initialMs`. @default 300_000, or `initialMs` if that is more */
  readonly maxMs?: number;
  /**
   * Which part of a break, at its end, is left to chance: processes shall not probe together.
   * @default 0.2
   */
  readonly jitterRatio?: number;
}

/**
 * Several rules may be given; the first that holds trips. They are tested when a failure or slow call is
 * known.
 */
export interface CircuitBreakerOptions {
  /** Shown in errors, events and `describe()`. @default 'circuit-breaker' */
  readonly name?: string;
  /** Trips at so many failures in a row; without limit of time. */
  readonly consecutiveFailures?: number;
  /**
   * Trips when failures / calls in the window reach it; above 0, at most 1.
   * @default 0.5 unless `consecutiveFailures` or `trip` is given
   */
  readonly failureRatio?: number;
  /**
   * Ratios are not looked at below so many calls in the window.
   * @default 20, or the length of a shorter window
   */
  readonly minCalls?: number;
  /** @default { calls: 100 }; a window in ms has 10 buckets */
  readonly window?: CircuitWindow;
  /**
   * A call that takes longer is slow, and counts from that moment on, before it settles. In ms, above 0.
   * @default calls are not timed
   */
  readonly slowMs?: number;
  /**
   * Trips when slow calls / calls reach it; above 0, at most 1.
   * @default 0.5 when `slowMs` is given without `trip`
   */
  readonly slowRatio?: number;
  /** A rule of your own: trips when it returns true. If it throws, that is reported and means false. */
  readonly trip?: (counts: CircuitCounts) => boolean;
  /** How long a break lasts, in ms. @default 10_000 */
  readonly openMs?: number | BreakBackoff;
  /**
   * The break that a failed outcome asks for, in ms, should it be the one that trips.
   * @default the `retryAfterMs` of what was thrown
   */
  readonly retryAfterMs?: (outcome: Outcome) => number | undefined;
  /** No answer makes a break longer than this, in ms; 0 to ask no answer. @default 300_000 */
  readonly maxRetryAfterMs?: number;
  /** So many calls are let through after a break to see how the remote is; others are rejected. @default 3 */
  readonly probes?: number;
  /** So many of them must succeed. @default more than half of `probes` */
  readonly probesToClose?: number;
  /**
   * A probe that is not back by then says nothing, and its place goes to the next call. In ms, above 0.
   * @default 30_000
   */
  readonly probeLeaseMs?: number;
  /** `observe` goes through all states but rejects no call; `disabled` counts none. @default 'enforce' */
  readonly mode?: 'enforce' | 'observe' | 'disabled';
  /**
   * Judges outcomes, returned values too; `undefined` leaves one to the default.
   * @default what is thrown is a failure, except rejections by policies and what the caller gave up
   */
  readonly classify?: (outcome: Outcome, context: Context) => Verdict | 'slow' | undefined;
  /** @default systemClock */
  readonly clock?: Clock;
  /** @default systemRandom */
  readonly random?: Random;
}

/** What stands where an option was left out. */
export const defaults = /* @__PURE__ */ Object.freeze({
  name: 'circuit-breaker',
  failureRatio: 0.5,
  minCalls: 20,
  windowCalls: 100,
  buckets: 10,
  slowRatio: 0.5,
  openMs: 10_000,
  openFactor: 2,
  jitterRatio: 0.2,
  maxOpenMs: 300_000,
  maxRetryAfterMs: 300_000,
  probes: 3,
  probeLeaseMs: 30_000,
  mode: 'enforce' as const,
});

const owner = 'CircuitBreaker';

const COUNT: NumberRule = { min: 1, max: 1e6, integer: true };
const RATIO: NumberRule = { above: 0, max: 1 };
const SPAN: NumberRule = { above: 0 };

type NumberRules = Readonly<Record<string, NumberRule>>;

const numbers: NumberRules = {
  consecutiveFailures: COUNT,
  failureRatio: RATIO,
  minCalls: COUNT,
  slowMs: SPAN,
  slowRatio: RATIO,
  maxRetryAfterMs: { min: 0 },
  probes: COUNT,
  probesToClose: COUNT,
  probeLeaseMs: SPAN,
};
const functions = ['trip', 'retryAfterMs', 'classify', 'random'];
const windowNumbers: NumberRules = { calls: COUNT, ms: SPAN, buckets: { min: 1, max: 1000, integer: true } };
const backoffNumbers: NumberRules = {
  initialMs: SPAN,
  factor: { min: 1 },
  maxMs: SPAN,
  jitterRatio: { min: 0, max: 1 },
};

/** Checks all numbers of an object, and that it holds nothing but them and `others`. */
function checkNumbers(options: object, rules: NumberRules, others: readonly string[], path = ''): void {
  checkKeys(path === '' ? owner : `${owner} \`${path}\``, options, [...Object.keys(rules), ...others]);
  for (const [name, rule] of Object.entries(rules)) {
    const value = (options as Record<string, unknown>)[name];
    if (value !== undefined) checkNumber(owner, path === '' ? name : `${path}.${name}`, value, rule);
  }
}

function windowRules(window: CircuitWindow = { calls: defaults.windowCalls }) {
  const known: { calls?: number; ms?: number; buckets?: number } = Object(window);
  if (known === window) checkNumbers(window, windowNumbers, [], 'window');
  const { calls = 0, ms = 0, buckets = defaults.buckets } = known;
  if (calls > 0 === ms > 0) refuse(owner, 'window', '{ calls } or { ms, buckets }', window);
  return { windowCalls: calls, windowMs: ms, buckets };
}

function openRules(open: number | BreakBackoff = defaults.openMs) {
  if (typeof open !== 'object' || open === null) {
    const openMs = checkNumber(owner, 'openMs', open, SPAN);
    return { openMs, openFactor: 1, maxOpenMs: openMs, jitterRatio: 0 };
  }
  checkNumbers(open, backoffNumbers, [], 'openMs');
  const openMs = checkNumber(owner, 'openMs.initialMs', open.initialMs, SPAN);
  const { factor = defaults.openFactor, jitterRatio = defaults.jitterRatio } = open;
  const { maxMs = Math.max(openMs, defaults.maxOpenMs) } = open;
  checkNumber(owner, 'openMs.maxMs', maxMs, { min: openMs });
  return { openMs, openFactor: factor, maxOpenMs: maxMs, jitterRatio };
}

/** A rule of the user's that throws must not cost a call its permit. */
function guarded(trip: (counts: CircuitCounts) => boolean): (counts: CircuitCounts) => boolean {
  return counts => {
    try {
      return trip(counts) === true;
    } catch (error) {
      console.error('keelson: `trip` of a circuit breaker failed', error);
      return false;
    }
  };
}

/**
 * Checks the options and fills in what was left out.
 *
 * @throws TypeError or RangeError that names the option, the rule and the value.
 */
export function circuitRules(options: CircuitBreakerOptions): CircuitRules {
  checkNumbers(options, numbers, ['name', 'window', 'openMs', 'mode', 'clock', ...functions]);
  for (const name of functions) {
    const value = (options as Record<string, unknown>)[name];
    if (value !== undefined && typeof value !== 'function') refuse(owner, name, 'a function', value);
  }
  const { consecutiveFailures = Infinity, slowMs = Infinity, trip, mode = defaults.mode } = options;
  const chosen = consecutiveFailures < Infinity || trip !== undefined;
  const timed = slowMs < Infinity && trip === undefined;
  const { failureRatio = chosen ? Infinity : defaults.failureRatio } = options;
  const { slowRatio = timed ? defaults.slowRatio : Infinity } = options;
  const window = windowRules(options.window);
  const most = window.windowCalls || Infinity;
  const { minCalls = Math.min(most, defaults.minCalls), probes = defaults.probes } = options;
  const { probesToClose = Math.floor(probes / 2) + 1, probeLeaseMs = defaults.probeLeaseMs } = options;
  const { maxRetryAfterMs = defaults.maxRetryAfterMs } = options;
  checkOneOf(owner, 'mode', mode, ['enforce', 'observe', 'disabled']);
  checkNumber(owner, 'minCalls', minCalls, { max: most });
  checkNumber(owner, 'probesToClose', probesToClose, { max: probes });
  const windowless = failureRatio === Infinity && slowRatio === Infinity && trip === undefined;
  return shared({
    mode,
    consecutiveFailures,
    failureRatio,
    slowRatio,
    minCalls,
    trip: trip && guarded(trip),
    ...window,
    ...(windowless && { windowCalls: 0, windowMs: 0 }),
    slowMs,
    ...openRules(options.openMs),
    maxRetryAfterMs,
    probes,
    probesToClose,
    probeLeaseMs,
  });
}

let latest: CircuitRules | undefined;

/** Breakers come by the thousand, one for each key, out of the same literal: their rules are one object. */
function shared(rules: CircuitRules): CircuitRules {
  const names = Object.keys(rules) as (keyof CircuitRules)[];
  if (names.some(name => rules[name] !== latest?.[name])) latest = Object.freeze(rules);
  return latest!;
}
