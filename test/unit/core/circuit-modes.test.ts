import { describe, expect, it } from 'vitest';
import { CircuitDriver } from '../../fixtures/circuit-driver.js';

const rules = { windowCalls: 10, failureRatio: 0.5, minCalls: 2, probes: 1, probesToClose: 1 };

describe('isolated', () => {
  it('rejects every call until it is closed again, and names no time', () => {
    const it = new CircuitDriver(rules);
    it.circuit.force('isolated', it.now);
    it.now += 1e9;
    expect(it.ask()).toBeUndefined();
    expect(it.circuit.retryAfterMs(it.now)).toBeUndefined();
    it.circuit.force('isolated', it.now);
    expect(it.circuit.decision).toMatchObject({ epoch: 2, because: 'manual' });
    it.circuit.force('closed', it.now);
    expect(it.ask()).toBeDefined();
  });

  it('holds in the mode observe as well', () => {
    const it = new CircuitDriver({ ...rules, mode: 'observe' });
    it.circuit.force('isolated', it.now);
    expect(it.ask()).toBeUndefined();
  });

  it('leaves the probes of before without a say', () => {
    const it = new CircuitDriver(rules);
    it.run('failure', 'failure');
    it.now += 100;
    const probe = it.call();
    it.circuit.force('isolated', it.now);
    it.settle(probe, 'success');
    expect(it.state).toBe('isolated');
    expect(it.circuit.totals().stale).toBe(1);
  });
});

describe('disabled', () => {
  it('admits every call and counts none', () => {
    const it = new CircuitDriver({ ...rules, slowMs: 10 });
    it.circuit.force('disabled', it.now);
    for (let i = 0; i < 20; i++) it.run('failure', 'slow', 'success');
    expect(it.state).toBe('disabled');
    expect(it.circuit.counts(it.now)).toMatchObject({
      calls: 0,
      failures: 0,
      slow: 0,
      consecutiveFailures: 0,
    });
    expect(it.circuit.totals()).toMatchObject({ success: 40, failure: 20, stale: 0 });
  });

  it('as a mode, is what it goes back to', () => {
    const it = new CircuitDriver({ ...rules, mode: 'disabled' });
    expect(it.state).toBe('disabled');
    it.run('failure', 'failure', 'failure');
    it.circuit.force('isolated', it.now);
    expect(it.ask()).toBeUndefined();
    it.circuit.force('closed', it.now);
    expect(it.state).toBe('disabled');
    it.circuit.force('closed', it.now);
    expect(it.circuit.decision.epoch).toBe(3);
  });

  it('ends with a reset, and what it let in has no say then', () => {
    const it = new CircuitDriver(rules);
    it.circuit.force('disabled', it.now);
    const before = it.call();
    it.circuit.force('closed', it.now);
    it.settle(before, 'failure');
    it.run('failure');
    expect(it.circuit.counts(it.now)).toMatchObject({ calls: 1, failures: 1 });
  });
});

describe('reset', () => {
  it('empties the window of a closed circuit too', () => {
    const it = new CircuitDriver({ ...rules, consecutiveFailures: 2 });
    it.run('success', 'failure');
    it.circuit.force('closed', it.now);
    expect(it.circuit.counts(it.now)).toMatchObject({ calls: 0, consecutiveFailures: 0 });
    it.run('failure');
    expect(it.state).toBe('closed');
  });

  it('ends a break, and forgets how many there were', () => {
    const it = new CircuitDriver({ ...rules, openFactor: 2 });
    it.run('failure', 'failure');
    it.circuit.force('closed', it.now);
    it.run('failure', 'failure');
    expect(it.circuit.decision).toMatchObject({ state: 'open', trips: 1, until: it.now + 100 });
  });
});

describe('the mode observe', () => {
  it('goes through all states and rejects nothing', () => {
    const it = new CircuitDriver({ ...rules, mode: 'observe' });
    it.run('failure', 'failure');
    expect(it.state).toBe('open');
    it.run('success', 'failure');
    expect(it.circuit.totals()).toMatchObject({ rejected: 0, wouldReject: 2, stale: 0 });
    it.now += 100;
    const probe = it.call();
    expect(it.state).toBe('half-open');
    it.run('failure');
    expect(it.circuit.totals()).toMatchObject({ wouldReject: 3 });
    it.settle(probe, 'success');
    expect(it.state).toBe('closed');
    expect(it.circuit.inFlight).toBe(0);
  });
});
