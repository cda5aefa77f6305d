/** What is kept of an error: data, and short. */
export interface ErrorWords {
  /** The name of the error; of anything else that was thrown, its type. */
  readonly name: string;
  /** What it says, at most 1000 characters of it. */
  readonly message: string;
  /** Its code, where it has one. */
  readonly code?: string;
}

/**
 * How far a step has come. None: it has not begun, or is running. `started`: a mark that it is about to.
 * `failed`: it certainly had no effect. `unknown`: it may have had one. `left`: somebody decided that its
 * effect stays.
 */
export type StepState = 'started' | 'done' | 'skipped' | 'failed' | 'unknown' | 'undone' | 'left';

/** What is written down about a step. */
export interface SagaEntry {
  /** How far it has come. */
  readonly state?: StepState;
  /** What it answered; none where it answered nothing. */
  readonly output?: unknown;
  /** The attempts in the present direction that ended badly. */
  readonly attempts?: number;
  /** Whether one of its forward attempts may have had an effect. */
  readonly maybe?: true;
  /** When the first of them ended badly: what a budget of time counts from. */
  readonly firstAt?: number;
  /** When it is to be tried again, or has waited long enough; in epoch ms of the store. */
  readonly dueAt?: number;
  /** Whether only somebody from outside can help. */
  readonly stuck?: true;
  /** Of another saga as a step: how many that ran for it were undone, so that a retry begins the next one. */
  readonly again?: number;
  /** What it failed with last. */
  readonly error?: ErrorWords;
  /** Why somebody skipped it, or left its effect. */
  readonly reason?: string;
}

/** Why a saga turned back. */
export interface TurnBack {
  /** Whether a step failed, or somebody wanted it. */
  readonly kind: 'failed' | 'cancelled' | 'forced';
  /** The step that failed. */
  readonly step?: string;
  /** What the step failed with. */
  readonly error?: ErrorWords;
  /** What whoever cancelled or forced it said. */
  readonly reason?: string;
}

/** Where a saga stands. Never changed: each event makes another one. */
export interface SagaState {
  /** Whether its steps are done or undone. */
  readonly direction: 'forward' | 'backward';
  /** By name of the step; none for one of which nothing is written. */
  readonly entries: Readonly<Record<string, SagaEntry>>;
  /** What made it turn back, if it did. */
  readonly because?: TurnBack;
}

/** What has become of a saga as a whole. */
export type SagaStatus = 'running' | 'compensating' | 'completed' | 'compensated' | 'parked';

/** What happens to a saga: its history, told in order, makes its state. */
export type SagaEvent =
  /** A mark: the step is about to begin. */
  | { readonly kind: 'started'; readonly step: string }
  /** The step waits for a time, an event, a lock or another saga, not longer than until `dueAt`. */
  | { readonly kind: 'waiting'; readonly step: string; readonly dueAt?: number }
  | { readonly kind: 'done'; readonly step: string; readonly output?: unknown }
  /** Its condition did not hold; or, with a reason, somebody decided to go on without it. */
  | { readonly kind: 'skipped'; readonly step: string; readonly reason?: string }
  /** An attempt ended badly, in whatever direction, and there is another one at `dueAt`. */
  | {
      readonly kind: 'retrying';
      readonly step: string;
      readonly at: number;
      readonly dueAt: number;
      readonly maybe?: true;
      readonly error: ErrorWords;
    }
  /**
   * The step has failed for good; `begun` are those that may have run beside it. `again`: it was another
   * saga, which is undone, so that no retry has anything of it.
   */
  | {
      readonly kind: 'failed';
      readonly step: string;
      readonly maybe?: true;
      readonly again?: true;
      readonly error: ErrorWords;
      readonly begun?: readonly string[];
    }
  | { readonly kind: 'undone'; readonly step: string; readonly reason?: string }
  /** Nobody but a person can tell what to do. */
  | { readonly kind: 'stuck'; readonly step: string; readonly maybe?: true; readonly error: ErrorWords }
  /** Whoever drove it is gone, and these may have been running. */
  | { readonly kind: 'interrupted'; readonly at: number; readonly steps: readonly string[] }
  | { readonly kind: 'cancelled'; readonly reason: string; readonly begun?: readonly string[] }
  /** Somebody said to try all stuck steps again. */
  | { readonly kind: 'retried' }
  /** Somebody said to undo it all. */
  | { readonly kind: 'forced'; readonly reason: string };

/** A saga of which nothing has happened yet. */
export const FRESH: SagaState = /* @__PURE__ */ Object.freeze({
  direction: 'forward',
  entries: /* @__PURE__ */ Object.freeze({}),
});

const UNTOUCHED: SagaEntry = /* @__PURE__ */ Object.freeze({});

/** What is written about a step, if only that nothing is. */
export function entryOf(state: SagaState, step: string): SagaEntry {
  return state.entries[step] ?? UNTOUCHED;
}
