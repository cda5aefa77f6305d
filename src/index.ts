export type { RateRule } from './core/allowance.js';
export type {
  Backoff,
  ConstantBackoff,
  DecorrelatedBackoff,
  ExponentialBackoff,
  Jitter,
  LinearBackoff,
} from './core/backoff.js';
export type { Cause, CircuitSnapshot, CircuitState, CircuitTotals } from './core/circuit-snapshot.js';
export type { DeliveryOrder, Settlement } from './core/delivery-queue.js';
export type { RedeliveryRules } from './core/redelivery.js';
export type { CircuitCounts, TripRule } from './core/trip-rule.js';
export type { WaitOrder } from './core/wait-line.js';
export type { Tally } from './core/window.js';
export {
  type AsyncApiChannel,
  type AsyncApiDocument,
  type AsyncApiInfo,
  type AsyncApiOptions,
  toAsyncApi,
} from './events/async-api.js';
export { EventBus } from './events/event-bus.js';
export type {
  EventBusDescription,
  EventBusOptions,
  EventBusSnapshot,
  EventCheck,
  IterateOptions,
  ListenOptions,
  OnceOptions,
} from './events/event-bus-options.js';
export {
  type EventIssue,
  EventOverflowError,
  type InvalidEvent,
  InvalidEventError,
  ListenersFailedError,
  ProjectionStoppedError,
} from './events/event-errors.js';
export type { EventFeed, FedEvent, Position } from './events/event-feed.js';
export type { EventInfo, EventListener } from './events/event-listener.js';
export { type EventLogOptions, InMemoryEventLog } from './events/event-log.js';
export type {
  EventOf,
  KnownPattern,
  Matching,
  NamesOf,
  PayloadArguments,
  PayloadOf,
} from './events/event-names.js';
export {
  type DecodedEvent,
  defineEvents,
  type EmittedOf,
  EventRegistry,
  type EventRegistryDescription,
  type EventRegistryOptions,
  type EventsOf,
} from './events/event-registry.js';
export type { EventStream } from './events/event-stream.js';
export { Projection } from './events/projection.js';
export type {
  EventReader,
  ProjectionContext,
  ProjectionDefinition,
  ProjectionDescription,
  ProjectionEvents,
  ProjectionHandler,
  ProjectionOptions,
  ProjectionSnapshot,
  ProjectionTrouble,
} from './events/projection-options.js';
export {
  InMemoryProjectionStore,
  type ParkedEvent,
  type ProjectionStore,
  type SavedProjection,
} from './events/projection-store.js';
export type { WhenProcessedOptions } from './events/projection-waiters.js';
export type {
  Chained,
  CurrentVersion,
  DecodedEvents,
  EmittedEvents,
  EventDefinitions,
  EventVersions,
  RegistryArguments,
  Upcasters,
  UpcastersOf,
} from './events/version-chain.js';
export {
  BusClosedError,
  InvalidMessageError,
  LeaseLostError,
  PublishError,
  type PublishFacts,
  RecordTooLargeError,
  RequestFailedError,
  TopologyError,
  UnsupportedCapabilityError,
} from './kernel/bus-errors.js';
export { type Clock, systemClock, type Timer } from './kernel/clock.js';
export { CallContext, type CallOptions, type Context } from './kernel/context.js';
export {
  AbandonedError,
  AggregateFailedError,
  BulkheadFullError,
  CircuitOpenError,
  CloudEventError,
  DeadlineError,
  DeadlockError,
  type ErrorCode,
  type ErrorFacts,
  isRejected,
  LimitExceededError,
  QueueTimeoutError,
  RateLimitedError,
  RejectedError,
  ResilienceError,
  ThrottledError,
  TimeoutError,
} from './kernel/errors.js';
export type { Listener, Observable } from './kernel/events.js';
export type { OptionChanges, UndoUpdate } from './kernel/live-options.js';
export type { Classify, Outcome, Verdict } from './kernel/outcome.js';
export { type PipelinePolicy, pipeline, wrap } from './kernel/pipeline.js';
export type { AbandonableCall, Guard, Operation, ParkedCall, Policy } from './kernel/policy.js';
export { type Random, systemRandom } from './kernel/random.js';
export type {
  SchemaInput,
  SchemaOutput,
  StandardIssue,
  StandardJsonSchema,
  StandardJsonSchemaOptions,
  StandardProps,
  StandardResult,
  StandardSchema,
} from './kernel/standard-schema.js';
export type { BusOptions } from './messaging/bus-options.js';
export type { Payload } from './messaging/bytes.js';
export type { Capabilities, Support, Where } from './messaging/capabilities.js';
export { type CloudEvent, type CloudEventInit, cloudEvent } from './messaging/cloud-event.js';
export {
  type AmqpCloudEvent,
  type AmqpMessage,
  cloudEventFromAmqp,
  cloudEventToAmqp,
} from './messaging/cloud-event-amqp.js';
export type { BodySource } from './messaging/cloud-event-data.js';
export type { CloudEventEncoding } from './messaging/cloud-event-encoding.js';
export type { HeaderSource } from './messaging/cloud-event-headers.js';
export {
  cloudEventFromHttp,
  cloudEventsFromHttp,
  cloudEventsToHttp,
  cloudEventToHttp,
  type HttpCloudEvent,
  type HttpMessage,
} from './messaging/cloud-event-http.js';
export {
  cloudEventFromJson,
  cloudEventsFromJson,
  cloudEventsToJson,
  cloudEventToJson,
} from './messaging/cloud-event-json.js';
export {
  cloudEventFromKafka,
  cloudEventToKafka,
  type KafkaCloudEvent,
  type KafkaEncoding,
  type KafkaKey,
  type KafkaMessage,
  partitionKeyOf,
} from './messaging/cloud-event-kafka.js';
export type { CloudEventLimits } from './messaging/cloud-event-limits.js';
export {
  cloudEventFromMqtt,
  cloudEventToMqtt,
  type MqttCloudEvent,
  type MqttMessage,
} from './messaging/cloud-event-mqtt.js';
export {
  cloudEventFromNats,
  cloudEventToNats,
  type NatsCloudEvent,
  type NatsMessage,
} from './messaging/cloud-event-nats.js';
export type { AttributeValue } from './messaging/cloud-event-rules.js';
export { bytesCodec, type Codec, jsonCodec } from './messaging/codec.js';
export type { Drained } from './messaging/consumer.js';
export type { DeathReason, SubscriptionEvents } from './messaging/consumer-events.js';
export type { DeadLetter, DeadLetters } from './messaging/dead-letters.js';
export type {
  DeadLetterShelf,
  DeadRecord,
  Driver,
  DriverSubscription,
  InRecord,
  OutRecord,
  PublishOutcome,
  RawDelivery,
  Settled,
  Sink,
  SubscribeSpec,
} from './messaging/driver.js';
export { createBus } from './messaging/driver-bus.js';
export type { Handler } from './messaging/handling.js';
export {
  type Familiarity,
  type IdempotencyStore,
  type InMemoryIdempotencyOptions,
  InMemoryIdempotencyStore,
} from './messaging/idempotency.js';
export { InMemoryBroker, type InMemoryBrokerOptions } from './messaging/in-memory-broker.js';
export { InMemoryBus, type InMemoryBusOptions } from './messaging/in-memory-bus.js';
export type { MemoryCapabilities } from './messaging/memory-driver.js';
export type { Message, MessageFacts } from './messaging/message.js';
export type {
  BusEvents,
  BusSnapshot,
  MessageBus,
  PublishOptions,
  PublishResult,
  RequestOptions,
  Subscription,
  SubscriptionSnapshot,
} from './messaging/message-bus.js';
export type { Published } from './messaging/publisher.js';
export type { SqlTransaction } from './messaging/sql-transaction.js';
export type {
  CommonSubscribeOptions,
  FailurePolicy,
  FailureVerdict,
  SubscribeOptions,
} from './messaging/subscribe-options.js';
export { type Topic, type TopicOptions, topic } from './messaging/topic.js';
export {
  type ChildTraceOptions,
  childTraceContext,
  formatTraceContext,
  parseTraceContext,
  type TraceContext,
  type TraceHeaders,
  type TraceStateEntry,
  withTraceState,
} from './messaging/trace-context.js';
export { AdaptiveLimiter } from './resilience/adaptive-limiter.js';
export type { AdaptiveAlgorithm, AdaptiveLimiterOptions } from './resilience/adaptive-limiter-options.js';
export type {
  AdaptiveLimiterDescription,
  AdaptiveLimiterEvents,
  AdaptiveLimiterSnapshot,
  AdaptiveLimiterUpdate,
} from './resilience/adaptive-limiter-watching.js';
export {
  AdaptiveThrottle,
  type AdaptiveThrottleDescription,
  type AdaptiveThrottleEvents,
  type AdaptiveThrottleOptions,
  type AdaptiveThrottleSnapshot,
  type AdaptiveThrottleUpdate,
} from './resilience/adaptive-throttle.js';
export { type AttemptRecord, attemptsOf } from './resilience/attempt-history.js';
export { Bulkhead } from './resilience/bulkhead.js';
export type { BulkheadDescription, BulkheadOptions } from './resilience/bulkhead-options.js';
export type { BulkheadRefusal } from './resilience/bulkhead-refusal.js';
export type { BulkheadEvents, BulkheadSnapshot, BulkheadUpdate } from './resilience/bulkhead-watching.js';
export { Cache } from './resilience/cache.js';
export type {
  CacheDescription,
  CacheEvents,
  CacheEviction,
  CacheOptions,
  CacheSnapshot,
  CacheUpdate,
} from './resilience/cache-options.js';
export { Chaos, type ChaosEvents, type ChaosSnapshot } from './resilience/chaos.js';
export type { ChaosDescription, ChaosKind, ChaosOptions, ChaosUpdate } from './resilience/chaos-options.js';
export { CircuitBreaker } from './resilience/circuit-breaker.js';
export type {
  CircuitBreakerEvents,
  CircuitRejection,
  CircuitTransition,
} from './resilience/circuit-events.js';
export type { CircuitExplanation } from './resilience/circuit-explanation.js';
export type {
  BreakBackoff,
  CircuitBreakerOptions,
  CircuitBreakerUpdate,
  CircuitWindow,
} from './resilience/circuit-options.js';
export type { CircuitPermit } from './resilience/circuit-permit.js';
export {
  Coalesce,
  type CoalesceDescription,
  type CoalesceEvents,
  type CoalesceOptions,
  type CoalesceSnapshot,
  type CoalesceUpdate,
} from './resilience/coalesce.js';
export { ConfigError, type ConfigProblem } from './resilience/config-error.js';
export type { ConfigExtras } from './resilience/config-extras.js';
export {
  Fallback,
  type FallbackEvents,
  type FallbackOptions,
  type FallbackRun,
  type FallbackStep,
  type FallbackUpdate,
  type FallbackValue,
} from './resilience/fallback.js';
export type { FallbackDescription } from './resilience/fallback-description.js';
export { Hedge, type HedgeSnapshot } from './resilience/hedge.js';
export type { HedgeDescription } from './resilience/hedge-description.js';
export type { HedgeOptions, HedgeUpdate } from './resilience/hedge-options.js';
export type { HedgeEvents, HedgeQuantile, NotHedgedReason } from './resilience/hedge-plan.js';
export { type HttpDefaultsOptions, httpDefaults } from './resilience/http-defaults.js';
export type { ResilientInit } from './resilience/http-request.js';
export { InMemoryRateLimitStore, type RateLimitMemory } from './resilience/in-memory-rate-limit-store.js';
export { keyed } from './resilience/keyed.js';
export type {
  KeyedDescription,
  KeyedEvents,
  KeyedOptions,
  KeyedSnapshot,
} from './resilience/keyed-options.js';
export type { Keyed, KeyedGuard, KeyedPolicy } from './resilience/keyed-policy.js';
export { type LintFinding, lint } from './resilience/lint.js';
export type { LintSeverity } from './resilience/lint-parts.js';
export { type PipelineConfig, pipelineFrom } from './resilience/pipeline-config.js';
export type {
  RateLimitDecision,
  RateLimitStore,
  RateLimitTake,
  RateLimitTarget,
} from './resilience/rate-limit-store.js';
export { RateLimiter, type RateReservation } from './resilience/rate-limiter.js';
export type { RateLimiterEvents, RateLimiterSnapshot } from './resilience/rate-limiter-events.js';
export type {
  RateLimiterDescription,
  RateLimiterOptions,
  RateLimiterUpdate,
} from './resilience/rate-limiter-options.js';
export type { RateRefusal } from './resilience/rate-refusal.js';
export { type ResilientFetch, resilientFetch } from './resilience/resilient-fetch.js';
export type { ResilientFetchOptions } from './resilience/resilient-fetch-options.js';
export { Retry, type RetrySnapshot } from './resilience/retry.js';
export {
  RetryBudget,
  type RetryBudgetEvents,
  type RetryBudgetOptions,
  type RetryBudgetUpdate,
} from './resilience/retry-budget.js';
export type { RetryDescription } from './resilience/retry-description.js';
export type { RetryOptions, RetryUpdate } from './resilience/retry-options.js';
export type {
  AttemptBudget,
  GaveUpReason,
  RetryAfter,
  RetryClassify,
  RetryEvents,
} from './resilience/retry-plan.js';
export {
  type Shadow,
  type ShadowDescription,
  type ShadowEvents,
  type ShadowedCall,
  type ShadowOptions,
  type ShadowSnapshot,
  shadow,
} from './resilience/shadow.js';
export { SharedRateLimiter } from './resilience/shared-rate-limiter.js';
export type {
  SharedRateLimiterDescription,
  SharedRateLimiterEvents,
  SharedRateLimiterOptions,
  SharedRateLimiterSnapshot,
  SharedRateLimiterUpdate,
} from './resilience/shared-rate-limiter-options.js';
export type { SharedRateRefusal } from './resilience/shared-rate-refusal.js';
export type { CallKey } from './resilience/single-flight.js';
export type {
  Streamable,
  StreamedDescription,
  StreamedEvents,
  StreamedOptions,
  StreamedPolicy,
  StreamedSnapshot,
} from './resilience/stream-options.js';
export { streamed } from './resilience/stream-policy.js';
export {
  Timeout,
  type TimeoutDescription,
  type TimeoutEvents,
  type TimeoutOptions,
  type TimeoutSnapshot,
  type TimeoutUpdate,
} from './resilience/timeout.js';
