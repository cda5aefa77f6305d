import type { CircuitRules } from './circuit-rules.js';
import { TimeWindow } from './time-window.js';
import { CountWindow, type Window } from './window.js';

/** The window that the rules ask for; none when no rule looks at one. */
export function windowFor(rules: CircuitRules, now: number): Window | undefined {
  const { slowMs, slowRatio, trip, windowCalls, windowMs, buckets } = rules;
  const tracksSlow = slowMs < Infinity || slowRatio < Infinity || trip !== undefined;
  if (windowCalls > 0) return new CountWindow(windowCalls, tracksSlow);
  return windowMs > 0 ? new TimeWindow(windowMs, buckets, now) : undefined;
}
