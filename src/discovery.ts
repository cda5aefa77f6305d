export type { HealthState } from './core/health.js';
export type { OutlierReason, OutlierState } from './core/outlier.js';
export { Balancer } from './discovery/balancer.js';
export type { BalancedInstance } from './discovery/balancer-host.js';
export type {
  BalancerDescription,
  BalancerEvents,
  BalancerOptions,
  BalancerPick,
  BalancerPickOptions,
  BalancerSnapshot,
  InstanceSnapshot,
  SubsetOptions,
} from './discovery/balancer-options.js';
export {
  type BalancerWay,
  type BoundOptions,
  hashRing,
  leastBusy,
  maglev,
  peakEwma,
  rendezvous,
  roundRobin,
  sticky,
  weightedChance,
  weightedTurns,
} from './discovery/balancer-ways.js';
export { HealthChecker } from './discovery/health-checker.js';
export { type HttpCheckOptions, httpCheck } from './discovery/health-http.js';
export type {
  CheckedInstance,
  HealthCheck,
  HealthCheckContext,
  HealthCheckerEvents,
  HealthCheckerOptions,
  HealthCheckerSnapshot,
  HealthSource,
  HealthTarget,
} from './discovery/health-options.js';
export { InMemoryRegistry, type InMemoryRegistryOptions } from './discovery/in-memory-registry.js';
export type { InstanceFilter, InstanceQuery } from './discovery/instance-query.js';
export { NoEndpointError } from './discovery/no-endpoint-error.js';
export { OutlierDetector } from './discovery/outlier-detector.js';
export type {
  OutlierDetectorEvents,
  OutlierDetectorOptions,
  OutlierDetectorSnapshot,
  OutlierTarget,
} from './discovery/outlier-options.js';
export {
  InvalidInstanceError,
  RegistryClosedError,
  RegistryFullError,
  RegistryUnavailableError,
  SupersededError,
} from './discovery/registry-errors.js';
export type {
  InstanceKey,
  RegisterAnswer,
  RegistryStore,
  StorePosition,
  StoreView,
} from './discovery/registry-store.js';
export type {
  InstanceStatus,
  NewInstance,
  RegisteredInstance,
  ServiceInstance,
} from './discovery/service-instance.js';
export type {
  ChangeListener,
  InstanceChanges,
  RegisterOptions,
  Registration,
  RegistrationEvents,
  RegistrationState,
  ServiceChange,
  ServiceDirectory,
  ServiceRegistry,
  ServiceWatch,
  WatchOptions,
} from './discovery/service-registry.js';
export { ServiceWatcher } from './discovery/service-watcher.js';
export type {
  ServiceWatcherEvents,
  ServiceWatcherOptions,
  ServiceWatcherSnapshot,
} from './discovery/service-watcher-options.js';
export { StaticDirectory, type StaticDirectoryOptions } from './discovery/static-directory.js';
export { type DirectoryStore, StoredDirectory } from './discovery/stored-directory.js';
export { type DirectoryOptions, type RegistryOptions, StoredRegistry } from './discovery/stored-registry.js';
