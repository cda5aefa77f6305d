/**
 * The smallest limit with which a server of `workers` does `part` of what it can, when calls without memory
 * come `load` times as fast as it can serve them and those above the limit are lost: the queue M/M/c/K.
 */
export function optimalLimit(workers: number, load: number, part: number): number {
  const weights = [1];
  for (let limit = 1; ; limit++) {
    weights.push((weights[limit - 1]! * load * workers) / Math.min(limit, workers));
    const all = weights.reduce((sum, weight) => sum + weight, 0);
    const busy = weights.reduce((sum, weight, calls) => sum + weight * Math.min(calls, workers), 0);
    if (busy / all >= part * workers) return limit;
  }
}
