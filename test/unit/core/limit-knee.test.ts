import { describe, expect, it } from 'vitest';
import { near, Shown, settled } from './shown-knee.js';

describe('knee, of which nothing is known', () => {
  it('measures with half of the calls that are in flight, and goes back where none queued', () => {
    for (const [load, half] of [
      [100, 50],
      [80, 40],
      [130, 50],
    ] as const) {
      const shown = new Shown(100);
      expect(shown.see(load, 70)).toEqual([half, true]);
      expect(shown.see(half, 70)[1]).toBe(false);
    }
  });

  it('goes down by halves until latency does not follow, and to the knee from there', () => {
    const shown = new Shown(100);
    // Ten workers, 100 ms a call.
    expect(shown.see(100, 1_000)).toEqual([50, true]);
    expect(shown.see(50, 500)).toEqual([25, true]);
    expect(shown.see(25, 250)).toEqual([12.5, true]);
    expect(shown.see(12.5, 125)).toEqual([6.25, true]);
    // Twelve were one queue, ten would have been none: a few more than those.
    expect(shown.see(6.25, 100)).toEqual([12.5, false]);
    expect(shown.see(12.5, 125)).toEqual(near((12.5 + 10 + 3) / 2, false));
  });

  it('goes no further down than it may, and takes what it finds there', () => {
    const shown = new Shown(100, { minLimit: 30 });
    shown.see(100, 1_000);
    expect(shown.see(50, 500)).toEqual([30, true]);
    expect(shown.see(30, 300)).toEqual([30, false]);
    // As nothing was learned, it tries again; with the same load there is nothing else to go by.
    expect(shown.see(30, 300)).toEqual([30, true]);
    expect(shown.see(30, 300)).toEqual([30, false]);
    expect(shown.see(30, 600)).toEqual(near(30, false));
  });
});

describe('a step of knee', () => {
  it('goes half of the way to the calls that did not queue, and three', () => {
    expect(settled(100, 100).see(100, 125, { errorMs: 40 })).toEqual(near((100 + 80 + 3) / 2, false));
  });

  it('waits for the calls of before where it goes down by more than a fifth', () => {
    expect(settled(100, 100).see(100, 200)).toEqual(near((100 + 50 + 3) / 2, true));
    expect(settled(30, 100).see(30, 200)).toEqual(near(24, false));
  });

  it('leaves more room where many are in flight', () => {
    expect(settled(400, 100).see(400, 200)).toEqual(near((400 + 200 + 5) / 2, true));
  });

  it('grows with each window without a queue from the third on, to twice the limit at most', () => {
    const shown = settled(100, 100);
    const limits = [101.5, 103, 109, 121, 145];
    expect(limits.map(() => shown.see(shown.knee.limit, 100)[0])).toEqual(limits);
    const small = settled(1, 100);
    expect([1, 2, 3].map(() => small.see(small.knee.limit, 100)[0])).toEqual([2.5, 4, 8]);
  });

  it('begins anew with that after a window with a queue', () => {
    const shown = settled(100, 100).repeat(2, 100, 100);
    const before = shown.see(103, 125)[0];
    expect(shown.see(before, 100)).toEqual(near(before + 1.5, false));
  });

  it('takes half of the room for no queue', () => {
    for (const [meanMs, limit] of [
      [120, 20.25],
      [121, 15.75],
    ] as const) {
      const shown = settled(12, 105, {}, 20);
      const first = shown.see(12, meanMs, { errorMs: 20 })[0];
      expect(first).toBeCloseTo((12 + (12 * 105) / meanMs + 3) / 2, 6);
      const third = shown.repeat(2, 12, 105, { errorMs: 20 }).knee.limit;
      expect(third - first).toBeCloseTo(limit - 12.75, 6);
    }
  });

  it('goes down by a tenth where more than a twentieth of the calls was dropped', () => {
    expect(settled(100, 100).see(100, 100, { drops: 5 })).toEqual(near(101.5, false));
    expect(settled(100, 100).see(100, 100, { drops: 6 })).toEqual([90, true]);
  });

  it('is none while less than half of the limit is used, which moves the baseline by a tenth', () => {
    const shown = settled(100, 100);
    expect(shown.see(45, 200, { peak: 49 })).toEqual([100, false]);
    expect(shown.see(100, 137.5, { errorMs: 40 })).toEqual(near((100 + 80 + 3) / 2, false));
    expect(settled(100, 100).see(45, 100, { peak: 50 })).toEqual(near(101.5, false));
  });
});

describe('the baseline of knee', () => {
  it('falls to a latency that is clearly less, and may be off by a tenth then', () => {
    const shown = settled(100, 100);
    expect(shown.see(100, 50)).toEqual(near(101.5, false));
    // Four times the error of a tenth would be 20 ms.
    expect(shown.see(100, 35)).toEqual(near(103, false));
    expect(shown.see(100, 100)).toEqual(near((103 + 51.5 + 3) / 2, true));
  });

  it('stays where the error of a window explains what is less', () => {
    const shown = settled(100, 100);
    expect(shown.see(100, 70, { errorMs: 10 })).toEqual(near(101.5, false));
    expect(shown.see(100, 100, { errorMs: 40 })).toEqual(near(103, false));
  });

  it('stays where rounding explains it, and at what it is', () => {
    for (const meanMs of [1, 1 - 3e-6]) {
      const shown = settled(100, 1, { maxLimit: 100 });
      for (let window = 1; window < 16; window++) expect(shown.see(100, meanMs)).toEqual([100, false]);
      expect(shown.see(100, 1)[1]).toBe(true);
    }
  });

  it('is not in doubt for what rounding explains', () => {
    const shown = settled(100, 100);
    shown.see(100, 100 - 2e-4);
    // A baseline that may be off by a tenth would not go down here.
    shown.see(100, 80);
    expect(shown.see(103, 100)).toEqual(near((103 + 0.8 * 103 + 3) / 2, false));
  });

  it('goes half of the way to latency that does not follow load, and is measured again soon', () => {
    const shown = settled(100, 100);
    // A jump, so that windows of before count for nothing.
    expect(shown.see(100, 300)).toEqual(near((100 + 100 / 3 + 3) / 2, true));
    const before = shown.knee.limit;
    // The errors are small against what the load has moved.
    expect(shown.see(before, 300, { errorMs: 1 })).toEqual(
      near((before + (before * 200) / 300 + 3) / 2, false),
    );
    const limit = shown.knee.limit;
    expect(shown.see(limit, 300, { errorMs: 1 })).toEqual(near((limit + (limit * 250) / 300 + 3) / 2, false));
  });

  it('does not go down to a level of latency that its error explains', () => {
    const shown = settled(100, 100);
    shown.see(100, 95, { errorMs: 5 });
    expect(shown.see(101.5, 100, { errorMs: 40 })).toEqual(near(103, false));
  });

  it('does not follow where latency follows load, or where the error may be hiding that', () => {
    for (const errorMs of [0, 40]) {
      const shown = settled(100, 100);
      shown.see(100, errorMs === 0 ? 190 : 110, { errorMs });
      const before = shown.knee.limit;
      expect(shown.see(before, 200, { errorMs: 40 })).toEqual(near((before + before / 2 + 3) / 2, true));
    }
  });
});
