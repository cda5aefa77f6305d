// Each list of events is that of the type of its room, no more and no less.

import type { ApiGateway } from '../../src/adapters/node-http/api-gateway.js';
import type { GatewayFileEvents } from '../../src/adapters/node-http/gateway-file.js';
import type { OutboxEvents } from '../../src/data/outbox.js';
import type { OutboxRelayEvents } from '../../src/data/relay-options.js';
import type { BalancerEvents } from '../../src/discovery/balancer-options.js';
import type { HealthCheckerEvents } from '../../src/discovery/health-options.js';
import type { OutlierDetectorEvents } from '../../src/discovery/outlier-options.js';
import type { RegistrationEvents } from '../../src/discovery/service-registry.js';
import type { ServiceWatcher } from '../../src/discovery/service-watcher.js';
import type { ServiceWatcherEvents } from '../../src/discovery/service-watcher-options.js';
import type { EventBus } from '../../src/events/event-bus.js';
import type { ProjectionEvents } from '../../src/events/projection-options.js';
import type { GatewayEvents } from '../../src/gateway/gateway-events.js';
import type { SubscriptionEvents } from '../../src/messaging/consumer-events.js';
import type { BusEvents, MessageBus, Subscription } from '../../src/messaging/message-bus.js';
import type { observedKinds } from '../../src/observe/kinds.js';
import type { Observatory } from '../../src/observe/observatory.js';
import type { AggregateEvents } from '../../src/proxy/aggregate-options.js';
import type { ServiceProxy } from '../../src/proxy/service-proxy.js';
import type { AdaptiveLimiterEvents } from '../../src/resilience/adaptive-limiter-watching.js';
import type { AdaptiveThrottleEvents } from '../../src/resilience/adaptive-throttle.js';
import type { BulkheadEvents } from '../../src/resilience/bulkhead-watching.js';
import type { Cache } from '../../src/resilience/cache.js';
import type { CacheEvents } from '../../src/resilience/cache-options.js';
import type { ChaosEvents } from '../../src/resilience/chaos.js';
import type { CircuitBreaker } from '../../src/resilience/circuit-breaker.js';
import type { CircuitBreakerEvents } from '../../src/resilience/circuit-events.js';
import type { CoalesceEvents } from '../../src/resilience/coalesce.js';
import type { FallbackEvents } from '../../src/resilience/fallback.js';
import type { HedgeEvents } from '../../src/resilience/hedge-plan.js';
import type { KeyedEvents } from '../../src/resilience/keyed-options.js';
import type { RateLimiterEvents } from '../../src/resilience/rate-limiter-events.js';
import type { RetryBudgetEvents } from '../../src/resilience/retry-budget.js';
import type { RetryEvents } from '../../src/resilience/retry-plan.js';
import type { ShadowEvents } from '../../src/resilience/shadow.js';
import type { SharedRateLimiterEvents } from '../../src/resilience/shared-rate-limiter-options.js';
import type { StreamedEvents } from '../../src/resilience/stream-options.js';
import type { TimeoutEvents } from '../../src/resilience/timeout.js';
import type { BarrierEvents } from '../../src/saga/barrier.js';
import type { SagaOrchestratorEvents } from '../../src/saga/orchestrator-options.js';
import type { ProcessEvents } from '../../src/saga/process-events.js';

interface OfRooms {
  'adaptive-limiter': AdaptiveLimiterEvents;
  'adaptive-throttle': AdaptiveThrottleEvents;
  aggregate: AggregateEvents;
  balancer: BalancerEvents;
  bulkhead: BulkheadEvents;
  cache: CacheEvents;
  chaos: ChaosEvents;
  'circuit-breaker': CircuitBreakerEvents;
  coalesce: CoalesceEvents;
  fallback: FallbackEvents;
  gateway: GatewayEvents;
  'gateway-file': GatewayFileEvents;
  health: HealthCheckerEvents;
  hedge: HedgeEvents;
  keyed: KeyedEvents;
  'message-bus': BusEvents;
  outbox: OutboxEvents;
  'outbox-relay': OutboxRelayEvents;
  outliers: OutlierDetectorEvents;
  'participant-barrier': BarrierEvents;
  'process-manager': ProcessEvents;
  projection: ProjectionEvents;
  'rate-limiter': RateLimiterEvents;
  registration: RegistrationEvents;
  retry: RetryEvents;
  'retry-budget': RetryBudgetEvents;
  'saga-orchestrator': SagaOrchestratorEvents;
  'service-watcher': ServiceWatcherEvents;
  shadow: ShadowEvents;
  'shared-rate-limiter': SharedRateLimiterEvents;
  streamed: StreamedEvents;
  subscription: SubscriptionEvents;
  timeout: TimeoutEvents;
}

type InTable = { readonly [Kind in keyof typeof observedKinds]: (typeof observedKinds)[Kind][number] };
type InRooms = { readonly [Kind in keyof OfRooms]: keyof OfRooms[Kind] };

declare const inTable: InTable;
declare const inRooms: InRooms;
export const noneTooMany: InRooms = inTable;
export const noneMissing: InTable = inRooms;

// What there is fits, without a cast.
declare const observatory: Observatory;
declare const breaker: CircuitBreaker;
declare const cache: Cache<string>;
declare const bus: MessageBus;
declare const subscription: Subscription;
declare const watcher: ServiceWatcher;
declare const gateway: ApiGateway;
declare const proxy: ServiceProxy;
declare const eventBus: EventBus;
observatory.watch(breaker);
observatory.watch(cache);
observatory.watch(bus);
observatory.watch(subscription, { kind: 'subscription' });
observatory.watch(watcher, { kind: 'service-watcher' });
observatory.watch(gateway);
observatory.watch(proxy);
observatory.watch(eventBus);
// @ts-expect-error It says nothing about itself, and tells nothing.
observatory.watch({ state: 'open' });
