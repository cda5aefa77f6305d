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
