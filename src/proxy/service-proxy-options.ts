import type { BalancedInstance } from '../discovery/balancer-host.js';
import type { BalancerOptions, BalancerSnapshot } from '../discovery/balancer-options.js';
import type { OutlierDetectorOptions, OutlierDetectorSnapshot } from '../discovery/outlier-options.js';
import { type Clock, systemClock } from '../kernel/clock.js';
import type { Context } from '../kernel/context.js';
import { isGuard, isPolicy } from '../kernel/is-guard.js';
import { checkKeys, given, isRecord, refuse } from '../kernel/options.js';
import type { Classify } from '../kernel/outcome.js';
import type { Policy } from '../kernel/policy.js';
import { type Random, systemRandom } from '../kernel/random.js';

/** Where the instances of a service come from: a `ServiceWatcher`, or whatever else has these two. */
export interface InstanceSource<I extends BalancedInstance = BalancedInstance> {
  /** Those that are there now. */
  readonly instances: readonly I[];
  /** Tells of all that are there when that changes; the function returned ends it. */
  on(event: 'changed', listener: (change: { readonly instances: readonly I[] }) => void): () => void;
}

/** The part of `fetch` that is used. */
export type ProxyFetch = (url: string, init: RequestInit) => Promise<Response>;

/** How the proxy of a service is set up. */
export interface ServiceProxyOptions<I extends BalancedInstance = BalancedInstance> {
  /** The name of the service, for errors and events. */
  readonly service: string;
  /** The instances: a list, or a source that tells when they change. */
  readonly instances: readonly I[] | InstanceSource<I>;
  /** How an instance is chosen. @default that of a Balancer */
  readonly balancer?: Omit<BalancerOptions<I>, 'instances' | 'name' | 'clock' | 'random'>;
  /** How instances that fail are found out; `false` for not at all. @default that of an OutlierDetector */
  readonly outliers?: Omit<OutlierDetectorOptions, 'target' | 'name' | 'clock'> | false;
  /**
   * What a call runs through, outside of the choice: each attempt goes to another instance.
   * @default nothing
   */
  readonly policy?: Policy;
  /**
   * Makes what the calls to one instance run through, by its id; `'*'` stands for those that there is no room
   * for, beyond a thousand.
   * @default nothing
   */
  readonly perInstance?: (id: string) => Policy;
  /** What counts against an instance. @default errors, and for `fetch` a status of 500 or more */
  readonly classify?: Classify;
  /** The origin of an instance, for `fetch`. @default its `url`, or its `address` */
  readonly url?: (instance: I) => string;
  /** What `fetch` sends with. @default the global `fetch` */
  readonly fetch?: ProxyFetch;
  /** The source of time. @default systemClock */
  readonly clock?: Clock;
  /** The source of chance. @default systemRandom */
  readonly random?: Random;
}

/** What is asked of an instance. */
export type ProxyOperation<I, T> = (context: Context, endpoint: I) => PromiseLike<T> | T;

/** What each method of a service answers, when another process may have to be asked. */
export type Remote<Service> = {
  readonly [Name in keyof Service as Service[Name] extends (...all: never) => unknown
    ? Name
    : never]: Service[Name] extends (...args: infer Args) => infer Answer
    ? (...args: Args) => Promise<Awaited<Answer>>
    : never;
};

/** How the proxy of a service stands. */
export interface ServiceProxySnapshot {
  /** The name of the service. */
  readonly service: string;
  /** Its instances, as the balancer sees them. */
  readonly balancer: BalancerSnapshot;
  /** Its instances, as outlier detection sees them; null without that. */
  readonly outliers: OutlierDetectorSnapshot | null;
}

const owner = 'ServiceProxy';
const known = [
  ...['service', 'instances', 'balancer', 'outliers', 'policy', 'perInstance', 'classify', 'url', 'fetch'],
  ...['clock', 'random'],
];

/** The checked options, with what stands for those left out. */
export type ServiceProxyPlan<I extends BalancedInstance> = ServiceProxyOptions<I> &
  Required<Pick<ServiceProxyOptions<I>, 'url' | 'fetch' | 'clock' | 'random'>>;

/** @throws TypeError that names the option, the rule and the value. */
export function checkServiceProxy<I extends BalancedInstance>(
  options: ServiceProxyOptions<I>,
): ServiceProxyPlan<I> {
  checkKeys(owner, options, known);
  const plan: ServiceProxyPlan<I> = {
    url: originOf,
    fetch: (url, init) => fetch(url, init),
    clock: systemClock,
    random: systemRandom,
    ...(given(options) as ServiceProxyOptions<I>),
  };
  const { service, instances, outliers, policy } = plan;
  if (typeof service !== 'string' || service === '') {
    refuse(owner, 'service', 'a string that is not empty', service);
  }
  if (!Array.isArray(instances) && !isSource(instances)) {
    refuse(owner, 'instances', 'a list, or a source such as a ServiceWatcher', instances);
  }
  if (plan.balancer !== undefined && !isRecord(plan.balancer)) {
    refuse(owner, 'balancer', 'options such as { by }', plan.balancer);
  }
  if (outliers !== undefined && outliers !== false && !isRecord(outliers)) {
    refuse(owner, 'outliers', 'options, or false', outliers);
  }
  if (policy !== undefined && !isPolicy(policy) && !isGuard(policy)) {
    refuse(owner, 'policy', 'a policy', policy);
  }
  for (const option of ['perInstance', 'classify', 'url', 'fetch'] as const) {
    const value = plan[option];
    if (value !== undefined && typeof value !== 'function') refuse(owner, option, 'a function', value);
  }
  return plan;
}

export function isSource<I extends BalancedInstance>(
  instances: ServiceProxyOptions<I>['instances'],
): instances is InstanceSource<I> {
  const source = instances as Partial<InstanceSource<I>> | null | undefined;
  return Array.isArray(source?.instances) && typeof source?.on === 'function';
}

function originOf(instance: BalancedInstance): string {
  const { url, address } = instance as { readonly url?: unknown; readonly address?: unknown };
  if (typeof url === 'string') return url;
  if (typeof address !== 'string') {
    refuse(owner, 'url', 'given, for the instance has neither `url` nor `address`', instance.id);
  }
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(address) ? address : `http://${address}`;
}
