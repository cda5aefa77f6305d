import type { Clock } from '../kernel/clock.js';
import { checkKeys, checkNumber, given, refuse } from '../kernel/options.js';
import type { InstanceFilter } from './instance-query.js';
import type { RegisteredInstance } from './service-instance.js';
import type { ServiceRegistry } from './service-registry.js';

/** How a `ServiceWatcher` is made. */
export interface ServiceWatcherOptions {
  /** Where the instances are registered. */
  readonly registry: Pick<ServiceRegistry, 'watch'>;
  /** The service. */
  readonly service: string;
  /** Which of its instances count: by version, tags and zone. @default all */
  readonly filter?: Omit<InstanceFilter, 'status'>;
  /**
   * What this process knows of the health of an instance, from checks or from calls.
   * @default all are healthy
   */
  readonly isHealthy?: (instance: RegisteredInstance) => boolean;
  /**
   * When less than this share of those that are up is healthy, all that are up are used: it is more likely
   * that the checks are wrong, and the few would not bear it. 0 turns it off. @default 0.5
   */
  readonly panicRatio?: number;
  /**
   * When more than this share goes at one time, those that went are kept for `suspectMs`, as `preserved`: it
   * is more likely that the registry has forgotten them. 1 turns it off. @default 0.5
   */
  readonly suspectRatio?: number;
  /** A service of fewer instances than this loses those that go, all the same. @default 5 */
  readonly suspectFrom?: number;
  /** How long those are kept, in ms. @default 30000 */
  readonly suspectMs?: number;
  /** The source of time. @default systemClock */
  readonly clock?: Clock;
}

/** What stands where an option was left out. */
export const watcherDefaults: {
  readonly panicRatio: number;
  readonly suspectRatio: number;
  readonly suspectFrom: number;
  readonly suspectMs: number;
} = /* @__PURE__ */ Object.freeze({ panicRatio: 0.5, suspectRatio: 0.5, suspectFrom: 5, suspectMs: 30_000 });

/** What a watcher goes by. */
export type WatcherRules = typeof watcherDefaults;

/** @throws TypeError or RangeError that names the option, the rule and the value. */
export function checkWatcher(options: ServiceWatcherOptions): WatcherRules {
  const owner = 'ServiceWatcher';
  const own = ['registry', 'service', 'filter', 'isHealthy', 'clock'];
  checkKeys(owner, options, [...own, ...Object.keys(watcherDefaults)]);
  const { registry, isHealthy } = options;
  if (typeof registry?.watch !== 'function') refuse(owner, 'registry', 'a ServiceRegistry', registry);
  if (isHealthy !== undefined && typeof isHealthy !== 'function') {
    refuse(owner, 'isHealthy', 'a function', isHealthy);
  }
  const { panicRatio, suspectRatio, suspectFrom, suspectMs } = { ...watcherDefaults, ...given(options) };
  checkNumber(owner, 'panicRatio', panicRatio, { min: 0, max: 1 });
  checkNumber(owner, 'suspectRatio', suspectRatio, { min: 0, max: 1 });
  checkNumber(owner, 'suspectFrom', suspectFrom, { min: 1, integer: true });
  checkNumber(owner, 'suspectMs', suspectMs, { min: 0, max: 2 ** 40 });
  return { panicRatio, suspectRatio, suspectFrom, suspectMs };
}

/** What can be listened to at a watcher. */
export interface ServiceWatcherEvents {
  /** What there is has changed. */
  readonly changed: { readonly instances: readonly RegisteredInstance[]; readonly at: number };
  /** The registry does not answer: what is known stays, and grows old. */
  readonly stale: { readonly error: unknown; readonly at: number };
  /** It answers again. */
  readonly fresh: { readonly at: number };
  /** So many went at one time that they are kept for a while. */
  readonly suspected: { readonly instances: readonly RegisteredInstance[]; readonly at: number };
}

/** What a watcher knows. */
export interface ServiceWatcherSnapshot {
  /** The service. */
  readonly service: string;
  /** The revision that was heard of last; `null` before any. */
  readonly revision: number | null;
  /** How many instances are known. */
  readonly instances: number;
  /** How many of them went, too many at a time, and are kept. */
  readonly suspects: number;
  /** How many would be used now. */
  readonly usable: number;
  /** Whether all that are up are used, for too few are healthy. */
  readonly panicking: boolean;
  /** For how long the registry has not answered, in ms. */
  readonly staleMs: number;
}
