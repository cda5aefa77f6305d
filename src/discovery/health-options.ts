import type { HealthRules, HealthState } from '../core/health.js';
import { type Clock, systemClock } from '../kernel/clock.js';
import { checkFlag, checkKeys, checkNumber, given, refuse } from '../kernel/options.js';
import { type Random, systemRandom } from '../kernel/random.js';

/** What is known of an instance that is to be checked. */
export interface CheckedInstance {
  /** Its name, which no other instance of the service has. */
  readonly id: string;
  /** Where it answers. */
  readonly address?: string | undefined;
  /** What it says of itself: one that is `draining` or `down` is not checked. @default 'up' */
  readonly status?: string | undefined;
}

/** What a check is told. */
export interface HealthCheckContext {
  /** Aborted when the time of the check is over, or the checker is closed. */
  readonly signal: AbortSignal;
  /** How long the check may take, in ms. */
  readonly timeoutMs: number;
}

/** Asks an instance how it is. It fails when it answers `false`, throws, rejects, or takes too long. */
export type HealthCheck<I extends CheckedInstance = CheckedInstance> = (
  instance: I,
  context: HealthCheckContext,
) => unknown;

/** Where instances come from: a `ServiceWatcher`, or whatever else has these two. */
export interface HealthSource<I extends CheckedInstance = CheckedInstance> {
  /** Those that are there now. */
  readonly instances: readonly I[];
  /** Tells of all that are there when that changes; the function returned ends it. */
  on(event: 'changed', listener: (change: { readonly instances: readonly I[] }) => void): () => void;
}

/** What takes instances out and lets them in again: a `Balancer` does. */
export interface HealthTarget {
  /** Gives an instance nothing, for what `by` knows of it. */
  eject(id: string, by: string): unknown;
  /** Has nothing against it any more, as far as `by` is concerned. */
  readmit(id: string, by: string): unknown;
}

/** How instances are checked. */
export interface HealthCheckerOptions<I extends CheckedInstance = CheckedInstance> {
  /** Asks an instance how it is: `httpCheck()`, or a function of your own. */
  readonly check: HealthCheck<I>;
  /** The instances: a list, or a source that tells when they change. */
  readonly instances: readonly I[] | HealthSource<I>;
  /** What takes those out that fail. @default nobody, for who asks `isHealthy` */
  readonly target?: HealthTarget;
  /** From the end of a check to the next one, in ms. @default 10_000 */
  readonly intervalMs?: number;
  /** The same for an instance that is not healthy, in ms. @default `intervalMs` */
  readonly unhealthyIntervalMs?: number;
  /** So much of that is left out by chance, each time anew, 0 to 0.9. @default 0.2 */
  readonly jitterRatio?: number;
  /** How long a check may take, in ms. @default 2_000 */
  readonly timeoutMs?: number;
  /** So many checks passed in a row make an instance healthy; an integer >= 1. @default 2 */
  readonly rise?: number;
  /** So many checks failed in a row make it unhealthy; an integer >= 1. @default 3 */
  readonly fall?: number;
  /** So many checks at a time; an integer >= 1. @default 16 */
  readonly maxConcurrent?: number;
  /** Whether an instance is taken to be healthy until its first check has ended. @default true */
  readonly trusted?: boolean;
  /** Shown in events and `describe()`. @default 'health' */
  readonly name?: string;
  /** The source of time. @default systemClock */
  readonly clock?: Clock;
  /** The source of chance, for jitter. @default systemRandom */
  readonly random?: Random;
}

/** What can be listened to by `on`; `at` is the wall clock, in ms since the epoch. */
export interface HealthCheckerEvents {
  /** A check has ended, in `tookMs`; `error` is why it failed, `undefined` where it passed. */
  readonly checked: {
    readonly checker: string;
    readonly at: number;
    readonly id: string;
    readonly ok: boolean;
    readonly tookMs: number;
    readonly error: unknown;
  };
  /** An instance is not healthy any more. */
  readonly failed: {
    readonly checker: string;
    readonly at: number;
    readonly id: string;
    readonly error: unknown;
  };
  /** It is healthy again. */
  readonly recovered: { readonly checker: string; readonly at: number; readonly id: string };
}

/** What a checker knows. */
export interface HealthCheckerSnapshot {
  /** Its option of that name. */
  readonly name: string;
  /** How many checks are under way. */
  readonly running: number;
  /** How many instances are not healthy. */
  readonly unhealthy: number;
  /** All instances. */
  readonly instances: readonly HealthState[];
}

export const healthDefaults: {
  readonly intervalMs: number;
  readonly jitterRatio: number;
  readonly timeoutMs: number;
  readonly rise: number;
  readonly fall: number;
  readonly maxConcurrent: number;
  readonly trusted: boolean;
  readonly name: string;
} = /* @__PURE__ */ Object.freeze({
  intervalMs: 10_000,
  jitterRatio: 0.2,
  timeoutMs: 2_000,
  rise: 2,
  fall: 3,
  maxConcurrent: 16,
  trusted: true,
  name: 'health',
});

/** The checked options. */
export interface HealthPlan {
  readonly rules: HealthRules;
  readonly timeoutMs: number;
  readonly name: string;
  readonly clock: Clock;
  readonly random: Random;
}

const owner = 'HealthChecker';
const own = ['check', 'instances', 'target', 'unhealthyIntervalMs', 'clock', 'random'];
const LONGEST_MS = 2 ** 40;

/** Whether instances come from something that tells of them. */
export function isHealthSource<I extends CheckedInstance>(
  instances: HealthCheckerOptions<I>['instances'],
): instances is HealthSource<I> {
  const source = instances as Partial<HealthSource<I>> | null | undefined;
  return Array.isArray(source?.instances) && typeof source.on === 'function';
}

/** @throws TypeError or RangeError that names the option, the rule and the value. */
export function checkHealth<I extends CheckedInstance>(options: HealthCheckerOptions<I>): HealthPlan {
  checkKeys(owner, options, [...own, ...Object.keys(healthDefaults)]);
  const all = { ...healthDefaults, ...given(options) };
  const { check, instances, target, clock = systemClock, random = systemRandom, name, timeoutMs } = all;
  if (typeof check !== 'function') refuse(owner, 'check', 'a function, such as `httpCheck()`', check);
  if (!Array.isArray(instances) && !isHealthSource(instances)) {
    refuse(owner, 'instances', 'a list, or a source such as a ServiceWatcher', instances);
  }
  if (target !== undefined && [target?.eject, target?.readmit].some(verb => typeof verb !== 'function')) {
    refuse(owner, 'target', 'a Balancer, or what has its `eject` and `readmit`', target);
  }
  const { intervalMs, unhealthyIntervalMs = intervalMs, jitterRatio, rise, fall, maxConcurrent } = all;
  checkNumber(owner, 'intervalMs', intervalMs, { above: 0, max: LONGEST_MS });
  checkNumber(owner, 'unhealthyIntervalMs', unhealthyIntervalMs, { above: 0, max: LONGEST_MS });
  checkNumber(owner, 'jitterRatio', jitterRatio, { min: 0, max: 0.9 });
  checkNumber(owner, 'timeoutMs', timeoutMs, { above: 0, max: LONGEST_MS });
  for (const option of ['rise', 'fall', 'maxConcurrent'] as const) {
    checkNumber(owner, option, all[option], { min: 1, max: 2 ** 30, integer: true });
  }
  const trusted = checkFlag(owner, 'trusted', all.trusted);
  const times = { intervalMs, unhealthyIntervalMs, jitterRatio };
  return { rules: { ...times, rise, fall, maxConcurrent, trusted }, timeoutMs, name, clock, random };
}
