// Each number, flag and state that a snapshot tells is measured, or named here as one that is not.
import type { ApiGateway } from '../../src/adapters/node-http/api-gateway.js';
import type { OutboxRelaySnapshot } from '../../src/data/relay-options.js';
import type { BalancerSnapshot } from '../../src/discovery/balancer-options.js';
import type { HealthCheckerSnapshot } from '../../src/discovery/health-options.js';
import type { OutlierDetectorSnapshot } from '../../src/discovery/outlier-options.js';
import type { ServiceWatcherSnapshot } from '../../src/discovery/service-watcher-options.js';
import type { EventBusSnapshot } from '../../src/events/event-bus-options.js';
import type { ProjectionSnapshot } from '../../src/events/projection-options.js';
import type { BusSnapshot, SubscriptionSnapshot } from '../../src/messaging/message-bus.js';
import type { kindMeasures } from '../../src/observe/measures.js';
import type { MeterSnapshot } from '../../src/observe/meter-options.js';
import type { AggregateSnapshot } from '../../src/proxy/aggregate-options.js';
import type { ServiceProxySnapshot } from '../../src/proxy/service-proxy-options.js';
import type { AdaptiveLimiterSnapshot } from '../../src/resilience/adaptive-limiter-watching.js';
import type { AdaptiveThrottleSnapshot } from '../../src/resilience/adaptive-throttle.js';
import type { BulkheadSnapshot } from '../../src/resilience/bulkhead-watching.js';
import type { CacheSnapshot } from '../../src/resilience/cache-options.js';
import type { ChaosSnapshot } from '../../src/resilience/chaos.js';
import type { CircuitBreaker } from '../../src/resilience/circuit-breaker.js';
import type { CoalesceSnapshot } from '../../src/resilience/coalesce.js';
import type { Fallback } from '../../src/resilience/fallback.js';
import type { HedgeSnapshot } from '../../src/resilience/hedge.js';
import type { KeyedSnapshot } from '../../src/resilience/keyed-options.js';
import type { RateLimiterSnapshot } from '../../src/resilience/rate-limiter-events.js';
import type { RetrySnapshot } from '../../src/resilience/retry.js';
import type { RetryBudget } from '../../src/resilience/retry-budget.js';
import type { ShadowSnapshot } from '../../src/resilience/shadow.js';
import type { SharedRateLimiterSnapshot } from '../../src/resilience/shared-rate-limiter-options.js';
import type { StreamedSnapshot } from '../../src/resilience/stream-options.js';
import type { TimeoutSnapshot } from '../../src/resilience/timeout.js';
import type { BarrierSnapshot } from '../../src/saga/barrier.js';
import type { SagaOrchestratorSnapshot } from '../../src/saga/orchestrator-options.js';
import type { ProcessManagerSnapshot } from '../../src/saga/process-options.js';

interface Snapshots {
  'adaptive-limiter': AdaptiveLimiterSnapshot;
  'adaptive-throttle': AdaptiveThrottleSnapshot;
  aggregate: AggregateSnapshot;
  balancer: BalancerSnapshot;
  bulkhead: BulkheadSnapshot;
  cache: CacheSnapshot;
  chaos: ChaosSnapshot;
  'circuit-breaker': ReturnType<CircuitBreaker['snapshot']>;
  coalesce: CoalesceSnapshot;
  'event-bus': EventBusSnapshot;
  fallback: ReturnType<Fallback<unknown>['snapshot']>;
  gateway: ReturnType<ApiGateway['snapshot']>;
  health: HealthCheckerSnapshot;
  hedge: HedgeSnapshot;
  keyed: KeyedSnapshot;
  'message-bus': BusSnapshot;
  meter: MeterSnapshot;
  'outbox-relay': OutboxRelaySnapshot;
  outliers: OutlierDetectorSnapshot;
  'participant-barrier': BarrierSnapshot;
  'process-manager': ProcessManagerSnapshot;
  projection: ProjectionSnapshot;
  'rate-limiter': RateLimiterSnapshot;
  retry: RetrySnapshot;
  'retry-budget': ReturnType<RetryBudget['snapshot']>;
  'saga-orchestrator': SagaOrchestratorSnapshot;
  'service-proxy': ServiceProxySnapshot;
  'service-watcher': ServiceWatcherSnapshot;
  shadow: ShadowSnapshot;
  'shared-rate-limiter': SharedRateLimiterSnapshot;
  streamed: StreamedSnapshot;
  subscription: SubscriptionSnapshot;
  timeout: TimeoutSnapshot;
}

/** What says who it is, or has no end of values. */
type Unmeasured = 'name' | 'service' | 'process' | 'owner' | 'driver' | 'pattern' | 'group' | 'position';
interface AlsoUnmeasured {
  // The keys are those of the user.
  'adaptive-limiter': 'partitions';
  'event-bus': 'patterns';
  // How it came to be, for `restore`; what counts is in the totals.
  'circuit-breaker': 'version' | 'because' | 'counts' | 'window' | 'effective' | 'savedAt';
  // They are the sum of the outcomes, and in the histogram.
  meter: 'calls' | 'p50Ms' | 'p90Ms' | 'p95Ms' | 'p99Ms' | 'maxMs' | 'slices';
  // A number of versions of a list.
  'service-watcher': 'revision';
}
type Also<Kind> = Kind extends keyof AlsoUnmeasured ? AlsoUnmeasured[Kind] : never;

type Table = typeof kindMeasures;
type Listed<M, Part extends string> = M extends { readonly [P in Part]: readonly (infer F)[] } ? F : never;
type Keyed<M, Part extends string> = M extends { readonly [P in Part]: infer R } ? keyof R : never;
type Named<M> =
  | Listed<M, 'counters' | 'gauges' | 'sizes'>
  | Listed<M, 'counters'>
  | Listed<M, 'gauges'>
  | Listed<M, 'sizes'>
  | Keyed<M, 'states'>
  | Keyed<M, 'counted'>;
type Head<F> = F extends `${infer Part}.${string}` ? Part : F;

type Missing = {
  readonly [Kind in keyof Snapshots]: Exclude<
    keyof Snapshots[Kind],
    Head<Named<Table[Kind & keyof Table]>> | Unmeasured | Also<Kind>
  >;
}[keyof Snapshots];
type Unknown = {
  readonly [Kind in keyof Snapshots]: Exclude<Head<Named<Table[Kind & keyof Table]>>, keyof Snapshots[Kind]>;
}[keyof Snapshots];

declare const missing: Missing;
export const nothingIsMissing: never = missing;
declare const unknown: Unknown;
export const nothingIsMadeUp: never = unknown;
declare const kinds: keyof Table;
export const noOtherKinds: keyof Snapshots = kinds;
declare const snapshots: keyof Snapshots;
export const noKindIsLeftOut: keyof Table = snapshots;
