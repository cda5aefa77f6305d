/**
 * Why a command was parked. `hopeless`: it would be refused each time, before anything is sent. `refused`:
 * its tries are used up. `deadly`: programs that were to publish it were not heard of again.
 */
export type ParkedWhy = 'hopeless' | 'refused' | 'deadly';

/** What a process manager tells. `at` is epoch ms. */
export interface ProcessEvents {
  /** A process has begun. */
  started: ProcessHappening;
  /** A message, or a timeout, was decided about, and that is written. */
  handled: ProcessHappening & { readonly type: string; readonly version: number };
  /** A process has come to its end. */
  ended: ProcessHappening;
  /** A message had been seen before. */
  duplicate: ProcessHappening & { readonly type: string };
  /** A message came after the end of its process. */
  late: ProcessHappening & { readonly type: string };
  /** A timeout came that its process waits for no more. */
  stale: ProcessHappening & { readonly type: string };
  /** Another message of the same process was quicker; this one is tried again. */
  conflict: ProcessHappening & { readonly type: string };
  /** What a timeout led to failed; it comes again when its lease is over. */
  timeoutFailed: ProcessHappening & { readonly type: string; readonly error: unknown };
  /** A command could not be published; it is tried again, `retryMs` from now. `tries` counts the refusals. */
  publishFailed: ProcessHappening & {
    readonly id: string;
    readonly tries: number;
    readonly retryMs: number;
    readonly error: unknown;
  };
  /** A command is not tried any more before somebody decides; it and all after it of its process wait. */
  parked: ProcessHappening & {
    readonly id: string;
    readonly why: ParkedWhy;
    readonly tries: number;
    readonly crashes: number;
    readonly error: unknown;
  };
  /** Somebody has decided here about a command that was parked; `reason` is that of one thrown away. */
  unparked: ProcessHappening & {
    readonly id: string;
    readonly how: 'retried' | 'discarded';
    readonly reason: string | undefined;
  };
  /** The store could not be asked; it is asked again. */
  interrupted: { readonly process: string; readonly error: unknown; readonly at: number };
}

/** Something of one process. */
export interface ProcessHappening {
  /** Which kind of process. */
  readonly process: string;
  /** Which of them. */
  readonly key: string;
  /** Epoch ms. */
  readonly at: number;
}

/** The names of all events. */
export const processEvents: readonly (keyof ProcessEvents)[] = [
  ...(['started', 'handled', 'ended', 'duplicate', 'late', 'stale', 'conflict'] as const),
  ...(['timeoutFailed', 'publishFailed', 'parked', 'unparked', 'interrupted'] as const),
];
