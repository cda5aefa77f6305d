import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LatencyBuckets } from '../../../src/observe/latency-buckets.js';

const spans = fc.array(fc.double({ min: 0, max: 2_000_000, noNaN: true }), { minLength: 1, maxLength: 200 });
const MOST_OVER = 1 + 1 / 31;

describe('latency buckets', () => {
  it('answer no quantile below that of what was recorded, and none 3.3 % and 1 µs above it', () => {
    fc.assert(
      fc.property(spans, fc.double({ min: 0.001, max: 1, noNaN: true }), (all, ratio) => {
        const buckets = new LatencyBuckets();
        for (const ms of all) buckets.add(ms);
        const sorted = [...all].sort((a, b) => a - b);
        const truth = sorted[Math.max(1, Math.ceil(ratio * all.length)) - 1]!;
        const [told] = buckets.quantiles(ratio);
        expect(told).toBeGreaterThanOrEqual(truth);
        expect(told).toBeLessThanOrEqual(truth * MOST_OVER + 0.001 + 1e-9);
      }),
    );
  });

  it('taken together are those of all that was recorded', () => {
    fc.assert(
      fc.property(spans, spans, (some, others) => {
        const [a, b, both] = [new LatencyBuckets(), new LatencyBuckets(), new LatencyBuckets()];
        for (const ms of some) a.add(ms);
        for (const ms of others) b.add(ms);
        for (const ms of [...some, ...others]) both.add(ms);
        a.merge(b);
        const ratios = [0.01, 0.5, 0.9, 1];
        expect(a.quantiles(...ratios)).toEqual(both.quantiles(...ratios));
        expect([a.size, a.maxMs]).toEqual([both.size, both.maxMs]);
      }),
    );
  });

  it('count as many up to a bound as there are, but for those within 3.3 % below it', () => {
    fc.assert(
      fc.property(spans, fc.double({ min: 0.1, max: 100_000, noNaN: true }), (all, bound) => {
        const buckets = new LatencyBuckets();
        for (const ms of all) buckets.add(ms);
        const [told, every] = buckets.upTo([bound, Infinity]);
        expect(told).toBeLessThanOrEqual(all.filter(ms => ms <= bound).length);
        const surely = all.filter(ms => ms * MOST_OVER + 0.001 < bound).length;
        expect(told).toBeGreaterThanOrEqual(surely);
        expect(every).toBe(all.length);
      }),
    );
  });
});
