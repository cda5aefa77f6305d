import { describe, expect, it } from 'vitest';
import type { LimitAlgorithm, LimitBounds } from '../../../src/core/concurrency-limit.js';
import { Gradient2Limit } from '../../../src/core/limit-gradient2.js';
import { KneeLimit } from '../../../src/core/limit-knee.js';
import { VegasLimit } from '../../../src/core/limit-vegas.js';

const bounds: LimitBounds = { minLimit: 1, maxLimit: 500 };

/** A server without chance: `workers` calls take `serviceMs` each, and those beyond wait in a line. */
class Ideal {
  workers = 40;
  serviceMs = 100;
  drops = 0;
  /** The most that come at a time. */
  demand = Number.POSITIVE_INFINITY;
  readonly limits: number[] = [];

  run(algorithm: LimitAlgorithm, windows: number): this {
    for (let window = 0; window < windows; window++) {
      const peak = Math.max(1, Math.floor(Math.min(algorithm.limit, this.demand)));
      const meanMs = this.serviceMs * Math.max(1, peak / this.workers);
      const { drops } = this;
      algorithm.update({ samples: 100, drops, meanMs, errorMs2: 0, meanInFlight: peak, peak });
      this.limits.push(algorithm.limit);
    }
    return this;
  }

  /** The limit of most windows, experiments aside. */
  get usual(): number {
    const last = this.limits.slice(-60).sort((a, b) => a - b);
    return last[30]!;
  }
}

const kinds = [
  ['knee', KneeLimit, 44],
  ['vegas', VegasLimit, 52],
  ['gradient2', Gradient2Limit, 90],
] as const;

describe.each(kinds)('%s before a server without chance', (_, Algorithm, most) => {
  it.each([1, 20, 300])('finds its workers from a limit of %i on, and goes with them', first => {
    const ideal = new Ideal();
    const algorithm = new Algorithm(first, bounds);
    expect(ideal.run(algorithm, 300).usual).toBeGreaterThanOrEqual(39);
    if (Algorithm === KneeLimit || first < 300) expect(ideal.usual).toBeLessThanOrEqual(most);
    ideal.workers = 80;
    expect(ideal.run(algorithm, 300).usual).toBeGreaterThanOrEqual(79);
    ideal.workers = 20;
    ideal.run(algorithm, 300);
    if (Algorithm === KneeLimit || first < 300) expect(ideal.usual).toBeLessThanOrEqual(most);
  });

  it('goes down with drops, and no further than it may', () => {
    const ideal = new Ideal();
    const algorithm = new Algorithm(20, { ...bounds, minLimit: 3 });
    ideal.drops = 50;
    ideal.run(algorithm, 1);
    expect(algorithm.limit).toBeLessThanOrEqual(18);
    expect(algorithm.limit).toBeGreaterThan(15);
    ideal.run(algorithm, 50);
    expect(algorithm.limit).toBe(3);
  });

  it('stays as it is while nobody needs it, whatever latency does', () => {
    const ideal = new Ideal();
    const algorithm = new Algorithm(50, bounds);
    ideal.demand = 5;
    ideal.run(algorithm, 30);
    ideal.serviceMs = 700;
    ideal.run(algorithm, 30);
    ideal.serviceMs = 70;
    ideal.run(algorithm, 30);
    expect(new Set(ideal.limits)).toEqual(new Set([50]));
  });

  it('is as new after a reset, and goes within new bounds', () => {
    const [used, fresh] = [new Algorithm(20, bounds), new Algorithm(60, bounds)];
    new Ideal().run(used, 200);
    used.reset(60);
    expect(new Ideal().run(used, 100).limits).toEqual(new Ideal().run(fresh, 100).limits);
    used.amend({ minLimit: 1, maxLimit: 10 });
    expect(used.limit).toBe(10);
    expect(Math.max(...new Ideal().run(used, 50).limits)).toBe(10);
  });
});

describe('vegas', () => {
  it('measures the shortest latency anew with half of the limit, then goes back', () => {
    const ideal = new Ideal();
    const algorithm = new VegasLimit(20, bounds);
    ideal.run(algorithm, 59);
    const before = algorithm.limit;
    ideal.serviceMs = 300;
    ideal.run(algorithm, 2);
    expect(ideal.limits.slice(-2)).toEqual([before / 2, before]);
    // Service has become slower, and the queue no longer: what it took with half of the limit is the measure.
    expect(Math.abs(ideal.run(algorithm, 50).usual - before)).toBeLessThan(5);
  });

  it('gives a measurement up that nobody came for', () => {
    const ideal = new Ideal();
    const algorithm = new VegasLimit(20, bounds);
    ideal.run(algorithm, 60);
    const half = algorithm.limit;
    ideal.demand = 3;
    ideal.run(algorithm, 5);
    expect(algorithm.limit).toBe(half);
  });
});

describe('knee', () => {
  it.each([0.25, 0.5, 2, 4])('comes back when the remote takes %d times as long, not to less', factor => {
    const ideal = new Ideal();
    const algorithm = new KneeLimit(20, bounds);
    ideal.run(algorithm, 200);
    ideal.serviceMs *= factor;
    ideal.run(algorithm, 200);
    expect(ideal.usual).toBeGreaterThanOrEqual(39);
    expect(ideal.usual).toBeLessThanOrEqual(46);
  });

  it('ends an experiment that meets drops or that nobody came for, below where it began', () => {
    const ideal = new Ideal();
    for (const change of [{ drops: 50 }, { demand: 3 }]) {
      const algorithm = new KneeLimit(20, bounds);
      ideal.run(algorithm, 200);
      const before = Math.max(...ideal.limits.slice(-10));
      // A look upwards is the only step that leads so far up.
      for (let window = 0; window < 100 && algorithm.limit < 1.2 * before; window++) ideal.run(algorithm, 1);
      expect(algorithm.limit).toBeGreaterThanOrEqual(1.2 * before);
      Object.assign(ideal, change);
      ideal.run(algorithm, 1);
      expect(algorithm.limit).toBeLessThanOrEqual(before);
      Object.assign(ideal, new Ideal());
    }
  });
});
