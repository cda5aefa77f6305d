import type { EventNames } from '../kernel/events.js';
import type { OptionChanges } from '../kernel/live-options.js';
import type { AdaptiveAlgorithm, AdaptiveLimiterOptions } from './adaptive-limiter-options.js';

/** What an adaptive limiter tells. `at` is epoch ms, `policy` its name. */
export interface AdaptiveLimiterEvents {
  /** A window of calls has moved the limit, or `reset` or `update` has. */
  limitChanged: { readonly policy: string; readonly from: number; readonly to: number; readonly at: number };
  /** A call was refused: at the limit, or below it for its low priority. */
  rejected: { readonly policy: string; readonly reason: 'limit' | 'priority'; readonly at: number };
  /** Options were changed by `update`. */
  updated: { readonly policy: string; readonly changes: OptionChanges; readonly at: number };
}

/** The names of all events. */
export const adaptiveLimiterEvents: EventNames<AdaptiveLimiterEvents> = {
  limitChanged: true,
  rejected: true,
  updated: true,
};

/** What can be changed while it works. */
export type AdaptiveLimiterUpdate = Partial<Omit<AdaptiveLimiterOptions, 'algorithm' | 'name' | 'clock'>>;

/** What an adaptive limiter is like at a moment. */
export interface AdaptiveLimiterSnapshot {
  /** That of the limiter. */
  readonly name: string;
  /** How many operations may run now. */
  readonly limit: number;
  /** Operations that run. */
  readonly inFlight: number;
  /** Calls refused since it was made. */
  readonly rejected: number;
  /** Windows judged since it was made. */
  readonly windows: number;
  /** Operations that run, for each partition. */
  readonly partitions: Readonly<Record<string, number>>;
}

/** How an adaptive limiter was made; a span of `Infinity` is null, as in JSON. */
export interface AdaptiveLimiterDescription {
  /** Which policy this is. */
  readonly kind: 'adaptive-limiter';
  /** See the options of this name, here and below. */
  readonly name: string;
  /** What sets the limit. */
  readonly algorithm: AdaptiveAlgorithm;
  /** The limit to begin with. */
  readonly initialLimit: number;
  /** The least that it can be. */
  readonly minLimit: number;
  /** The most that it can be. */
  readonly maxLimit: number;
  /** The least length of a window, in ms. */
  readonly windowMs: number;
  /** The least number of calls in a window. */
  readonly windowSamples: number;
  /** What a priority below 0 costs. */
  readonly shedRatio: number;
  /** The lag that spoils samples, in ms. */
  readonly maxLagMs: number | null;
  /** The share of each partition. */
  readonly partitions: Readonly<Record<string, number>>;
  /** The name of the function, here and below; left out where there is none. */
  readonly partitionOf?: string;
  /** Tells signs of overload. */
  readonly overload?: string;
  /** Judges outcomes. */
  readonly classify?: string;
}
