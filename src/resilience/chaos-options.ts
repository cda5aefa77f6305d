import type { Clock } from '../kernel/clock.js';
import type { Context } from '../kernel/context.js';
import { checkKeys, checkNumber, functionName, given, refuse } from '../kernel/options.js';
import type { Random } from '../kernel/random.js';

/** What a {@link Chaos} may do to a call. */
export type ChaosKind = 'fault' | 'latency' | 'outcome' | 'truncate';

/** How a {@link Chaos} is set up. */
export interface ChaosOptions<Out = never> {
  /** The share of calls that fail with `fault`, and whose operation does not run. @default 0 */
  readonly faultRatio?: number;
  /** Makes the error of a call that is to fail. @default an Error that says that it was injected */
  readonly fault?: (context: Context) => unknown;
  /** The share of calls that wait for `latencyMs` first. @default 0 */
  readonly latencyRatio?: number;
  /** How long such calls wait, in ms, or the least and the most of it. @default required with latencyRatio */
  readonly latencyMs?: number | readonly [leastMs: number, mostMs: number];
  /** The share of calls that are answered with `outcome`, and whose operation does not run. @default 0 */
  readonly outcomeRatio?: number;
  /** Makes the answer of such a call. @default required with outcomeRatio */
  readonly outcome?: (context: Context) => PromiseLike<Out> | Out;
  /** The share of calls whose answer, a `Response` body or an async iterable, breaks off. @default 0 */
  readonly truncateRatio?: number;
  /** What is left of such an answer: bytes of a `Response` body, items of an async iterable. @default 1 */
  readonly truncateAfter?: number;
  /** Whether anything is injected: for all calls, or asked for each of them. @default true */
  readonly enabled?: boolean | ((context: Context) => boolean);
  /** The blast radius: the most of the latest `windowCalls` calls that may be affected. @default 1 */
  readonly maxAffectedRatio?: number;
  /** How many calls the blast radius is measured over. @default 100 */
  readonly windowCalls?: number;
  /** Shown in errors, events and `describe()`. @default 'chaos' */
  readonly name?: string;
  /** The source of time. @default systemClock */
  readonly clock?: Clock;
  /** The source of chance; seed it to see the same again. @default systemRandom */
  readonly random?: Random;
}

/** What of it can be changed while it works; `enable()` and `disable()` are the switch. */
export type ChaosUpdate<Out = never> = Partial<
  Omit<ChaosOptions<Out>, 'enabled' | 'name' | 'clock' | 'random'>
>;

/** How a {@link Chaos} is set up, functions by name. */
export interface ChaosDescription {
  /** Which policy this is. */
  readonly kind: 'chaos';
  /** Its option of that name. */
  readonly name: string;
  /** Its option of that name. */
  readonly faultRatio: number;
  /** The name of the function; left out where there is none. */
  readonly fault?: string;
  /** Its option of that name. */
  readonly latencyRatio: number;
  /** Its option of that name; left out where none was given. */
  readonly latencyMs?: number | readonly [leastMs: number, mostMs: number];
  /** Its option of that name. */
  readonly outcomeRatio: number;
  /** The name of the function; left out where there is none. */
  readonly outcome?: string;
  /** Its option of that name. */
  readonly truncateRatio: number;
  /** Its option of that name. */
  readonly truncateAfter: number;
  /** Its option of that name, whatever the switch says. */
  readonly enabled: boolean | string;
  /** Its option of that name. */
  readonly maxAffectedRatio: number;
  /** Its option of that name. */
  readonly windowCalls: number;
}

type Defaulted =
  | 'faultRatio'
  | 'latencyRatio'
  | 'outcomeRatio'
  | 'truncateRatio'
  | 'truncateAfter'
  | 'enabled'
  | 'maxAffectedRatio'
  | 'windowCalls'
  | 'name';

export const chaosDefaults: Required<Pick<ChaosOptions, Defaulted>> = /* @__PURE__ */ Object.freeze({
  faultRatio: 0,
  latencyRatio: 0,
  outcomeRatio: 0,
  truncateRatio: 0,
  truncateAfter: 1,
  enabled: true,
  maxAffectedRatio: 1,
  windowCalls: 100,
  name: 'chaos',
});

const known = [
  'faultRatio',
  'fault',
  'latencyRatio',
  'latencyMs',
  'outcomeRatio',
  'outcome',
  'truncateRatio',
  'truncateAfter',
  'enabled',
  'maxAffectedRatio',
  'windowCalls',
  'name',
  'clock',
  'random',
];

/** The options with what stands for those left out. */
export type CheckedChaosOptions<Out> = ChaosOptions<Out> &
  typeof chaosDefaults & { readonly leastMs: number; readonly mostMs: number };

/** @throws TypeError or RangeError that names the option, the rule and the value. */
export function checkChaos<Out>(options: ChaosOptions<Out>): CheckedChaosOptions<Out> {
  checkKeys('Chaos', options, known);
  const all = { ...chaosDefaults, ...given(options) };
  const ratios = ['faultRatio', 'latencyRatio', 'outcomeRatio', 'truncateRatio', 'maxAffectedRatio'] as const;
  for (const option of ratios) checkNumber('Chaos', option, all[option], { min: 0, max: 1 });
  checkNumber('Chaos', 'truncateAfter', all.truncateAfter, { min: 0, integer: true });
  checkNumber('Chaos', 'windowCalls', all.windowCalls, { min: 1, max: 1_000_000, integer: true });
  for (const option of ['fault', 'outcome', 'random'] as const) {
    const value = all[option];
    if (value !== undefined && typeof value !== 'function') refuse('Chaos', option, 'a function', value);
  }
  if (all.outcomeRatio > 0 && all.outcome === undefined) {
    refuse('Chaos', 'outcome', 'given with `outcomeRatio`', undefined);
  }
  if (typeof all.enabled !== 'boolean' && typeof all.enabled !== 'function') {
    refuse('Chaos', 'enabled', 'true or false, or a function', all.enabled);
  }
  if (typeof all.name !== 'string') refuse('Chaos', 'name', 'a string', all.name);
  // Described and told as it is: a copy that nobody can change.
  const latencyMs = Array.isArray(all.latencyMs) && {
    latencyMs: Object.freeze([...all.latencyMs]) as unknown as readonly [number, number],
  };
  return { ...all, ...latencyMs, ...checkLatency(all.latencyMs, all.latencyRatio) };
}

/** In the words of the options. */
export function describeChaos<Out>(options: CheckedChaosOptions<Out>): ChaosDescription {
  const { name, faultRatio, latencyRatio, latencyMs, outcomeRatio, truncateRatio, truncateAfter } = options;
  const { fault, outcome, enabled, maxAffectedRatio, windowCalls } = options;
  return given({
    kind: 'chaos' as const,
    name,
    faultRatio,
    fault: functionName(fault),
    latencyRatio,
    latencyMs,
    outcomeRatio,
    outcome: functionName(outcome),
    truncateRatio,
    truncateAfter,
    enabled: functionName(enabled) ?? enabled,
    maxAffectedRatio,
    windowCalls,
  }) as ChaosDescription;
}

function checkLatency(
  latencyMs: ChaosOptions['latencyMs'],
  latencyRatio: number,
): { leastMs: number; mostMs: number } {
  if (latencyMs === undefined) {
    if (latencyRatio > 0) refuse('Chaos', 'latencyMs', 'given with `latencyRatio`', latencyMs);
    return { leastMs: 0, mostMs: 0 };
  }
  const ends: readonly unknown[] = Array.isArray(latencyMs) ? latencyMs : [latencyMs, latencyMs];
  if (ends.length !== 2) refuse('Chaos', 'latencyMs', 'a number or two', latencyMs);
  const leastMs = checkNumber('Chaos', 'latencyMs', ends[0], { min: 0 });
  const mostMs = checkNumber('Chaos', 'latencyMs', ends[1], { min: leastMs });
  return { leastMs, mostMs };
}
