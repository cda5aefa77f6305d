import fc from 'fast-check';
import { expect, it } from 'vitest';
import { QuantileWindow } from '../../src/core/quantile.js';

interface Duration {
  readonly ms: number;
  readonly cut: boolean;
}

/** The product-limit estimate by its definition, from the durations themselves. */
function productLimit(durations: readonly Duration[], ratio: number): number {
  const ends = [...new Set(durations.map(({ ms }) => ms))].sort((a, b) => a - b);
  let surviving = 1;
  for (const end of ends) {
    const watched = durations.filter(({ ms }) => ms >= end).length;
    const ended = durations.filter(({ ms, cut }) => ms === end && !cut).length;
    surviving *= 1 - ended / watched;
    if (surviving <= 1 - ratio + 1e-12) return end;
  }
  return ends.at(-1)!;
}

// Powers of 1.1 lie in buckets of their own, so that only what falls together by definition falls together.
const durations = fc.array(
  fc.record({ ms: fc.integer({ min: 0, max: 60 }).map(power => 1.1 ** power), cut: fc.boolean() }),
  { minLength: 1, maxLength: 60 },
);

it('a quantile is the product-limit estimate of the latest half to whole window', () => {
  fc.assert(
    fc.property(
      durations,
      fc.integer({ min: 1, max: 99 }),
      fc.integer({ min: 1, max: 30 }),
      (all, percent, half) => {
        const ratio = percent / 100;
        const window = new QuantileWindow({ ratio, minSamples: 1, windowCalls: 2 * half });
        for (const [index, { ms, cut }] of all.entries()) {
          window.record(ms, cut);
          const { samples } = window;
          expect(samples).toBeLessThanOrEqual(2 * half);
          expect(samples).toBeGreaterThan(Math.min(index, half));
          const wanted = productLimit(all.slice(index + 1 - samples, index + 1), ratio);
          const found = window.quantileMs!;
          expect(found).toBeGreaterThanOrEqual(wanted * (1 - 1e-9));
          expect(found).toBeLessThanOrEqual(wanted * 1.022);
        }
      },
    ),
  );
});
