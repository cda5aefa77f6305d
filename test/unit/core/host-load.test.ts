import { describe, expect, it } from 'vitest';
import { HostLoad } from '../../../src/core/host-load.js';

const decayMs = 10_000;

describe('what is known of a host', () => {
  it('goes up with a slow answer at once, and down with time and quicker ones (LB8)', () => {
    const host = new HostLoad();
    expect(host.costMs(0, decayMs)).toBeUndefined();
    host.succeed(10, 0, decayMs);
    expect(host.costMs(0, decayMs)).toBe(10);
    host.succeed(500, 100, decayMs);
    expect(host.costMs(100, decayMs)).toBe(500);
    host.succeed(10, 200, decayMs);
    expect(host.costMs(200, decayMs)).toBeCloseTo(495.1, 0);
    expect(host.costMs(100_200, decayMs)).toBeLessThan(0.1);
    host.succeed(10, 100_200, decayMs);
    expect(host.costMs(100_200, decayMs)).toBe(10);
  });

  it('is never more after a quicker answer than before it, and grows with what an answer takes', () => {
    // A slow answer of 100 ms has come down to half of that when another one comes.
    const now = 1_000 + decayMs * Math.LN2;
    const costs = [1, 25, 49, 50, 51, 99, 101].map(tookMs => {
      const host = new HostLoad();
      host.succeed(100, 1_000, decayMs);
      host.succeed(tookMs, now, decayMs);
      return host.costMs(now, decayMs)!;
    });
    costs.forEach((cost, at) => {
      expect(cost).toBeCloseTo([50, 50, 50, 50, 51, 99, 101][at]!, 9);
    });
  });

  it('is a cost above all others while a host is asked for the first time (case 74)', () => {
    const host = new HostLoad();
    expect(host.byLatency(1, 0, decayMs)).toBe(0);
    host.inFlight = 1;
    const first = host.byLatency(1, 0, decayMs);
    expect(first).toBeGreaterThan(1e12);
    host.inFlight = 3;
    expect(host.byLatency(1, 0, decayMs)).toBe(first + 2);
  });

  it('is never quick because it fails (LB7)', () => {
    const host = new HostLoad();
    host.fail(1, 50, 0, decayMs);
    expect(host.costMs(0, decayMs)).toBe(50);
    host.fail(1, 0, 0, decayMs);
    expect(host.costMs(0, decayMs)).toBe(50);
    host.fail(80, 50, 0, decayMs);
    expect(host.costMs(0, decayMs)).toBe(80);
  });

  it('is worse with each failure, and better with each success and with time', () => {
    const host = new HostLoad();
    expect(host.health(0, decayMs)).toBe(1);
    for (let failure = 0; failure < 50; failure++) host.fail(1, 1, 0, decayMs);
    expect(host.health(0, decayMs)).toBeCloseTo(0.01);
    expect(host.byInFlight(1, 0, decayMs)).toBeCloseTo(10_000);
    host.succeed(1, 0, decayMs);
    expect(host.health(0, decayMs)).toBeCloseTo(0.307);
    expect(host.health(20_000, decayMs)).toBeGreaterThan(0.9);
  });

  it('is half as bad when half of what was lacking has faded', () => {
    const host = new HostLoad();
    host.fail(1, 1, 5_000, decayMs);
    expect(host.health(5_000, decayMs)).toBeCloseTo(0.7, 9);
    expect(host.health(5_000 + decayMs * Math.LN2, decayMs)).toBeCloseTo(0.85, 9);
    // A success takes three tenths off what is lacking then.
    host.succeed(1, 5_000 + decayMs * Math.LN2, decayMs);
    expect(host.health(5_000 + decayMs * Math.LN2, decayMs)).toBeCloseTo(0.895, 9);
  });

  it('makes one that fails as dear as its health squared says', () => {
    const host = new HostLoad();
    host.fail(49, 0, 0, decayMs);
    host.inFlight = 1;
    expect(host.byInFlight(2, 0, decayMs)).toBeCloseTo(2 / (2 * 0.49), 9);
    expect(host.byLatency(2, 0, decayMs)).toBeCloseTo((49 * 2) / (2 * 0.49), 9);
  });

  it('weighs what is in flight by the weight', () => {
    const host = new HostLoad();
    host.inFlight = 3;
    expect(host.byInFlight(2, 0, decayMs)).toBe(2);
    host.succeed(10, 0, decayMs);
    expect(host.byLatency(2, 0, decayMs)).toBe(20);
  });
});
