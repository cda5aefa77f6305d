import { type Clock, systemClock } from '../kernel/clock.js';
import { checkKeys, checkNumber, given, isRecord, refuse } from '../kernel/options.js';
import type { Verdict } from '../kernel/outcome.js';
import { type Random, systemRandom } from '../kernel/random.js';
import type { BalancedInstance } from './balancer-host.js';
import { type BalancerWay, leastBusy } from './balancer-ways.js';

/** A part of the instances for one of many callers, so that not all have connections to all. */
export interface SubsetOptions {
  /** Who this caller is, such as the name of its host: each has a subset of its own, and keeps it. */
  readonly caller: string;
  /** How many instances it goes to; an integer >= 1. */
  readonly size: number;
}

/** How a balancer is set up. */
export interface BalancerOptions<I extends BalancedInstance = BalancedInstance> {
  /** The instances to begin with. @default none */
  readonly instances?: readonly I[];
  /** How it chooses. @default leastBusy() */
  readonly by?: BalancerWay;
  /** The zone of this caller: instances there are preferred, for as long as they can take it. */
  readonly zone?: string;
  /** With fewer instances than this, zones are not looked at. @default 6 */
  readonly zoneMinInstances?: number;
  /**
   * The priority of an instance, 0 first; the next is used as those before cannot take all.
   * @default all are 0
   */
  readonly priority?: (instance: I) => number;
  /** A part of the instances for this caller. @default all of them */
  readonly subset?: SubsetOptions;
  /** How long an instance that is new, or back, is given less, in ms. @default 0 */
  readonly slowStartMs?: number;
  /**
   * With a smaller part of the instances left, those that were ejected are used as well: a failure of so many
   * is hardly theirs. 0..1; 0 for never.
   * @default 0.5
   */
  readonly panicRatio?: number;
  /**
   * How fast what is known of an instance fades, in ms: how long it took, and that it failed.
   * @default 10_000
   */
  readonly decayMs?: number;
  /** Shown in errors, events and `describe()`. @default 'balancer' */
  readonly name?: string;
  /** The source of time. @default systemClock */
  readonly clock?: Clock;
  /** The source of chance. @default systemRandom */
  readonly random?: Random;
}

/** What a call says when it asks for an instance. */
export interface BalancerPickOptions<I extends BalancedInstance = BalancedInstance> {
  /** Ways that go by the key give calls of one key one instance. @default chance */
  readonly key?: string | undefined;
  /** Instances that are only taken when there are no others: those that were tried already. */
  readonly avoid?: ReadonlySet<I> | undefined;
}

/** An instance that was chosen for one call. */
export interface BalancerPick<I extends BalancedInstance = BalancedInstance> {
  /** The chosen one. */
  readonly instance: I;
  /**
   * The call is over: to be told once, whatever came of it; later words count for nothing. `neutral` says
   * nothing of the instance.
   * @param verdict 'success' by default
   */
  done(verdict?: Verdict): void;
}

/** What can be listened to by `on`; `at` is the wall clock, in ms since the epoch. */
export interface BalancerEvents {
  /** So few instances are left that those that were ejected are used as well. */
  panicked: { readonly balancer: string; readonly at: number; readonly left: number; readonly of: number };
  /** Enough are left again. */
  calmed: { readonly balancer: string; readonly at: number; readonly left: number; readonly of: number };
}

/** One instance, as `snapshot()` tells of it. */
export interface InstanceSnapshot {
  /** That of the instance. */
  readonly id: string;
  /** Calls to it that are under way. */
  readonly inFlight: number;
  /** How long it takes, as far as is known, in ms; null when nobody knows. */
  readonly costMs: number | null;
  /** 1 for one that has not failed lately, near 0 for one that always fails. */
  readonly health: number;
  /** Whether it is given nothing for its failures, or for it is about to leave or not up. */
  readonly state: 'used' | 'ejected' | 'idle';
}

/** What a balancer is like at a moment. */
export interface BalancerSnapshot {
  /** Its option of that name. */
  readonly name: string;
  /** Whether ejected instances are used for want of others. */
  readonly panicking: boolean;
  /** All instances. */
  readonly instances: readonly InstanceSnapshot[];
}

/** How a balancer was made. */
export interface BalancerDescription {
  /** What this is. */
  readonly kind: 'balancer';
  /** Its option of that name. */
  readonly name: string;
  /** How it chooses. */
  readonly by: string;
  /** Its option of that name; null without one. */
  readonly zone: string | null;
  /** Its option of that name. */
  readonly slowStartMs: number;
  /** Its option of that name. */
  readonly panicRatio: number;
}

export const balancerDefaults: {
  readonly zoneMinInstances: number;
  readonly slowStartMs: number;
  readonly panicRatio: number;
  readonly decayMs: number;
  readonly name: string;
} = /* @__PURE__ */ Object.freeze({
  zoneMinInstances: 6,
  slowStartMs: 0,
  panicRatio: 0.5,
  decayMs: 10_000,
  name: 'balancer',
});

const owner = 'Balancer';
const known = [
  ...['instances', 'by', 'zone', 'zoneMinInstances', 'priority', 'subset', 'slowStartMs', 'panicRatio'],
  ...['decayMs', 'name', 'clock', 'random'],
];

type Unsaid = 'zone' | 'priority' | 'subset';

/** The checked options. */
export type BalancerPlan<I extends BalancedInstance> = Required<Omit<BalancerOptions<I>, Unsaid>> & {
  readonly [Name in Unsaid]?: BalancerOptions<I>[Name];
};

/** @throws TypeError or RangeError that names the option, the rule and the value. */
export function checkBalancer<I extends BalancedInstance>(options: BalancerOptions<I>): BalancerPlan<I> {
  checkKeys(owner, options, known);
  const plan: BalancerPlan<I> = {
    instances: [],
    by: leastBusy(),
    clock: systemClock,
    random: systemRandom,
    ...balancerDefaults,
    ...given(options),
  };
  const { by, zone, priority, subset } = plan;
  if (typeof by?.make !== 'function') refuse(owner, 'by', 'a way such as `leastBusy()`', by);
  if (zone !== undefined && typeof zone !== 'string') refuse(owner, 'zone', 'a string', zone);
  if (priority !== undefined && typeof priority !== 'function')
    refuse(owner, 'priority', 'a function', priority);
  checkNumber(owner, 'zoneMinInstances', plan.zoneMinInstances, { min: 0, integer: true });
  checkNumber(owner, 'slowStartMs', plan.slowStartMs, { min: 0 });
  checkNumber(owner, 'panicRatio', plan.panicRatio, { min: 0, max: 1 });
  checkNumber(owner, 'decayMs', plan.decayMs, { above: 0 });
  if (subset !== undefined) {
    if (!isRecord(subset)) refuse(owner, 'subset', 'an object such as { caller, size }', subset);
    checkKeys(`${owner}: \`subset\``, subset, ['caller', 'size']);
    if (typeof subset.caller !== 'string') refuse(owner, 'subset.caller', 'a string', subset.caller);
    checkNumber(owner, 'subset.size', subset.size, { min: 1, integer: true });
  }
  return plan;
}

/** Checks an instance, and answers its weight. */
export function checkInstance(instance: BalancedInstance): number {
  if (!isRecord(instance)) refuse(owner, 'instances', 'a list of objects', instance);
  const { id, weight = 1, zone } = instance;
  if (typeof id !== 'string' || id === '') refuse(owner, 'id', 'a string that is not empty', id);
  if (zone !== undefined && typeof zone !== 'string') refuse(owner, 'zone', 'a string', zone);
  return checkNumber(owner, 'weight', weight, { min: 0 });
}
