import type { CircuitRules } from '../core/circuit-rules.js';
import type { CircuitCounts } from '../core/trip-rule.js';
import type { Clock } from '../kernel/clock.js';
import { alike } from '../kernel/live-options.js';
import { checkKeys, checkNumber, checkOneOf, type NumberRule, refuse } from '../kernel/options.js';
import { type Classify, defuse, type Outcome } from '../kernel/outcome.js';
import { type Random, systemRandom } from '../kernel/random.js';

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
  /** What the ratios are taken of. @default { calls: 100 }, and 10 buckets where it is in ms */
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
   * Judges outcomes, returned values too; `undefined` leaves one to the default. If it throws or answers no
   * verdict, that is reported on the console, and the default decides.
   * @default what is thrown is a failure, except rejections by policies and what the caller gave up
   */
  readonly classify?: Classify;
  /** The source of time. @default systemClock */
  readonly clock?: Clock;
  /** The source of chance, for `jitterRatio`. @default systemRandom */
  readonly random?: Random;
}

/** What stands where an option was left out; a part of one stands under its path. */
export const defaults = /* @__PURE__ */ Object.freeze({
  name: 'circuit-breaker',
  failureRatio: 0.5,
  minCalls: 20,
  window: /* @__PURE__ */ Object.freeze({ calls: 100 }),
  'window.buckets': 10,
  slowRatio: 0.5,
  openMs: 10_000,
  'openMs.factor': 2,
  'openMs.maxMs': 300_000,
  'openMs.jitterRatio': 0.2,
  maxRetryAfterMs: 300_000,
  probes: 3,
  probeLeaseMs: 30_000,
  mode: 'enforce',
});

/** What can be changed while it works. */
export type CircuitBreakerUpdate = Partial<Omit<CircuitBreakerOptions, 'name' | 'clock' | 'random'>>;

const owner = 'CircuitBreaker';
/** Those that become rules. */
const ruled = [
  ...(['consecutiveFailures', 'failureRatio', 'minCalls', 'window', 'slowMs', 'slowRatio', 'trip'] as const),
  ...(['openMs', 'maxRetryAfterMs', 'probes', 'probesToClose', 'probeLeaseMs', 'mode'] as const),
] as const;
const known = ['name', ...ruled, 'retryAfterMs', 'classify', 'clock', 'random'];

const COUNT: NumberRule = { min: 1, max: 1e6, integer: true };
const RATIO: NumberRule = { above: 0, max: 1 };
const SPAN: NumberRule = { above: 0 };

function number(option: string, value: number | undefined, rule: NumberRule, otherwise: number): number {
  return value === undefined ? otherwise : checkNumber(owner, option, value, rule);
}

function checkFunctions(options: object, names: readonly string[]): void {
  for (const [name, value] of Object.entries(options)) {
    if (names.includes(name) && typeof value !== 'function' && value !== undefined) {
      refuse(owner, name, 'a function', value);
    }
  }
}

function windowRules(window: CircuitWindow = defaults.window) {
  const { calls, ms, buckets } = Object(window) as { calls?: number; ms?: number; buckets?: number };
  if (Object(window) === window) checkKeys(`${owner}: \`window\``, window, ['calls', 'ms', 'buckets']);
  if ((calls === undefined) === (ms === undefined)) {
    refuse(owner, 'window', '{ calls } or { ms, buckets }', window);
  }
  return {
    windowCalls: number('window.calls', calls, COUNT, 0),
    windowMs: number('window.ms', ms, SPAN, 0),
    buckets: number('window.buckets', buckets, { ...COUNT, max: 1000 }, defaults['window.buckets']),
  };
}

function openRules(open: number | BreakBackoff = defaults.openMs) {
  if (typeof open !== 'object' || open === null) {
    const openMs = checkNumber(owner, 'openMs', open, SPAN);
    return { openMs, openFactor: 1, maxOpenMs: openMs, jitterRatio: 0 };
  }
  checkKeys(`${owner}: \`openMs\``, open, ['initialMs', 'factor', 'maxMs', 'jitterRatio']);
  const openMs = checkNumber(owner, 'openMs.initialMs', open.initialMs, SPAN);
  const longest = Math.max(openMs, defaults['openMs.maxMs']);
  return {
    openMs,
    openFactor: number('openMs.factor', open.factor, { min: 1 }, defaults['openMs.factor']),
    maxOpenMs: number('openMs.maxMs', open.maxMs, { min: openMs }, longest),
    jitterRatio: number(
      'openMs.jitterRatio',
      open.jitterRatio,
      { min: 0, max: 1 },
      defaults['openMs.jitterRatio'],
    ),
  };
}

/** A rule of the user's that throws must not cost a call its permit. */
function guarded(trip: (counts: CircuitCounts) => boolean): (counts: CircuitCounts) => boolean {
  const rule = (counts: CircuitCounts): boolean => {
    try {
      const answer: unknown = trip(counts);
      defuse(answer);
      return answer === true;
    } catch (error) {
      console.error('keelson: `trip` of a circuit breaker failed', error);
      return false;
    }
  };
  // `describe()` names the user's function, not this one.
  return Object.defineProperty(rule, 'name', { value: trip.name });
}

/**
 * Checks the options and fills in what was left out.
 *
 * @throws TypeError or RangeError that names the option, the rule and the value.
 */
export function circuitRules(options: CircuitBreakerOptions): CircuitRules {
  checkKeys(owner, options, known);
  checkFunctions(options, ['trip', 'retryAfterMs', 'classify']);
  const { consecutiveFailures, trip, slowMs, mode = defaults.mode } = options;
  const chosen = consecutiveFailures !== undefined || trip !== undefined;
  const timed = slowMs !== undefined && trip === undefined;
  const window = windowRules(options.window);
  const most = window.windowCalls || COUNT.max!;
  const probes = number('probes', options.probes, COUNT, defaults.probes);
  const majority = Math.floor(probes / 2) + 1;
  const rules: CircuitRules = {
    mode: checkOneOf(owner, 'mode', mode, ['enforce', 'observe', 'disabled']),
    consecutiveFailures: number('consecutiveFailures', consecutiveFailures, COUNT, Infinity),
    failureRatio: number(
      'failureRatio',
      options.failureRatio,
      RATIO,
      chosen ? Infinity : defaults.failureRatio,
    ),
    slowRatio: number('slowRatio', options.slowRatio, RATIO, timed ? defaults.slowRatio : Infinity),
    minCalls: number(
      'minCalls',
      options.minCalls,
      { ...COUNT, max: most },
      Math.min(most, defaults.minCalls),
    ),
    trip: trip && guarded(trip),
    ...window,
    slowMs: number('slowMs', slowMs, SPAN, Infinity),
    ...openRules(options.openMs),
    maxRetryAfterMs: number('maxRetryAfterMs', options.maxRetryAfterMs, { min: 0 }, defaults.maxRetryAfterMs),
    probes,
    probesToClose: number('probesToClose', options.probesToClose, { ...COUNT, max: probes }, majority),
    probeLeaseMs: number('probeLeaseMs', options.probeLeaseMs, SPAN, defaults.probeLeaseMs),
  };
  const windowless = rules.failureRatio === Infinity && rules.slowRatio === Infinity && trip === undefined;
  return shared(windowless ? { ...rules, windowCalls: 0, windowMs: 0 } : rules, options);
}

let latest: CircuitRules | undefined;
let sources: WeakMap<CircuitRules, Told> | undefined;

/**
 * Breakers come by the thousand, one for each key, out of the same literal: their rules are one object. Who
 * has said what others have left out is told apart, for an update starts from what was said.
 */
function shared(rules: CircuitRules, options: CircuitBreakerOptions): CircuitRules {
  const names = Object.keys(rules) as (keyof CircuitRules)[];
  const told = toldOf(options);
  sources ??= new WeakMap();
  const isKnown = latest !== undefined && names.every(name => rules[name] === latest![name]);
  if (!isKnown || !alike(sources.get(latest!), told)) {
    latest = Object.freeze(rules);
    sources.set(latest, told);
  }
  return latest!;
}

/** What the user has said, for an update to start from: the rules cannot tell what was left out. */
type Told = { readonly [Name in (typeof ruled)[number]]: CircuitBreakerOptions[Name] | undefined };

function toldOf(options: CircuitBreakerOptions): Told {
  const copy = (value: unknown): unknown => (typeof value === 'object' ? { ...value } : value);
  return Object.fromEntries(ruled.map(name => [name, copy(options[name])])) as Told;
}

/** The present options, by their names. */
export function updatable(rules: CircuitRules, { classify, retryAfterMs }: Seams) {
  return { ...sources!.get(rules)!, classify, retryAfterMs };
}

/** What the user may bring along. Breakers for which nobody did share one object. */
export interface Seams {
  readonly random: Random;
  readonly classify: Classify | undefined;
  readonly retryAfterMs: CircuitBreakerOptions['retryAfterMs'];
}

const plain: Seams = { random: systemRandom, classify: undefined, retryAfterMs: undefined };

export function circuitSeams(
  random: Random,
  { classify, retryAfterMs }: Pick<Partial<Seams>, 'classify' | 'retryAfterMs'>,
): Seams {
  if (random === systemRandom && (classify ?? retryAfterMs) === undefined) return plain;
  return { random, classify, retryAfterMs };
}
