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
export { type Clock, systemClock, type Timer } from './kernel/clock.js';
export { CallContext, type CallOptions, type Context } from './kernel/context.js';
export {
  BulkheadFullError,
  CircuitOpenError,
  DeadlineError,
  DeadlockError,
  type ErrorCode,
  type ErrorFacts,
  isRejected,
  LimitExceededError,
  QueueTimeoutError,
  RejectedError,
  ResilienceError,
  TimeoutError,
} from './kernel/errors.js';
export type { Listener, Observable } from './kernel/events.js';
export type { Classify, Outcome, Verdict } from './kernel/outcome.js';
export { type PipelinePolicy, pipeline, wrap } from './kernel/pipeline.js';
export type { AbandonableCall, Guard, Operation, ParkedCall, Policy } from './kernel/policy.js';
export { type Random, systemRandom } from './kernel/random.js';
export {
  AdaptiveLimiter,
  type AdaptiveLimiterDescription,
  type AdaptiveLimiterEvents,
  type AdaptiveLimiterSnapshot,
} from './resilience/adaptive-limiter.js';
export type { AdaptiveAlgorithm, AdaptiveLimiterOptions } from './resilience/adaptive-limiter-options.js';
export { type AttemptRecord, attemptsOf } from './resilience/attempt-history.js';
export {
  Bulkhead,
  type BulkheadEvents,
  type BulkheadSnapshot,
} from './resilience/bulkhead.js';
export type { BulkheadDescription, BulkheadOptions } from './resilience/bulkhead-options.js';
export type { BulkheadRefusal } from './resilience/bulkhead-refusal.js';
export { CircuitBreaker, type CircuitExplanation } from './resilience/circuit-breaker.js';
export type {
  CircuitBreakerEvents,
  CircuitRejection,
  CircuitTransition,
} from './resilience/circuit-events.js';
export type { BreakBackoff, CircuitBreakerOptions, CircuitWindow } from './resilience/circuit-options.js';
export type { CircuitPermit } from './resilience/circuit-permit.js';
export {
  Fallback,
  type FallbackEvents,
  type FallbackOptions,
  type FallbackRun,
  type FallbackStep,
  type FallbackValue,
} from './resilience/fallback.js';
export type { ResilientInit } from './resilience/http-request.js';
export { type ResilientFetch, resilientFetch } from './resilience/resilient-fetch.js';
export type { ResilientFetchOptions } from './resilience/resilient-fetch-options.js';
export { Retry, type RetryDescription, type RetryOptions, type RetrySnapshot } from './resilience/retry.js';
export { RetryBudget, type RetryBudgetEvents, type RetryBudgetOptions } from './resilience/retry-budget.js';
export type {
  AttemptBudget,
  GaveUpReason,
  RetryAfter,
  RetryClassify,
  RetryEvents,
} from './resilience/retry-plan.js';
export {
  Timeout,
  type TimeoutDescription,
  type TimeoutEvents,
  type TimeoutOptions,
  type TimeoutSnapshot,
} from './resilience/timeout.js';
