import type { Clock } from '../../../src/kernel/clock.js';
import type { Draw } from './service-time.js';

/** Calls `arrive` again and again, `gapMs()` after the time before, until the function returned is called. */
export function openLoop(clock: Clock, gapMs: Draw, arrive: () => void): () => void {
  let stopped = false;
  const next = (): void => {
    if (stopped) return;
    clock.schedule(gapMs(), next);
    arrive();
  };
  clock.schedule(gapMs(), next);
  return () => {
    stopped = true;
  };
}

/**
 * So many users, each of whom makes a call, waits for its end, thinks for `thinkMs()` and makes the next one.
 */
export function closedLoop(
  clock: Clock,
  users: number,
  thinkMs: Draw,
  arrive: (done: () => void) => void,
): () => void {
  let stopped = false;
  const think = (): void => {
    clock.schedule(thinkMs(), () => {
      if (!stopped) arrive(think);
    });
  };
  for (let user = 0; user < users; user++) think();
  return () => {
    stopped = true;
  };
}
