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
export type { CircuitCounts, TripRule } from './core/trip-rule.js';
export type { WaitOrder } from './core/wait-line.js';
export type { Tally } from './core/window.js';
export { type AttemptRecord, attemptsOf } from './kernel/attempt-history.js';
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
