import { beforeAll, describe, expect, it } from 'vitest';
import type { SimulationReport } from '../../src/testing/simulation/report.js';
import { forEachSeed } from './harness/each-seed.js';
import { long, median, patienceMs } from './harness/effort.js';
import { publish } from './harness/page.js';
import { percent } from './harness/table.js';
import { type HedgeName, hedges, hedging, type Trouble, troubles } from './scenarios/hedging.js';

type Outcomes = ReadonlyMap<HedgeName, readonly SimulationReport[]>;

const p50 = (outcomes: Outcomes, name: HedgeName): number =>
  median(outcomes.get(name)!.map(({ latency }) => latency.p50Ms));
/** The slowest hundredth, as a part of what it is without a hedge. */
function tail(outcomes: Outcomes, name: HedgeName): number {
  const p99 = (of: HedgeName): number => median(outcomes.get(of)!.map(({ latency }) => latency.p99Ms));
  return p99(name) / p99('none');
}

const claims: Readonly<Record<Trouble, { says: string; check: (outcomes: Outcomes) => void }>> = {
  'one of ten is slow': {
    says: 'cuts the tail, but not at a quantile that lies amid what is slow',
    check: outcomes => {
      expect(tail(outcomes, 'after 100 ms')).toBeLessThan(0.25);
      expect(tail(outcomes, 'at the quantile 0.9')).toBeLessThan(0.3);
      expect(tail(outcomes, 'at the quantile 0.95')).toBeGreaterThan(2 * tail(outcomes, 'after 100 ms'));
    },
  },
  'a long tail everywhere': {
    says: 'nearly halves the slowest hundredth for a tenth of load',
    check: outcomes => {
      expect(tail(outcomes, 'after 100 ms')).toBeLessThan(0.65);
      expect(tail(outcomes, 'at the quantile 0.95')).toBeLessThan(0.75);
      expect(tail(outcomes, 'at the quantile 0.9')).toBeLessThan(0.65);
    },
  },
  'all are slow': {
    says: 'overloads what it was to help, unless a budget bounds it',
    check: outcomes => {
      for (const { amplification } of outcomes.get('after 100 ms')!)
        expect(amplification).toBeGreaterThan(1.9);
      expect(p50(outcomes, 'after 100 ms')).toBeGreaterThan(4 * p50(outcomes, 'none'));
      const bounded = p50(outcomes, 'after 100 ms, with a budget of 10 %');
      expect(bounded).toBeLessThan(1.6 * p50(outcomes, 'none'));
    },
  },
};

const durationMs = long ? 300_000 : 25_000;

describe.each(Object.keys(troubles) as Trouble[])('a hedge when %s', trouble => {
  let outcomes: Outcomes;
  const each = (name: HedgeName, claim: (report: SimulationReport) => void): void =>
    outcomes.get(name)!.forEach(claim);

  beforeAll(async () => {
    outcomes = await forEachSeed(hedges, (name, seed) => hedging(trouble, name, { seed, durationMs }));
  }, patienceMs);

  it('answers every call, where it does not overload the servers', () => {
    for (const name of outcomes.keys()) {
      if (trouble === 'all are slow' && name !== 'none' && !name.includes('budget')) continue;
      each(name, ({ goodRatio }) => expect(goodRatio).toBe(1));
    }
  });

  it('costs what it should: a part of 1 - q at a quantile q, and never more than its budget', () => {
    for (const [name, reports] of outcomes) {
      for (const { amplification, calls } of reports) {
        if (name === 'none') expect(amplification).toBe(1);
        if (!name.includes('budget')) continue;
        expect(amplification).toBeLessThanOrEqual(1.1 + 10 / calls);
      }
    }
    if (trouble === 'all are slow') return;
    each('at the quantile 0.95', ({ amplification }) => expect(amplification).toBeCloseTo(1.05, 1));
    each('at the quantile 0.9', ({ amplification }) => expect(amplification).toBeCloseTo(1.1, 1));
  });

  it(claims[trouble].says, () => claims[trouble].check(outcomes));

  it('stands in the page', () => {
    const rows = [...outcomes].map(([name, reports]) => {
      const of = (what: (report: SimulationReport) => number): number => median(reports.map(what));
      return {
        hedge: name,
        'p50, ms': of(({ latency }) => latency.p50Ms).toFixed(0),
        'p99, ms': of(({ latency }) => latency.p99Ms).toFixed(0),
        'p99.9, ms': of(({ latency }) => latency.p999Ms).toFixed(0),
        'extra load': percent(of(({ amplification }) => amplification - 1)),
      };
    });
    publish(trouble, rows);
  });
});
