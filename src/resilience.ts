export {
  Bulkhead,
  type BulkheadDescription,
  type BulkheadEvents,
  type BulkheadSnapshot,
} from './resilience/bulkhead.js';
export type { BulkheadOptions } from './resilience/bulkhead-options.js';
export type { BulkheadRefusal } from './resilience/bulkhead-refusal.js';
export { Timeout, type TimeoutEvents, type TimeoutOptions } from './resilience/timeout.js';
