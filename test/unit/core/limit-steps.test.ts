import { describe, expect, it } from 'vitest';
import type { LimitAlgorithm, LimitBounds } from '../../../src/core/concurrency-limit.js';
import { AimdLimit } from '../../../src/core/limit-aimd.js';
import { Gradient2Limit } from '../../../src/core/limit-gradient2.js';
import { VegasLimit } from '../../../src/core/limit-vegas.js';

const bounds: LimitBounds = { minLimit: 1, maxLimit: 1_000 };

/** Shows `algorithm` one window, as used as can be; answers whether the next one has to wait. */
function see(algorithm: LimitAlgorithm, meanMs: number, { drops = 0, peak = algorithm.limit } = {}): boolean {
  return algorithm.update({ samples: 100, drops, meanMs, errorMs2: 0, meanInFlight: peak, peak });
}

describe('a step of AIMD', () => {
  it('waits for calls of before to be gone where it went down, and only there', () => {
    const aimd = new AimdLimit(20, bounds);
    expect([see(aimd, 1), aimd.limit]).toEqual([false, 21]);
    expect([see(aimd, 1, { peak: 10 }), aimd.limit]).toEqual([false, 21]);
    expect([see(aimd, 1, { drops: 1 }), aimd.limit]).toEqual([true, 0.9 * 21]);
  });
});

describe('a step of gradient2', () => {
  /** One that has seen so many windows of 100 ms that nobody needed. */
  function used(windows: number): Gradient2Limit {
    const gradient2 = new Gradient2Limit(100, bounds);
    for (let window = 0; window < windows; window++) see(gradient2, 100, { peak: 1 });
    return gradient2;
  }

  /** What it takes for usual: shown by a window that is twice as slow, or by half of what comes of it. */
  function longMs(gradient2: Gradient2Limit, nowMs: number, share: number): number {
    const before = gradient2.limit;
    see(gradient2, nowMs);
    const gradient = 1 - (1 - gradient2.limit / before) / 0.2;
    // The window itself has moved the mean by its share.
    return ((gradient * nowMs) / 1.5 - share * nowMs) / (1 - share);
  }

  it('goes a fifth of the way to four more while latency is tolerable', () => {
    const gradient2 = new Gradient2Limit(20, bounds);
    expect(see(gradient2, 100)).toBe(false);
    expect(gradient2.limit).toBeCloseTo(20.8, 9);
  });

  it('goes a fifth of the way to where the long mean stands to latency, with no room for a queue', () => {
    const gradient2 = used(10);
    const long = 100 + (100 * 2) / 1010;
    expect(see(gradient2, 200)).toBe(false);
    expect(gradient2.limit).toBeCloseTo(100 * (1 - 0.2 * (1 - (1.5 * long) / 200)), 9);
  });

  it('stays while less than half of the limit is used, not while half is', () => {
    const gradient2 = new Gradient2Limit(20, bounds);
    expect(see(gradient2, 100, { peak: 9 })).toBe(false);
    expect(gradient2.limit).toBe(20);
    see(gradient2, 100, { peak: 10 });
    expect(gradient2.limit).toBeCloseTo(20.8, 9);
  });

  it('goes down by a tenth with a drop, and waits for the calls of before', () => {
    const gradient2 = new Gradient2Limit(20, bounds);
    expect([see(gradient2, 100, { drops: 1 }), gradient2.limit]).toEqual([true, 18]);
  });

  it('takes the mean of the first ten windows for usual', () => {
    const gradient2 = used(9);
    see(gradient2, 200, { peak: 1 });
    expect(longMs(gradient2, 300, 2 / 1010)).toBeCloseTo(110, 6);
  });

  it('follows falls ten times as fast as rises', () => {
    const faster = used(10);
    see(faster, 60, { peak: 1 });
    expect(longMs(faster, 200, 2 / 1010)).toBeCloseTo(100 - (40 * 2) / 101, 6);
    const slower = used(10);
    see(slower, 140, { peak: 1 });
    expect(longMs(slower, 200, 2 / 1010)).toBeCloseTo(100 + (40 * 2) / 1010, 6);
  });

  it('comes back sooner from more than twice of what calls take now', () => {
    const gradient2 = used(10);
    see(gradient2, 40, { peak: 1 });
    expect(longMs(gradient2, 200, 2 / 1010)).toBeCloseTo(0.95 * (100 - (60 * 2) / 101), 6);
    const twice = new Gradient2Limit(100, bounds);
    // Their mean is 200: twice of the latest, and not more.
    for (const meanMs of [300, 100]) see(twice, meanMs, { peak: 1 });
    expect(longMs(twice, 800, 1 / 3)).toBeCloseTo(200, 6);
  });
});

describe('a step of vegas', () => {
  /** Shows a window in which so many calls are taken to queue, 100 ms being the shortest. */
  function queued(vegas: VegasLimit, queue: number): boolean {
    return see(vegas, 100 / (1 - (queue - 0.5) / vegas.limit));
  }

  /** One that has seen 100 ms, and a drop, after which it doubles no more. */
  function after(limit: number): VegasLimit {
    const vegas = new VegasLimit(limit / 0.9, bounds);
    see(vegas, 100, { peak: 1 });
    see(vegas, 100, { drops: 1 });
    expect(vegas.limit).toBeCloseTo(limit, 9);
    return vegas;
  }

  it('doubles until it sees a queue of more than a step', () => {
    const vegas = new VegasLimit(10, bounds);
    expect([see(vegas, 100), vegas.limit]).toEqual([false, 20]);
    // log10(40) is 1.6: a queue of one is none yet.
    see(vegas, 100);
    queued(vegas, 1);
    expect(vegas.limit).toBe(80);
    queued(vegas, 2);
    expect(vegas.limit).toBeCloseTo(80 + Math.log10(80), 9);
    queued(vegas, 1);
    expect(vegas.limit).toBeLessThan(100);
  });

  it('doubles with a queue of just a step', () => {
    const vegas = new VegasLimit(5, bounds);
    see(vegas, 100);
    expect(vegas.limit).toBe(10);
    queued(vegas, 1);
    expect(vegas.limit).toBe(20);
  });

  it.each([
    [100, 1, 12],
    [100, 2, 12],
    [100, 3, 2],
    [100, 5, 2],
    [100, 6, 0],
    [100, 12, 0],
    [100, 13, -2],
    // Below ten a step is one.
    [9, 1, 6],
    [9, 2, 1],
    [9, 3, 0],
    [9, 6, 0],
    [9, 7, -1],
  ])('at a limit of %i with %i in the queue is one by %i', (limit, queue, change) => {
    const vegas = after(limit);
    expect(queued(vegas, queue)).toBe(false);
    expect(vegas.limit).toBeCloseTo(limit + change, 6);
  });

  it('with a drop is one of a tenth or of a step, whichever is more, and waits', () => {
    for (const [limit, left] of [
      [100, 90],
      [4, 3],
    ] as const) {
      const vegas = new VegasLimit(limit, bounds);
      expect([see(vegas, 100, { drops: 1 }), vegas.limit]).toEqual([true, left]);
    }
  });

  it('is one while half of the limit is used, and none below', () => {
    const vegas = new VegasLimit(10, bounds);
    expect([see(vegas, 100, { peak: 4 }), vegas.limit]).toEqual([false, 10]);
    expect([see(vegas, 100, { peak: 5 }), vegas.limit]).toEqual([false, 20]);
  });

  it('is a measurement with half of the limit in every sixtieth window, and the way back from it', () => {
    const vegas = new VegasLimit(20, { minLimit: 1, maxLimit: 20 });
    for (let window = 1; window < 60; window++) {
      expect([see(vegas, 100), vegas.limit]).toEqual([false, 20]);
    }
    expect([see(vegas, 100), vegas.limit]).toEqual([true, 10]);
    expect([see(vegas, 100), vegas.limit]).toEqual([false, 20]);
    for (let window = 1; window < 60; window++) see(vegas, 100);
    expect([see(vegas, 100), vegas.limit]).toEqual([true, 10]);
  });
});
