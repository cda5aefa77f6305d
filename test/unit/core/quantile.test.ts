import { describe, expect, it } from 'vitest';
import { QuantileWindow } from '../../../src/core/quantile.js';
import { seededRandom } from '../../../src/testing/seeded-random.js';

const windowOf = (rules: Partial<QuantileWindow['rules']> = {}) =>
  new QuantileWindow({ ratio: 0.95, minSamples: 1, windowCalls: 64, ...rules });

function recorded(durations: readonly number[], rules: Partial<QuantileWindow['rules']> = {}) {
  const window = windowOf({ windowCalls: 2 * durations.length, ...rules });
  for (const ms of durations) window.record(ms, false);
  return window;
}

/** What the definition says, from all durations. */
function exact(durations: readonly number[], ratio: number): number {
  const sorted = [...durations].sort((a, b) => a - b);
  return sorted[Math.ceil(ratio * sorted.length - 1e-9) - 1]!;
}

it('tells the rules it goes by', () => {
  const rules = { ratio: 0.9, minSamples: 3, windowCalls: 10 };
  const window = new QuantileWindow(rules);
  expect(window.rules).toBe(rules);
  window.amend({ ...rules, ratio: 0.5 });
  expect(window.rules).toEqual({ ...rules, ratio: 0.5 });
});

describe('a quantile of whole durations', () => {
  const random = seededRandom(11);
  const shapes: readonly [string, () => number][] = [
    ['exponential', () => -50 * Math.log(1 - random())],
    ['bimodal', () => (random() < 0.9 ? 10 + random() : 900 + random())],
    ['constant', () => 103],
    ['from microseconds to minutes', () => 10 ** (7 * random() - 1)],
  ];
  it.each(shapes)('is never below the exact one and at most 2.2 % above it: %s', (_, draw) => {
    const durations = Array.from({ length: 400 }, draw);
    for (const ratio of [0.5, 0.9, 0.95, 0.99]) {
      const found = recorded(durations, { ratio }).quantileMs!;
      const wanted = exact(durations, ratio);
      expect(found).toBeGreaterThanOrEqual(wanted * (1 - 1e-9));
      expect(found).toBeLessThanOrEqual(Math.max(wanted * 1.022, 1 / 16));
    }
  });

  it('is met exactly by a share that is the ratio', () => {
    const durations = [...new Array<number>(95).fill(10), ...new Array<number>(5).fill(1_000)];
    expect(recorded(durations).quantileMs).toBeLessThan(10.3);
    expect(recorded([...durations, 1_000]).quantileMs).toBeGreaterThan(999);
  });

  it('is unknown before there are enough of them', () => {
    const window = windowOf({ minSamples: 3 });
    for (let samples = 0; samples < 3; samples++) {
      expect([window.samples, window.quantileMs]).toEqual([samples, undefined]);
      window.record(8, false);
    }
    expect(window.quantileMs).toBeCloseTo(8, 0);
  });

  it.each([0, -5, Number.NaN, 1e-9])('takes %d for next to nothing', ms => {
    expect(recorded([ms]).quantileMs).toBe(1 / 16);
  });

  it.each([2 ** 22, 2 ** 31, Number.MAX_VALUE, Infinity])('takes %d for 70 minutes', ms => {
    expect(recorded([ms]).quantileMs).toBe(2 ** 22);
  });

  it('forgets what is older than a window, and nothing of the latest half', () => {
    const window = windowOf({ ratio: 0.5, windowCalls: 20 });
    const feed = (ms: number, times: number) => {
      for (let n = 0; n < times; n++) window.record(ms, false);
      return Math.round(window.quantileMs!);
    };
    feed(100, 40);
    expect(window.samples).toBe(20);
    // At the eleventh of them the last of the old ones are gone.
    expect(feed(1_000, 10)).toBe(101);
    expect(feed(1_000, 1)).toBeGreaterThan(999);
    expect(window.samples).toBe(11);
  });

  it('is found anew for each part of a large window, not for each duration', () => {
    const window = windowOf({ ratio: 0.5, windowCalls: 640 });
    window.record(10, false);
    const first = window.quantileMs!;
    for (let n = 0; n < 9; n++) window.record(1_000, false);
    expect(window.quantileMs).toBe(first);
    window.record(1_000, false);
    expect(window.quantileMs).toBeGreaterThan(999);
  });
});

describe('a quantile of durations that were cut short (HG8)', () => {
  it('says at least the longest when too much was cut short to know it', () => {
    const window = windowOf();
    for (let n = 0; n < 10; n++) window.record(40, true);
    expect(window.quantileMs).toBeGreaterThanOrEqual(40);
    expect(window.quantileMs).toBeLessThan(41);
  });

  it('is the product-limit estimate', () => {
    // Kaplan and Meier by hand: 10 watched, 1 ends at 10 (0.9), 1 is cut at 20, of 8 two end at 30 (0.675), …
    const window = windowOf({ ratio: 0.5, windowCalls: 20 });
    const told: readonly [number, boolean][] = [
      [10, false],
      [20, true],
      [30, false],
      [30, false],
      [40, true],
      [40, true],
      [40, true],
      // Of the three that are left the next takes 0.675 to 0.45.
      [50, false],
      [60, false],
      [70, false],
    ];
    for (const [ms, cut] of told) window.record(ms, cut);
    expect(Math.round(window.quantileMs!)).toBe(50);
  });

  it('counts nothing that was cut short at once', () => {
    const alone = recorded([10, 20, 30, 40], { ratio: 0.75 }).quantileMs;
    const window = windowOf({ ratio: 0.75, windowCalls: 64 });
    for (let n = 0; n < 20; n++) window.record(0, true);
    for (const ms of [10, 20, 30, 40]) window.record(ms, false);
    expect(window.quantileMs).toBe(alone);
  });
});

/** Calls whose hedge, started at the quantile, cuts them short when it is done first. */
function hedgeCalls(calls: number, seed: number, draw: (random: () => number) => number, censor = true) {
  const random = seededRandom(seed);
  const window = windowOf({ minSamples: 100, windowCalls: 1_000 });
  let hedged = 0;
  let counted = 0;
  for (let call = 0; call < calls; call++) {
    const delayMs = window.quantileMs ?? Infinity;
    const primaryMs = draw(random);
    const cutMs = delayMs + draw(random);
    if (call >= 1_000) counted++;
    if (call >= 1_000 && primaryMs > delayMs) hedged++;
    if (cutMs >= primaryMs) window.record(primaryMs, false);
    else if (censor) window.record(cutMs, true);
  }
  return { share: hedged / counted, delayMs: window.quantileMs! };
}

describe('hedging at the 95th percentile', () => {
  const calls = 21_000;
  // The share varies by chance, and so does the quantile that it is measured against: both alike.
  const sigma = Math.sqrt((2 * 0.05 * 0.95) / (calls - 1_000));
  const exponential = (random: () => number) => -20 * Math.log(1 - random());
  const longTailed = (random: () => number) => 5 * (1 - random()) ** (-1 / 1.5);

  it.each([
    ['exponential', 1, exponential],
    ['exponential', 2, exponential],
    ['exponential', 3, exponential],
    ['long-tailed', 4, longTailed],
    ['long-tailed', 5, longTailed],
    ['long-tailed', 6, longTailed],
  ] as const)('adds a twentieth of the load, within 3 sigma: %s, seed %i (HG6)', (_, seed, draw) => {
    const { share } = hedgeCalls(calls, seed, draw);
    expect(Math.abs(share - 0.05)).toBeLessThan(3 * sigma);
  });

  it('keeps its delay, which would fall if what was cut short were dropped (HG8)', () => {
    const exactMs = 5 * 0.05 ** (-1 / 1.5);
    const kept = hedgeCalls(calls, 7, longTailed);
    const dropped = hedgeCalls(calls, 7, longTailed, false);
    expect(Math.abs(kept.delayMs / exactMs - 1)).toBeLessThan(0.25);
    expect(dropped.share).toBeGreaterThan(2 * kept.share);
  });
});
