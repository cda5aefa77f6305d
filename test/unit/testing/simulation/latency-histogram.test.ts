import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LatencyHistogram } from '../../../../src/testing/simulation/latency-histogram.js';

describe('a histogram of latencies', () => {
  it('tells each quantile within 1 % of the one by sorting', () => {
    const spans = fc.array(fc.double({ min: 0.01, max: 1e9, noNaN: true }), { minLength: 1, maxLength: 300 });
    fc.assert(
      fc.property(spans, fc.double({ min: 0, max: 1, noNaN: true }), (all, part) => {
        const histogram = new LatencyHistogram();
        for (const ms of all) histogram.add(ms);
        const sorted = [...all].sort((a, b) => a - b);
        const exact = sorted[Math.max(1, Math.ceil(part * all.length)) - 1]!;
        expect(Math.abs(histogram.quantile(part) / exact - 1)).toBeLessThan(0.0101);
      }),
    );
  });

  it('knows the mean and the longest exactly', () => {
    const histogram = new LatencyHistogram();
    for (const ms of [1, 2, 6]) histogram.add(ms);
    expect(histogram.report()).toMatchObject({ count: 3, meanMs: 3, maxMs: 6 });
  });

  it('takes what is as short or as long as nothing else', () => {
    const histogram = new LatencyHistogram();
    histogram.add(0);
    expect(histogram.report()).toMatchObject({ p50Ms: 0, maxMs: 0 });
    histogram.add(1e300);
    expect(histogram.report().maxMs).toBe(1e300);
    expect(histogram.quantile(1)).toBeGreaterThan(1e9);
  });

  it('says 0 of nothing', () => {
    const none = { count: 0, meanMs: 0, p50Ms: 0, p90Ms: 0, p99Ms: 0, p999Ms: 0, maxMs: 0 };
    expect(new LatencyHistogram().report()).toEqual(none);
  });
});
