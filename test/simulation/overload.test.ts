import { beforeAll, describe, expect, it } from 'vitest';
import type { SimulationReport } from '../../src/testing/simulation/report.js';
import { forEachSeed } from './harness/each-seed.js';
import { long, median, patienceMs } from './harness/effort.js';
import { publish } from './harness/page.js';
import { percent } from './harness/table.js';
import { CAPACITY_PER_SECOND, type LimiterName, limiters, overload } from './scenarios/overload.js';

describe('twice as many calls as a server can answer', () => {
  const durationMs = long ? 120_000 : 20_000;
  let outcomes: ReadonlyMap<LimiterName, readonly SimulationReport[]>;
  const each = (name: LimiterName, claim: (report: SimulationReport) => void): void =>
    outcomes.get(name)!.forEach(claim);
  const goodput = ({ goodputPerSecond }: SimulationReport): number => goodputPerSecond / CAPACITY_PER_SECOND;

  beforeAll(async () => {
    outcomes = await forEachSeed(limiters, (name, seed) => overload(name, { seed, durationMs }));
  }, patienceMs);

  it('none of which is answered in time when all are let in', () => {
    each('none', report => expect(goodput(report)).toBeLessThan(0.1));
  });

  it('a bulkhead of the right size answers what can be answered; of the wrong size, nothing', () => {
    each('Bulkhead, 15 slots', report => {
      expect(goodput(report)).toBeGreaterThan(0.95);
      expect(report.latency.p99Ms).toBeLessThan(300);
    });
    each('Bulkhead, 150 slots', report => expect(goodput(report)).toBeLessThan(0.15));
  });

  it('each adaptive algorithm answers nearly all that can be; the knee with the least wait', () => {
    const p50 = (name: LimiterName): number => median(outcomes.get(name)!.map(one => one.latency.p50Ms));
    for (const name of ['AIMD', 'Vegas', 'Gradient2'] as const) {
      each(`AdaptiveLimiter, ${name}`, report => expect(goodput(report)).toBeGreaterThan(0.95));
      expect(p50('AdaptiveLimiter, knee')).toBeLessThan(0.7 * p50(`AdaptiveLimiter, ${name}`));
    }
    each('AdaptiveLimiter, knee', report => {
      expect(goodput(report)).toBeGreaterThan(0.9);
      expect(report.latency.p99Ms).toBeLessThan(300);
    });
  });

  it('a throttle needs a server that says no: by timeouts alone it wastes half', () => {
    each('AdaptiveThrottle', report => expect(goodput(report)).toBeLessThan(0.75));
    each('AdaptiveThrottle, and the server refuses', report => {
      expect(goodput(report)).toBeGreaterThan(0.95);
      expect(report.amplification).toBeLessThan(0.85);
    });
  });

  it('a rate is right or wrong: a tenth above the capacity costs most of the answers', () => {
    each('RateLimiter, 190 a second', report => expect(goodput(report)).toBeGreaterThan(0.9));
    each('RateLimiter, 220 a second', report => expect(goodput(report)).toBeLessThan(0.5));
  });

  it('stands in the page', () => {
    const rows = [...outcomes].map(([name, reports]) => {
      const of = (what: (report: SimulationReport) => number): number => median(reports.map(what));
      return {
        limiter: name,
        'answered in time, of the capacity': percent(of(goodput)),
        'p50, ms': of(({ latency }) => latency.p50Ms).toFixed(0),
        'p99, ms': of(({ latency }) => latency.p99Ms).toFixed(0),
        'work for nobody': percent(of(({ servers: [server] }) => server!.wasted / server!.served)),
      };
    });
    publish('overload', rows);
  });
});
