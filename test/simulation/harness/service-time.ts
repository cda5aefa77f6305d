/** Draws the next span, in ms: of a service, or between two arrivals. */
export type Draw = () => number;

/** Every span is the same. */
export function deterministic(meanMs: number): Draw {
  return () => meanMs;
}

/** Spans without memory: of services, or between the arrivals of a Poisson stream. */
export function exponential(meanMs: number, random: () => number): Draw {
  // 1 - random() is never 0, whose logarithm would be an endless span.
  return () => -meanMs * Math.log(1 - random());
}

/** A cache in front of something slow: one in ten takes ten times as long as the others. */
export function bimodal(meanMs: number, random: () => number): Draw {
  const fast = meanMs / 1.9;
  return () => (random() < 0.1 ? 10 * fast : fast);
}
