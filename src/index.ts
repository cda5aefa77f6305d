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
  Bulkhead,
  type BulkheadDescription,
  type BulkheadEvents,
  type BulkheadSnapshot,
} from './resilience/bulkhead.js';
export type { BulkheadOptions } from './resilience/bulkhead-options.js';
export type { BulkheadRefusal } from './resilience/bulkhead-refusal.js';
export {
  Timeout,
  type TimeoutDescription,
  type TimeoutEvents,
  type TimeoutOptions,
  type TimeoutSnapshot,
} from './resilience/timeout.js';
