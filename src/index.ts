export * from './data.js';
export * from './discovery.js';
export * from './events.js';
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
export * from './messaging.js';
export * from './proxy.js';
export * from './resilience.js';
export * from './saga.js';
