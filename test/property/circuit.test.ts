import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Verdict } from '../../src/core/circuit.js';
import { breakMs, type CircuitRules } from '../../src/core/circuit-rules.js';
import { tripRule } from '../../src/core/trip-rule.js';
import { CircuitDriver } from '../fixtures/circuit-driver.js';
import { circuitRules } from '../fixtures/circuit-rules.js';

const none = { calls: 0, failures: 0, slow: 0, overdue: 0, consecutiveFailures: 0 };

describe('the failure ratio', () => {
  it('is compared as the fraction that it was written as', () => {
    const decimals = fc.integer({ min: 1, max: 6 }).chain(places => {
      const scale = 10 ** places;
      return fc
        .integer({ min: 1, max: scale })
        .map(part => ({ part, scale, ratio: Number(`${part}e-${places}`) }));
    });
    const counts = fc
      .integer({ min: 1, max: 1e6 })
      .chain(calls => fc.tuple(fc.constant(calls), fc.nat(calls)));
    fc.assert(
      fc.property(decimals, counts, ({ part, scale, ratio }, [calls, failures]) => {
        const meets = BigInt(failures) * BigInt(scale) >= BigInt(part) * BigInt(calls);
        const rule = tripRule({ ...none, calls, failures }, circuitRules({ failureRatio: ratio }));
        expect(rule).toBe(meets ? 'failureRatio' : undefined);
      }),
      { numRuns: 5000 },
    );
  });

  it('is met by its own share of any number of calls', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 100 }),
        fc.integer({ min: 1, max: 10_000 }),
        (percent, hundreds) => {
          const counts = { ...none, calls: 100 * hundreds, failures: percent * hundreds };
          const rules = circuitRules({ failureRatio: percent / 100 });
          expect(tripRule(counts, rules)).toBe('failureRatio');
          expect(tripRule({ ...counts, failures: counts.failures - 1 }, rules)).toBeUndefined();
        },
      ),
    );
  });
});

describe('a break', () => {
  it('lasts a finite time above 0 and never longer than it may', () => {
    const rules = fc.record({
      openMs: fc.double({ min: 1e-3, max: 1e9, noNaN: true }),
      openFactor: fc.double({ min: 1, max: 1e6, noNaN: true }),
      jitterRatio: fc.double({ min: 0, max: 1, noNaN: true }),
      maxRetryAfterMs: fc.nat(1e6),
    });
    const trips = fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 1e6 }));
    const chance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
    fc.assert(
      fc.property(rules, trips, chance, fc.double(), (rules, trips, chance, asked) => {
        const all = circuitRules({ ...rules, maxOpenMs: Math.max(rules.openMs, 60_000) });
        const ms = breakMs(all, trips, () => chance, asked);
        expect(ms).toBeGreaterThan(0);
        expect(ms).toBeLessThanOrEqual(
          asked > 0 ? Math.max(all.maxOpenMs, all.maxRetryAfterMs) : all.maxOpenMs,
        );
      }),
    );
  });

  it('never gets shorter while probes fail, without jitter', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 2000 }),
        fc.double({ min: 1, max: 10, noNaN: true }),
        (trips, openFactor) => {
          const rules = circuitRules({ openFactor, maxOpenMs: 1e6 });
          const at = (n: number) => breakMs(rules, n, () => 0.5, 0);
          expect(at(trips + 1)).toBeGreaterThanOrEqual(at(trips));
        },
      ),
    );
  });
});

type Step = {
  readonly do: 'call' | 'tick';
  readonly verdict: Verdict;
  readonly ms: number;
};

const steps = fc.array(
  fc.record<Step>({
    do: fc.constantFrom('call' as const, 'call' as const, 'tick' as const),
    verdict: fc.constantFrom<Verdict>('success', 'failure', 'failure', 'slow', 'ignored'),
    ms: fc.nat(40),
  }),
  { maxLength: 60 },
);
const kinds = fc.constantFrom<Partial<CircuitRules>>(
  { windowCalls: 6, failureRatio: 0.5, minCalls: 3, slowRatio: 0.9 },
  { windowMs: 50, buckets: 5, failureRatio: 0.6, minCalls: 2 },
  { consecutiveFailures: 3, openFactor: 2 },
);

const live = (it: CircuitDriver, log: readonly Step[]): unknown[] =>
  log.map(step => {
    if (step.do === 'tick') {
      it.now += step.ms;
      return undefined;
    }
    const permit = it.ask();
    if (permit !== undefined) it.settle(permit, step.verdict);
    return [permit !== undefined, it.state, it.circuit.counts(it.now), it.circuit.decision.trips];
  });

describe('a restored circuit', () => {
  it('behaves as the one that lived through the downtime, and so does a copy of the copy', () => {
    fc.assert(
      fc.property(kinds, steps, steps, fc.nat(200), fc.nat(1e6), (kind, before, after, downtimeMs, skew) => {
        const rules = { ...kind, probes: 1, probesToClose: 1 };
        const lived = new CircuitDriver(rules, 0);
        live(lived, before);
        // Probes in flight are the one thing that does not survive; here all calls have settled.
        const saved: unknown = JSON.parse(JSON.stringify(lived.circuit.snapshot(lived.now)));
        lived.now += downtimeMs;
        const restored = new CircuitDriver(rules, skew);
        expect(restored.circuit.restore(saved, restored.now, downtimeMs)).toBe(true);
        const again = new CircuitDriver(rules, 7);
        again.circuit.restore(restored.circuit.snapshot(restored.now), again.now, 0);
        const seen = live(lived, after);
        expect(live(restored, after)).toEqual(seen);
        expect(live(again, after)).toEqual(seen);
      }),
    );
  });
});
