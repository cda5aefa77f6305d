import { describe, expect, it } from 'vitest';
import type { Verdict } from '../../../src/core/circuit.js';
import type { CircuitRules } from '../../../src/core/circuit-rules.js';
import { CircuitDriver } from '../../fixtures/circuit-driver.js';

/** Open since 1000, half-open from 1100 on. */
const halfOpen = (rules: Partial<CircuitRules> = {}) => {
  const it = new CircuitDriver({ consecutiveFailures: 1, probes: 3, probesToClose: 2, ...rules });
  it.run('failure');
  it.now = 1100;
  return it;
};
const ok = 'success';
const bad = 'failure';

describe('a half-open circuit', () => {
  it('admits as many probes as it has places and rejects the others at once', () => {
    const it = halfOpen();
    const probes = [it.call(), it.call(), it.call()];
    expect(new Set(probes).size).toBe(3);
    expect(it.ask()).toBeUndefined();
    expect(it.circuit.retryAfterMs(it.now)).toBe(0);
    expect(it.circuit.totals().rejected).toBe(1);
  });

  it('is not probed by a call that is spare (HG9)', () => {
    const it = halfOpen({ probes: 1, probesToClose: 1 });
    const spare = () => it.circuit.admit(it.now, it.random, true);
    expect([spare(), it.state]).toEqual([undefined, 'open']);
    const probe = it.call();
    expect([spare(), it.state]).toEqual([undefined, 'half-open']);
    it.settle(probe, 'cancelled');
    expect(spare()).toBeUndefined();
    expect(it.circuit.totals().rejected).toBe(3);
    it.run(ok);
    expect(it.circuit.admit(it.now, it.random, true)).toBeDefined();
  });

  it('lets a call that is spare through where it only observes, and not as a probe', () => {
    const it = halfOpen({ mode: 'observe', probes: 1, probesToClose: 1 });
    const permit = it.circuit.admit(it.now, it.random, true)!;
    it.settle(permit, 'success');
    expect([it.state, it.circuit.totals().wouldReject]).toEqual(['open', 1]);
  });

  it.each<[string, number, number, Verdict[], string]>([
    ['closes when enough have succeeded', 3, 2, [ok, ok], 'closed'],
    ['closes in spite of one failure', 3, 2, [bad, ok, ok], 'closed'],
    ['opens when enough cannot succeed any more', 3, 2, [bad, bad], 'open'],
    ['waits while both are possible', 3, 2, [bad, ok], 'half-open'],
    ['needs one of one', 1, 1, [ok], 'closed'],
    ['opens at one of one', 1, 1, [bad], 'open'],
    ['needs all when all must succeed', 2, 2, [ok], 'half-open'],
    ['opens at the first failure when all must succeed', 2, 2, [bad], 'open'],
    ['takes one of many', 5, 1, [bad, bad, bad, bad, ok], 'closed'],
    ['counts a slow probe against', 1, 1, ['slow'], 'open'],
    ['counts nothing that says nothing', 3, 2, ['ignored', 'cancelled', 'ignored', 'ignored'], 'half-open'],
  ])('%s', (_, probes, probesToClose, verdicts, state) => {
    const it = halfOpen({ probes, probesToClose });
    it.run(...verdicts);
    expect(it.state).toBe(state);
  });

  it('keeps the places of probes that have had their say', () => {
    const it = halfOpen();
    it.run(ok, bad);
    expect(it.ask()).toBeDefined();
    expect(it.ask()).toBeUndefined();
  });

  it('gives the place of a probe that says nothing to the next call', () => {
    const it = halfOpen({ probes: 1, probesToClose: 1 });
    const probe = it.call();
    expect(it.ask()).toBeUndefined();
    it.settle(probe, 'cancelled');
    expect(it.ask()).toBeDefined();
  });

  it('shows the score of its probes', () => {
    const it = halfOpen();
    it.run(ok, bad);
    expect(it.circuit.counts(it.now)).toMatchObject({ calls: 2, failures: 1 });
    it.run(bad);
    expect(it.circuit.decision).toMatchObject({
      because: 'probes',
      counts: { calls: 3, failures: 2 },
      trips: 2,
    });
  });

  it('starts with an empty window when it closes', () => {
    const it = halfOpen({ consecutiveFailures: Infinity, windowCalls: 10, failureRatio: 1 });
    it.run(ok, ok);
    expect(it.circuit.counts(it.now)).toMatchObject({ calls: 0, failures: 0 });
    it.run(ok, bad);
    expect(it.state).toBe('closed');
    expect(it.circuit.counts(it.now)).toMatchObject({ calls: 2, failures: 1, consecutiveFailures: 1 });
  });

  it('takes the break that a failed probe asks for', () => {
    const it = halfOpen({ probes: 1, probesToClose: 1 });
    it.settle(it.call(), bad, 700);
    expect(it.circuit.decision.until).toBe(1800);
  });
});

describe('the lease of a probe', () => {
  it('ends exactly when it ends, gives the place away, and says nothing', () => {
    const it = halfOpen({ probes: 1, probesToClose: 1 });
    const hung = it.call();
    it.now = 1149;
    expect(it.ask()).toBeUndefined();
    it.now = 1150;
    const next = it.call();
    it.settle(hung, bad);
    expect(it.state).toBe('half-open');
    it.settle(next, ok);
    expect(it.state).toBe('closed');
    expect(it.circuit.totals()).toMatchObject({ failure: 2, stale: 1 });
  });

  it('makes a result late that arrives after it, though nobody came in between', () => {
    const it = halfOpen({ probes: 1, probesToClose: 1 });
    const probe = it.call();
    it.now = 1150;
    it.settle(probe, ok);
    expect(it.state).toBe('half-open');
    it.run(ok);
    expect(it.state).toBe('closed');
  });

  it('never wedges, however many probes hang', () => {
    const it = halfOpen({ probes: 2, probesToClose: 2 });
    for (let round = 0; round < 100; round++) {
      it.call();
      it.call();
      expect(it.ask()).toBeUndefined();
      it.now += 50;
    }
    it.run(ok, ok);
    expect(it.state).toBe('closed');
    expect(it.circuit.inFlight).toBe(200);
  });
});

describe('results of an older epoch', () => {
  it.each<Verdict>([ok, bad, 'slow', 'ignored', 'cancelled'])('have no say while half-open: %s', verdict => {
    const it = new CircuitDriver({ consecutiveFailures: 1, probes: 1, probesToClose: 1 });
    const late = it.call();
    it.run(bad);
    it.now = 1100;
    const probe = it.call();
    it.settle(late, verdict);
    expect(it.circuit.decision).toMatchObject({ state: 'half-open', epoch: 3 });
    expect(it.ask()).toBeUndefined();
    it.settle(probe, ok);
    expect(it.state).toBe('closed');
  });

  it('have none two epochs later either', () => {
    const it = new CircuitDriver({ windowCalls: 5, failureRatio: 0.5, minCalls: 1 });
    const late = it.call();
    it.run(bad);
    it.now = 1100;
    const probe = it.call();
    it.settle(probe, ok);
    it.settle(late, bad);
    expect(it.state).toBe('closed');
    expect(it.circuit.counts(it.now)).toMatchObject({ calls: 0, failures: 0, consecutiveFailures: 0 });
    expect(it.circuit.totals()).toMatchObject({ stale: 1, failure: 2 });
  });
});
