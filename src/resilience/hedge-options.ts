import { QuantileWindow } from '../core/quantile.js';
import { type Clock, systemClock } from '../kernel/clock.js';
import type { Context } from '../kernel/context.js';
import { checkFlag, checkKeys, checkNumber, given, isRecord, refuse } from '../kernel/options.js';
import type { Classify } from '../kernel/outcome.js';
import { distinct } from './hedge-attempt.js';
import type { HedgePlan, HedgeQuantile, HedgeTally, QuantileDelay } from './hedge-plan.js';
import { HedgeTimes } from './hedge-times.js';
import type { AttemptBudget } from './retry-plan.js';

/** How a hedge is set up. */
export interface HedgeOptions<In = unknown> {
  /**
   * How long after the start of the latest attempt the next one starts, in ms. A function is told which hedge
   * it is, from 1. `Infinity`: only when an attempt fails.
   * @default 100 unless `quantile` is given
   */
  readonly delayMs?: number | ((hedge: number, context: Context) => number);
  /** Takes the delay from how long calls took lately, in place of `delayMs`. */
  readonly quantile?: HedgeQuantile;
  /** How many extra attempts a call may have; 1 to 100. @default 1 */
  readonly maxHedges?: number;
  /**
   * Whether all operations may run more than once at a time. Otherwise only calls that say so are hedged.
   * @default false
   */
  readonly idempotent?: boolean;
  /** Bounds the extra attempts of all who share it; a hedge that it refuses is left out. @default no bound */
  readonly budget?: AttemptBudget;
  /**
   * What the attempts of a call are made to, the first choice first: each attempt finds another one as
   * `context.attributes.endpoint`, for as long as there are others.
   */
  readonly endpoints?: readonly unknown[] | ((context: Context) => readonly unknown[]);
  /**
   * What counts as a failure, after which the next attempt starts at once. Whatever else is not a success
   * ends the call. A refusal that is left to the default counts as a failure of its attempt.
   * @default errors, refusals included
   */
  readonly classify?: Classify<In>;
  /**
   * Lets go of an answer that is not given to the caller.
   * @default its own `Symbol.asyncDispose` or `Symbol.dispose`, or `body.cancel()`
   */
  readonly onDiscard?: (value: In) => unknown;
  /** Shown in errors, events and `describe()`. @default 'hedge' */
  readonly name?: string;
  /** The source of time. @default systemClock */
  readonly clock?: Clock;
}

export const defaults: {
  readonly delayMs: number;
  readonly 'quantile.ratio': number;
  readonly 'quantile.minSamples': number;
  readonly 'quantile.windowCalls': number;
  readonly 'quantile.minMs': number;
  readonly 'quantile.maxMs': number;
  readonly maxHedges: number;
  readonly idempotent: boolean;
  readonly name: string;
} = /* @__PURE__ */ Object.freeze({
  delayMs: 100,
  'quantile.ratio': 0.95,
  'quantile.minSamples': 100,
  'quantile.windowCalls': 1_000,
  'quantile.minMs': 1,
  'quantile.maxMs': 10_000,
  maxHedges: 1,
  idempotent: false,
  name: 'hedge',
});

const known = [
  'delayMs',
  'quantile',
  'maxHedges',
  'idempotent',
  'budget',
  'endpoints',
  'classify',
  'onDiscard',
  'name',
  'clock',
];
const knownOfQuantile = ['ratio', 'minSamples', 'windowCalls', 'minMs', 'maxMs'];

/** What of a hedge can be changed while it works. */
export type HedgeUpdate<In = unknown> = Partial<Omit<HedgeOptions<In>, 'name' | 'clock'>>;

/** What the plans of one hedge have in common from one update to the next. */
export interface HedgeState {
  readonly times: HedgeTimes;
  readonly tally: HedgeTally;
  /** What was learnt; where a quantile is given it goes on with that. */
  readonly window: QuantileWindow | undefined;
}

export function newHedgeState(clock: Clock = systemClock): HedgeState {
  const notHedged = { undeclared: 0, samples: 0, delivered: 0, deadline: 0, budget: 0, refused: 0 };
  const tally = { events: undefined, hedged: 0, won: 0, allFailed: 0, losers: 0, notHedged };
  return { times: new HedgeTimes(clock), tally, window: undefined };
}

/** @throws TypeError or RangeError that names the option, the rule and the value. */
export function hedgePlan<In>(options: HedgeOptions<In>, state?: HedgeState): HedgePlan<In> {
  checkKeys('Hedge', options, known);
  const { budget, endpoints, classify, onDiscard, clock = systemClock } = options;
  const { maxHedges, idempotent, name } = { ...defaults, ...given(options) };
  for (const option of ['classify', 'onDiscard'] as const) {
    const value = options[option];
    if (value !== undefined && typeof value !== 'function') refuse('Hedge', option, 'a function', value);
  }
  if (budget !== undefined && [budget?.withdraw, budget?.deposit].some(verb => typeof verb !== 'function')) {
    refuse('Hedge', 'budget', 'a RetryBudget', budget);
  }
  checkFlag('Hedge', 'idempotent', idempotent);
  if (typeof name !== 'string') refuse('Hedge', 'name', 'a string', name);
  checkNumber('Hedge', 'maxHedges', maxHedges, { min: 1, max: 100, integer: true });
  const chosen = endpoints === undefined || typeof endpoints === 'function' ? endpoints : distinct(endpoints);
  const { times, tally, window } = state ?? newHedgeState(clock);
  const delay = delayOf(options, window);
  return {
    name,
    delayMs: typeof delay === 'object' ? undefined : delay,
    quantile: options.quantile && Object.freeze({ ...options.quantile }),
    delay,
    maxHedges,
    attempts: 1 + maxHedges,
    idempotent,
    budget,
    endpoints: chosen,
    classify,
    onDiscard,
    clock,
    times,
    tally,
  };
}

function delayOf(
  { delayMs, quantile }: HedgeOptions<never>,
  window: QuantileWindow | undefined,
): HedgePlan<never>['delay'] {
  if (quantile !== undefined) {
    if (delayMs === undefined) return quantileOf(quantile, window);
    throw new TypeError('Hedge: options must not hold both `delayMs` and `quantile`');
  }
  if (typeof delayMs === 'function') return delayMs;
  return checkNumber('Hedge', 'delayMs', delayMs === undefined ? defaults.delayMs : delayMs, {
    min: 0,
    infinity: true,
  });
}

function quantileOf(quantile: HedgeQuantile, window: QuantileWindow | undefined): QuantileDelay {
  if (!isRecord(quantile as unknown)) refuse('Hedge', 'quantile', 'an object', quantile);
  checkKeys('Hedge: `quantile`', quantile, knownOfQuantile);
  const {
    ratio = defaults['quantile.ratio'],
    windowCalls = defaults['quantile.windowCalls'],
    minMs = defaults['quantile.minMs'],
    maxMs = defaults['quantile.maxMs'],
  } = quantile;
  // One step of a double below 1 is as good as 1.
  checkNumber('Hedge', 'quantile.ratio', ratio, { above: 0, max: 1 - Number.EPSILON });
  checkNumber('Hedge', 'quantile.windowCalls', windowCalls, { min: 2, max: 100_000, integer: true });
  const max = Math.floor(windowCalls / 2);
  const { minSamples = Math.min(defaults['quantile.minSamples'], max) } = quantile;
  checkNumber('Hedge', 'quantile.minSamples', minSamples, { min: 1, max, integer: true });
  checkNumber('Hedge', 'quantile.minMs', minMs, { min: 0 });
  checkNumber('Hedge', 'quantile.maxMs', maxMs, { min: minMs, infinity: true });
  const rules = { ratio, minSamples, windowCalls };
  if (window === undefined) return { window: new QuantileWindow(rules), minMs, maxMs };
  window.amend(rules);
  return { window, minMs, maxMs };
}
