import { beforeAll, describe, expect, it } from 'vitest';
import type { SimulationReport } from '../../src/testing/simulation/report.js';
import { forEachSeed } from './harness/each-seed.js';
import { long, median, patienceMs } from './harness/effort.js';
import { balance, type WayName, ways } from './scenarios/balance.js';

type Outcomes = ReadonlyMap<WayName, readonly SimulationReport[]>;

const durationMs = long ? 60_000 : 9_000;
/** All of them in the long form; else those that stand for the others. */
const looked = Object.fromEntries(
  Object.entries(ways).filter(([name]) => long || ['round robin', 'least busy', 'peak EWMA'].includes(name)),
) as typeof ways;

const failedOf = (outcomes: Outcomes, name: WayName): number =>
  median(outcomes.get(name)!.map(({ failed, calls }) => failed / calls));
const p99Of = (outcomes: Outcomes, name: WayName): number =>
  median(outcomes.get(name)!.map(({ latency }) => latency.p99Ms));
/** The part of all requests that went to the one that fails at once. */
const drawnOf = (outcomes: Outcomes, name: WayName): number =>
  median(outcomes.get(name)!.map(({ servers, requests }) => servers[1]!.requests / requests));

describe('twenty instances, of which one is slow, one fails at once and one comes and goes', () => {
  let bare: Outcomes;
  let detecting: Outcomes;
  let retrying: Outcomes;

  beforeAll(async () => {
    const playAll = (detects: boolean, retries: boolean) =>
      forEachSeed(looked, (name, seed) => balance(name, { detects, retries }, { seed, durationMs }));
    bare = await playAll(false, false);
    detecting = await playAll(true, false);
    retrying = await playAll(true, true);
  }, patienceMs);

  it('lose as many calls in turn as there are bad ones, and less by what is known of them', () => {
    expect(failedOf(bare, 'round robin')).toBeGreaterThan(0.05);
    for (const name of ['least busy', 'peak EWMA'] as const) {
      expect(failedOf(bare, name)).toBeLessThan(0.03);
      expect(drawnOf(bare, name)).toBeLessThan(0.05);
    }
  });

  it('hardly lose any with outlier detection, whatever the way', () => {
    for (const name of detecting.keys()) {
      expect(failedOf(detecting, name)).toBeLessThan(failedOf(bare, name));
      expect(failedOf(detecting, name)).toBeLessThan(0.025);
    }
  });

  it('lose less than one call in two hundred with outlier detection and one retry elsewhere', () => {
    for (const name of ['least busy', 'peak EWMA'] as const) {
      for (const { failed, calls } of retrying.get(name)!) expect(failed / calls).toBeLessThan(0.005);
    }
  });

  it('make nobody wait for the slow one who looks at what is in flight, or how long it takes', () => {
    for (const name of ['least busy', 'peak EWMA'] as const) {
      expect(p99Of(bare, name)).toBeLessThan(p99Of(bare, 'round robin') / 3);
      expect(p99Of(detecting, name)).toBeLessThan(p99Of(detecting, 'round robin') / 3);
    }
  });

  it('show in a table what each way comes to', () => {
    const rows = [...bare.keys()].map(name => ({
      by: name,
      'p99, ms': p99Of(bare, name).toFixed(0),
      'failed, %': (100 * failedOf(bare, name)).toFixed(2),
      'p99 with detection': p99Of(detecting, name).toFixed(0),
      'failed with detection, %': (100 * failedOf(detecting, name)).toFixed(2),
      'and one retry, %': (100 * failedOf(retrying, name)).toFixed(3),
    }));
    if (long) console.table(rows);
    expect(rows.length).toBeGreaterThan(2);
  });
});
