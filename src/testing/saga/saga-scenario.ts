import type { PlannedFault } from './saga-ledger.js';
import type { Interruption } from './saga-life.js';

/** A signal that comes to the saga. */
export interface PlannedSignal {
  readonly name: string;
  readonly payload: unknown;
  /** Before the saga begins, or some time after. */
  readonly when: 'early' | 'late';
}

/** All that happens in one run. */
export interface SagaScenario {
  readonly faults: readonly PlannedFault[];
  readonly signals: readonly PlannedSignal[];
  /** Before which thing that is felt outside, counted from 1, a worker goes, and how. */
  readonly interruptions: readonly { readonly point: number; readonly how: Interruption }[];
  /**
   * When paused workers come back: before the so manieth thing that is felt of the one that took over;
   * Infinity: when that is through with the saga.
   */
  readonly resumeAt: number;
  /** Which of two steps that run side by side takes longer: the later, or the earlier one. */
  readonly slower: 'later' | 'earlier';
  /**
   * The write that comes to the store twice, by its point, and when it does so: before the so manieth write
   * after it; Infinity: when the saga is over.
   */
  readonly echo?: { readonly point: number; readonly before: number };
}
