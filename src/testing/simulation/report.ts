import { checkNumber } from '../../kernel/options.js';
import type { Latencies } from './latency-histogram.js';
import type { ServerReport } from './server.js';

/** What happened in a stretch of a simulation. */
export interface SimulationSlice {
  /** When it began, in ms after the start. */
  readonly fromMs: number;
  /** Calls that came in it. */
  readonly calls: number;
  /** Of these calls, those that succeeded, then or later. */
  readonly succeeded: number;
  /** Of these calls, those that succeeded in time: see `goodWithinMs`. */
  readonly good: number;
  /** `good / calls`; 1 where no call came. */
  readonly goodRatio: number;
  /** Requests that reached the servers in it. */
  readonly requests: number;
}

/** What a simulation was like. The same seed gives the same report. */
export interface SimulationReport {
  /** The seed that it was run with. */
  readonly seed: number;
  /** How long calls came, in ms. */
  readonly durationMs: number;
  /** Calls that came. */
  readonly calls: number;
  /** Calls that succeeded. */
  readonly succeeded: number;
  /** Calls that succeeded in time: see `goodWithinMs`. */
  readonly good: number;
  /** Calls that failed, for whatever reason. */
  readonly failed: number;
  /** Calls that had not ended when it was over. */
  readonly unfinished: number;
  /** How often a call failed with which `code`, or else name, of an error; 64 of them, and `others`. */
  readonly failures: Readonly<Record<string, number>>;
  /** Calls a second that came. */
  readonly offeredPerSecond: number;
  /** Calls a second that succeeded, of all that came. */
  readonly throughputPerSecond: number;
  /** Calls a second that succeeded in time, of all that came. */
  readonly goodputPerSecond: number;
  /** `good / calls`. */
  readonly goodRatio: number;
  /** Requests that reached the servers. */
  readonly requests: number;
  /** `requests / calls`: above 1 for retries and hedges, below 1 for what was refused before. */
  readonly amplification: number;
  /** How long the calls that succeeded took. */
  readonly latency: Latencies;
  /** How it went, one after the other. */
  readonly slices: readonly SimulationSlice[];
  /** The servers, in the order in which they were made. */
  readonly servers: readonly ServerReport[];
  /** Changes when any call comes, or ends, at another time or otherwise; sixteen hexadecimal digits. */
  readonly trace: string;
}

/** When a service is taken to have recovered: see {@link timeToRecover}. */
export interface Recovery {
  /** When the trouble was over, in ms after the start. */
  readonly fromMs: number;
  /** The part of the calls that have to succeed in time. @default 0.95 */
  readonly goodRatio?: number;
  /** For how long, in ms. @default 3_000 */
  readonly forMs?: number;
}

/**
 * How long it took from `fromMs` until calls succeeded again, in ms and whole slices; `Infinity` when they
 * did not before the end.
 *
 * @throws RangeError when an option is no number that fits.
 */
export function timeToRecover(report: SimulationReport, recovery: Recovery): number {
  const { fromMs, goodRatio = 0.95, forMs = 3_000 } = recovery;
  checkNumber('timeToRecover', 'fromMs', fromMs, { min: 0, max: report.durationMs });
  checkNumber('timeToRecover', 'goodRatio', goodRatio, { above: 0, max: 1 });
  checkNumber('timeToRecover', 'forMs', forMs, { above: 0, max: report.durationMs });
  let since = Infinity;
  for (const slice of report.slices) {
    if (slice.fromMs < fromMs) continue;
    if (slice.goodRatio < goodRatio) since = Infinity;
    else since = Math.min(since, slice.fromMs);
    const end = report.slices[report.slices.indexOf(slice) + 1]?.fromMs ?? report.durationMs;
    if (end - since >= forMs) return since - fromMs;
  }
  return Infinity;
}
