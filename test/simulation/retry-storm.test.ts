import { beforeAll, describe, expect, it } from 'vitest';
import { forEachSeed } from './harness/each-seed.js';
import { long, median, patienceMs } from './harness/effort.js';
import { publish } from './harness/page.js';
import { percent } from './harness/table.js';
import { type MeansName, means, retryStorm, type Storm } from './scenarios/retry-storm.js';

describe('ten seconds in which a server hangs, that has to do 93 % of what it can', () => {
  const size = long ? { workers: 20, afterMs: 200_000 } : { workers: 10, afterMs: 45_000 };
  let outcomes: ReadonlyMap<MeansName, readonly Storm[]>;
  const each = (name: MeansName, claim: (storm: Storm) => void): void => outcomes.get(name)!.forEach(claim);

  beforeAll(async () => {
    outcomes = await forEachSeed(means, (name, seed) => retryStorm(name, { seed, ...size }));
  }, patienceMs);

  it('are followed by minutes without answers; with retries, by a collapse that lasts', () => {
    // Without retries the queue of ten seconds drains by the 7 % that are left.
    each('no retries', ({ recoveryMs }) => expect(recoveryMs).toBeGreaterThan(40_000));
    each('3 attempts', ({ endGood, recoveryMs }) => {
      expect(endGood).toBeLessThan(0.02);
      expect(recoveryMs).toBe(Infinity);
    });
    each('3 attempts', ({ end, report }) => {
      expect(end).toBeGreaterThan(2.5);
      // It works as hard as ever, for nobody.
      expect(report.servers[0]!.wasted / report.servers[0]!.served).toBeGreaterThan(0.6);
    });
  });

  it('a budget of 10 % bounds the load, but 0.93 × 1.1 is more than the server can do', () => {
    each('3 attempts, budget', ({ outage, end, endGood, recoveryMs }) => {
      expect(outage).toBeLessThan(1.12);
      expect(end).toBeLessThan(1.12);
      expect(endGood).toBeLessThan(0.02);
      expect(recoveryMs).toBe(Infinity);
    });
  });

  it('with the same budget a server that has room to spare comes back by itself', () => {
    each('3 attempts, budget, at 70 % of the capacity', ({ endGood, recoveryMs }) => {
      expect(recoveryMs).toBeGreaterThan(10_000);
      expect(recoveryMs).toBeLessThan(40_000);
      expect(endGood).toBeGreaterThan(0.98);
    });
  });

  it('a breaker, or a limiter, takes so much off the server that it comes back within seconds', () => {
    each('3 attempts, breaker', ({ outage, recoveryMs, endGood }) => {
      expect(outage).toBeLessThan(0.5);
      expect(recoveryMs).toBeLessThan(10_000);
      expect(endGood).toBeGreaterThan(0.95);
    });
    each('3 attempts, budget, AdaptiveLimiter', ({ outage, recoveryMs }) => {
      expect(outage).toBeLessThan(0.6);
      expect(recoveryMs).toBeLessThan(20_000);
    });
  });

  it('a server that drops what is late is not saved by that alone, but with a budget it is', () => {
    each('3 attempts; the server drops what is late', ({ endGood, recoveryMs }) => {
      expect(endGood).toBeLessThan(0.5);
      expect(recoveryMs).toBe(Infinity);
    });
    each('3 attempts, budget; the server drops what is late', ({ endGood, recoveryMs }) => {
      expect(recoveryMs).toBeLessThan(60_000);
      expect(endGood).toBeGreaterThan(0.95);
    });
  });

  it('a server that takes the newest first is back at once', () => {
    each('3 attempts; the server takes the newest first', ({ endGood, recoveryMs }) => {
      expect(recoveryMs).toBeLessThanOrEqual(2_000);
      expect(endGood).toBeGreaterThan(0.98);
    });
  });

  it('stands in the page', () => {
    const rows = [...outcomes].map(([name, storms]) => {
      const of = (what: (storm: Storm) => number): number => median(storms.map(what));
      const recoveryMs = of(storm => storm.recoveryMs);
      return {
        callers: name,
        'requests a call, outage': of(({ outage }) => outage).toFixed(2),
        'at the end': of(({ end }) => end).toFixed(2),
        'answered at the end': percent(of(({ endGood }) => endGood)),
        'back after': recoveryMs < Infinity ? `${recoveryMs / 1_000} s` : `not in ${size.afterMs / 1_000} s`,
      };
    });
    publish('retry storm', rows);
  });
});
