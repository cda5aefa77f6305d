import { describe, expect, it } from 'vitest';
import { LoadSlope } from '../../../src/core/load-slope.js';

describe('the slope of latency over load, from window to window', () => {
  /** Whether a window with so much more load and latency makes the windows before count for nothing. */
  function breaks(loadFactor: number, latencyFactor: number, error = 0): boolean {
    const seen = new LoadSlope();
    for (const load of [8, 10]) seen.add(load, 100, 0);
    seen.add(10 * loadFactor, 100 * latencyFactor, error ** 2);
    return Math.abs(seen.level - 100 * latencyFactor) < 1e-9 && seen.upper(0) === Number.POSITIVE_INFINITY;
  }

  it.each([
    ['more load: no more latency than load', 2, 2, false],
    ['more load: more of latency than of load', 2, 2.2, true],
    ['more load: latency stays', 2, 0.99, false],
    ['more load: less latency', 2, 0.9, true],
    ['less load: as much less latency', 0.5, 0.5, false],
    ['less load: still less latency', 0.5, 0.4, true],
    ['less load: latency stays', 0.5, 1.01, false],
    ['less load: more latency', 0.5, 1.2, true],
  ])('%s', (_, load, latency, broken) => {
    expect(breaks(load, latency)).toBe(broken);
  });

  it('allows for three times the error of the two windows, and a twentieth', () => {
    const slack = 3 * Math.sqrt(2) * 0.1 + 0.05;
    for (const [away, broken] of [
      [0.99, false],
      [1.01, true],
    ] as const) {
      expect(breaks(1, Math.exp(away * slack), 0.1)).toBe(broken);
      expect(breaks(1, Math.exp(-away * slack), 0.1)).toBe(broken);
    }
  });

  it('weighs a window nine tenths of the one after it, and adds twice the error of the slope', () => {
    const seen = new LoadSlope();
    const windows = [
      [10, 100],
      [20, 110],
      [14, 108],
      [30, 130],
    ] as const;
    let [weights, meanX, meanY] = [0, 0, 0];
    for (const [load, latency] of windows) seen.add(load, latency, 0);
    const weighed = windows.map(([load, latency], at) => {
      const weight = 0.9 ** (windows.length - 1 - at);
      weights += weight;
      meanX += weight * Math.log(load);
      meanY += weight * Math.log(latency);
      return { weight, x: Math.log(load), y: Math.log(latency) };
    });
    meanX /= weights;
    meanY /= weights;
    const spread = weighed.reduce((sum, { weight, x }) => sum + weight * (x - meanX) ** 2, 0);
    const together = weighed.reduce((sum, { weight, x, y }) => sum + weight * (x - meanX) * (y - meanY), 0);
    expect(seen.level).toBeCloseTo(Math.exp(meanY), 9);
    expect(seen.upper(0)).toBeCloseTo(together / spread, 9);
    expect(seen.upper(0.01)).toBeCloseTo(together / spread + 2 * Math.sqrt(0.01 / spread), 9);
  });

  it('takes the first window after a clearing as it is', () => {
    const seen = new LoadSlope();
    for (const load of [10, 20]) seen.add(load, 100, 0);
    seen.clear();
    seen.add(10, 900, 0);
    seen.add(20, 900, 0);
    expect([seen.level, seen.upper(0)]).toEqual([expect.closeTo(900, 6), expect.closeTo(0, 6)]);
  });
});
