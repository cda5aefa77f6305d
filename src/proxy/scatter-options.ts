import { type Clock, systemClock } from '../kernel/clock.js';
import { isGuard, isPolicy } from '../kernel/is-guard.js';
import { checkKeys, checkNumber, given, refuse } from '../kernel/options.js';
import { pipeline } from '../kernel/pipeline.js';
import type { Policy } from '../kernel/policy.js';
import type { MissingReason } from './missing-reason.js';

/** How something is asked of many. */
export interface ScatterOptions<P = Policy> {
  /**
   * How long it may take in all, in ms; a deadline of the caller that comes sooner is kept.
   * @default 10_000
   */
  readonly timeoutMs?: number;
  /** How many are asked at a time; 1 to 10 000. @default 16 */
  readonly concurrency?: number;
  /** What each request runs through. @default nothing */
  readonly policy?: P;
  /** Shown in errors. @default 'scatter' */
  readonly name?: string;
  /** The source of time. @default systemClock */
  readonly clock?: Clock;
}

/** What one of many answered, or why it did not. */
export type Gathered<Endpoint, T> =
  | { readonly ok: true; readonly endpoint: Endpoint; readonly value: T }
  | { readonly ok: false; readonly endpoint: Endpoint; readonly why: MissingReason; readonly error: unknown };

/** The checked options. */
export interface ScatterPlan {
  readonly timeoutMs: number;
  readonly concurrency: number;
  readonly policy: Policy | undefined;
  readonly name: string;
  readonly clock: Clock;
}

export const scatterDefaults: {
  readonly timeoutMs: number;
  readonly concurrency: number;
  readonly name: string;
} = /* @__PURE__ */ Object.freeze({ timeoutMs: 10_000, concurrency: 16, name: 'scatter' });

const known = ['timeoutMs', 'concurrency', 'policy', 'name', 'clock'];

/** @throws TypeError or RangeError that names the option, the rule and the value. */
export function checkScatter(owner: string, options: ScatterOptions<unknown>): ScatterPlan {
  checkKeys(owner, options, known);
  const { policy, ...all } = { clock: systemClock, ...scatterDefaults, ...given(options) };
  checkNumber(owner, 'timeoutMs', all.timeoutMs, { above: 0, infinity: true });
  checkNumber(owner, 'concurrency', all.concurrency, { min: 1, max: 10_000, integer: true });
  if (policy !== undefined && !isPolicy(policy) && !isGuard(policy))
    refuse(owner, 'policy', 'a policy', policy);
  return { ...all, policy: policy === undefined ? undefined : pipeline(policy as Policy) };
}
