import { monitorEventLoopDelay } from 'node:perf_hooks';

const RESOLUTION_MS = 10;

/** Watches for how long this process could not run: its own work, or a machine that is busy with others. */
export function watchStalls() {
  const delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delays.enable();
  return {
    /** The longest so far, in ms. */
    longestMs: () => Math.max(0, delays.max / 1e6 - RESOLUTION_MS),
    stop: () => delays.disable(),
  };
}
