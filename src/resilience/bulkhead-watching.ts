import type { EventNames } from '../kernel/events.js';
import type { OptionChanges } from '../kernel/live-options.js';
import type { BulkheadOptions } from './bulkhead-options.js';
import type { BulkheadRefusal } from './bulkhead-refusal.js';

/** What a bulkhead tells. `at` is epoch ms, `policy` its name. */
export interface BulkheadEvents {
  /** A call has to wait; `waiting` counts it. */
  queued: { readonly policy: string; readonly waiting: number; readonly at: number };
  /** A call that had to wait got a slot. */
  admitted: { readonly policy: string; readonly waitedMs: number; readonly at: number };
  /** A call was given up by its caller, or by a policy outside, while it waited. */
  abandoned: { readonly policy: string; readonly waiting: number; readonly at: number };
  /** A call was refused. */
  rejected: { readonly policy: string; readonly reason: BulkheadRefusal; readonly at: number };
  /** The number of slots was changed. */
  resized: { readonly policy: string; readonly from: number; readonly to: number; readonly at: number };
  /** Options were changed by `update`. */
  updated: { readonly policy: string; readonly changes: OptionChanges; readonly at: number };
}

/** The names of all events. */
export const bulkheadEvents: EventNames<BulkheadEvents> = {
  queued: true,
  admitted: true,
  abandoned: true,
  rejected: true,
  resized: true,
  updated: true,
};

/** What can be changed while it works. */
export type BulkheadUpdate = Partial<Pick<BulkheadOptions, 'slots' | 'queue' | 'queueTimeoutMs'>>;

/** What a bulkhead is like at a moment. */
export interface BulkheadSnapshot {
  /** That of the bulkhead. */
  readonly name: string;
  /** How many operations may run now. */
  readonly slots: number;
  /** Operations that run. More than `slots` after that was lowered, until enough of them have ended. */
  readonly taken: number;
  /** Calls in the line. */
  readonly waiting: number;
  /** How many calls may wait. */
  readonly queue: number;
  /** Calls refused since it was made, for any reason. */
  readonly rejected: number;
}
