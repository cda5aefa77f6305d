import type { DashboardAction } from './dashboard-options.js';

/** What a dashboard tells. `at` is epoch ms. */
export interface DashboardEvents {
  /** Somebody wanted to act: a line of an audit. */
  acted: {
    readonly dashboard: string;
    readonly at: number;
    /** As `authorise` said; null where it said no. */
    readonly who: string | null;
    readonly action: DashboardAction;
    /** `refused`: `authorise` said no, or failed; `failed`: the thing did. */
    readonly outcome: 'done' | 'failed' | 'refused';
    readonly error: unknown;
  };
  /** Somebody looks. */
  joined: { readonly dashboard: string; readonly at: number; readonly viewers: number };
  /** Somebody looks no more. */
  left: { readonly dashboard: string; readonly at: number; readonly viewers: number };
  /** Somebody was turned away: there are `maxViewers`. */
  turnedAway: { readonly dashboard: string; readonly at: number; readonly viewers: number };
}

/** The names of all events. */
export const dashboardEvents: readonly (keyof DashboardEvents)[] = ['acted', 'joined', 'left', 'turnedAway'];
