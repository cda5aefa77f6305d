import { describe, expect, it } from 'vitest';
import { HostLoads } from '../../../src/core/host-load.js';

const decayMs = 10_000;

/** One host, and what is asked of it. */
function hostOf(weight = 1) {
  const loads = new HostLoads(decayMs);
  const slot = [loads.take(), loads.take(), loads.take(), loads.take()].at(-1)!;
  loads.weigh(slot, weight);
  return {
    costMs: (now: number) => loads.costMs(slot, now),
    health: (now: number) => loads.health(slot, now),
    succeed: (tookMs: number, now: number) => loads.succeed(slot, tookMs, now),
    fail: (tookMs: number, peersMs: number, now: number) => loads.fail(slot, tookMs, peersMs, now),
    byInFlight: (now: number) => loads.byInFlight(slot, now),
    byLatency: (now: number) => loads.byLatency(slot, now),
    begin: (calls: number) => {
      for (let call = 0; call < calls; call++) loads.count(slot, 1);
    },
  };
}

describe('what is known of a host', () => {
  it('goes up with a slow answer at once, and down with time and quicker ones (LB8)', () => {
    const host = hostOf();
    expect(host.costMs(0)).toBeUndefined();
    host.succeed(10, 0);
    expect(host.costMs(0)).toBe(10);
    host.succeed(500, 100);
    expect(host.costMs(100)).toBe(500);
    host.succeed(10, 200);
    expect(host.costMs(200)).toBeCloseTo(495.1, 0);
    expect(host.costMs(100_200)).toBeLessThan(0.1);
    host.succeed(10, 100_200);
    expect(host.costMs(100_200)).toBe(10);
  });

  it('is never more after a quicker answer than before it, and grows with what an answer takes', () => {
    // A slow answer of 100 ms has come down to half of that when another one comes.
    const now = 1_000 + decayMs * Math.LN2;
    const costs = [1, 25, 49, 50, 51, 99, 101].map(tookMs => {
      const host = hostOf();
      host.succeed(100, 1_000);
      host.succeed(tookMs, now);
      return host.costMs(now)!;
    });
    costs.forEach((cost, at) => {
      expect(cost).toBeCloseTo([50, 50, 50, 50, 51, 99, 101][at]!, 9);
    });
  });

  it('is a cost above all others while a host is asked for the first time (case 74)', () => {
    const host = hostOf();
    expect(host.byLatency(0)).toBe(0);
    host.begin(1);
    const first = host.byLatency(0);
    expect(first).toBeGreaterThan(1e12);
    host.begin(2);
    expect(host.byLatency(0)).toBe(first + 2);
  });

  it('is not known of a host that has never answered, however long the process has run', () => {
    const loads = new HostLoads(decayMs);
    for (const now of [0, 1_000 * decayMs]) {
      const slot = loads.take();
      loads.count(slot, 1);
      expect(loads.costMs(slot, now)).toBeUndefined();
      expect(loads.byLatency(slot, now)).toBeGreaterThan(1e12);
    }
  });

  it('is nothing for one that takes no time, and as it was for a time that is past', () => {
    const host = hostOf();
    host.succeed(0, 1_000);
    host.begin(1);
    expect([host.costMs(1_000), host.byLatency(1_000)]).toEqual([0, 0]);
    host.succeed(10, 1_000);
    expect(host.costMs(500)).toBe(10);
  });

  it('is never quick because it fails (LB7)', () => {
    const host = hostOf();
    host.fail(1, 50, 0);
    expect(host.costMs(0)).toBe(50);
    host.fail(1, 0, 0);
    expect(host.costMs(0)).toBe(50);
    host.fail(80, 50, 0);
    expect(host.costMs(0)).toBe(80);
  });

  it('is worse with each failure, and better with each success and with time', () => {
    const host = hostOf();
    expect(host.health(0)).toBe(1);
    for (let failure = 0; failure < 50; failure++) host.fail(1, 1, 0);
    expect(host.health(0)).toBeCloseTo(0.01);
    expect(host.byInFlight(0)).toBeCloseTo(10_000);
    host.succeed(1, 0);
    expect(host.health(0)).toBeCloseTo(0.307);
    expect(host.health(20_000)).toBeGreaterThan(0.9);
  });

  it('is half as bad when half of what was lacking has faded', () => {
    const host = hostOf();
    host.fail(1, 1, 5_000);
    expect(host.health(5_000)).toBeCloseTo(0.7, 9);
    expect(host.health(5_000 + decayMs * Math.LN2)).toBeCloseTo(0.85, 9);
    // A success takes three tenths off what is lacking then.
    host.succeed(1, 5_000 + decayMs * Math.LN2);
    expect(host.health(5_000 + decayMs * Math.LN2)).toBeCloseTo(0.895, 9);
  });

  it('makes one that fails as dear as its health squared says', () => {
    const host = hostOf(2);
    host.fail(49, 0, 0);
    host.begin(1);
    expect(host.byInFlight(0)).toBeCloseTo(2 / (2 * 0.49), 9);
    expect(host.byLatency(0)).toBeCloseTo((49 * 2) / (2 * 0.49), 9);
  });

  it('weighs what is in flight by the weight', () => {
    const host = hostOf(2);
    host.begin(3);
    expect(host.byInFlight(0)).toBe(2);
    host.succeed(10, 0);
    expect(host.byLatency(0)).toBe(20);
  });

  it('is what its own failures make of it, whenever others failed', () => {
    const loads = new HostLoads(decayMs);
    const slots = [loads.take(), loads.take(), loads.take()];
    for (const slot of slots) loads.fail(slot, 1, 1, 1);
    for (const slot of slots) expect(loads.byInFlight(slot, 1)).toBeCloseTo(1 / 0.49, 9);
  });

  it('is known of as many as there are, and of nobody who has a slot after another one', () => {
    const loads = new HostLoads(decayMs);
    const slots = Array.from({ length: 100 }, () => loads.take());
    expect(slots).toEqual(Array.from({ length: 100 }, (_, at) => at));
    for (const slot of slots) {
      loads.weigh(slot, 2);
      loads.count(slot, 1);
      loads.fail(slot, slot + 1, 0, 0);
    }
    expect(slots.map(slot => loads.costMs(slot, 0))).toEqual(slots.map(slot => slot + 1));
    loads.count(7, -1);
    loads.release(7);
    expect([loads.take(), loads.take()]).toEqual([7, 100]);
    for (const slot of [7, 100]) {
      expect([loads.inFlight(slot), loads.costMs(slot, 0), loads.health(slot, 0)]).toEqual([0, undefined, 1]);
      expect(loads.byInFlight(slot, 0)).toBe(1);
    }
    expect([loads.inFlight(6), loads.inFlight(8)]).toEqual([1, 1]);
    expect([6, 8, 50, 99].map(slot => loads.costMs(slot, 0))).toEqual([7, 9, 51, 100]);
  });
});
