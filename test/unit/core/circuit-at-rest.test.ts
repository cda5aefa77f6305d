import { describe, expect, it } from 'vitest';
import { CircuitDriver, times } from '../../fixtures/circuit-driver.js';

describe('a circuit is at rest', () => {
  it('when it is new, and after successes', () => {
    const driver = new CircuitDriver({ windowCalls: 10, failureRatio: 0.5 });
    expect(driver.circuit.atRest(driver.now)).toBe(true);
    driver.run('success', 'ignored', 'success');
    expect(driver.circuit.atRest(driver.now)).toBe(true);
  });

  it('when it is new, however young the clock is', () => {
    const driver = new CircuitDriver({ windowCalls: 10, failureRatio: 0.5, openMs: 100 }, 0);
    expect(driver.circuit.atRest(0)).toBe(true);
  });

  it('not while a slow failure counts, though a success came after it', () => {
    const driver = new CircuitDriver({ windowCalls: 10, failureRatio: 0.9, slowMs: 10, minCalls: 5 });
    const permit = driver.call();
    driver.now += 11;
    driver.settle(permit, 'failure');
    driver.run('success');
    expect(driver.circuit.atRest(driver.now)).toBe(false);
  });

  it('as soon without as with calls that say nothing', () => {
    const driver = new CircuitDriver({ consecutiveFailures: 3, openMs: 100 });
    driver.run('failure');
    driver.now += 60;
    driver.run('ignored');
    expect(driver.circuit.atRest(driver.now + 40)).toBe(true);
  });

  it('not while a call is in flight', () => {
    const driver = new CircuitDriver();
    const permit = driver.call();
    expect(driver.circuit.atRest(driver.now + 1e9)).toBe(false);
    driver.settle(permit, 'success');
    expect(driver.circuit.atRest(driver.now)).toBe(true);
  });

  it.each([
    ['failure', { windowCalls: 10, failureRatio: 0.9, minCalls: 5 }],
    ['failure', { consecutiveFailures: 3 }],
    ['failure', { windowMs: 1000, failureRatio: 0.9, minCalls: 5 }],
    ['slow', { windowCalls: 10, slowMs: 1000, slowRatio: 0.9, minCalls: 5 }],
  ] as const)('not with a %s that counts, for as long as a break would last: %o', (verdict, rules) => {
    const driver = new CircuitDriver({ ...rules, openMs: 100 });
    driver.run(verdict);
    expect(driver.state).toBe('closed');
    expect(driver.circuit.atRest(driver.now + 99)).toBe(false);
    expect(driver.circuit.atRest(driver.now + 100)).toBe(true);
  });

  it('not while it is open, until nobody asked for its longest break', () => {
    const driver = new CircuitDriver({ consecutiveFailures: 1, openMs: 100, maxOpenMs: 1000 });
    driver.run(...times(1, 'failure' as const));
    expect(driver.state).toBe('open');
    expect(driver.circuit.atRest(driver.now + 1099)).toBe(false);
    expect(driver.circuit.atRest(driver.now + 1100)).toBe(true);
  });

  it('not while a probe is out, nor half-open soon after', () => {
    const driver = new CircuitDriver({ consecutiveFailures: 1, openMs: 100, maxOpenMs: 1000, probes: 3 });
    driver.run('failure');
    driver.now += 100;
    const probe = driver.call();
    expect(driver.state).toBe('half-open');
    expect(driver.circuit.atRest(driver.now + 1e9)).toBe(false);
    driver.settle(probe, 'ignored');
    expect(driver.circuit.atRest(driver.now)).toBe(false);
    expect(driver.circuit.atRest(driver.now + 1000)).toBe(true);
  });

  it('not when somebody ordered its state, unless that is how it was made', () => {
    const driver = new CircuitDriver();
    driver.circuit.force('isolated', driver.now);
    expect(driver.circuit.atRest(driver.now + 1e9)).toBe(false);
    driver.circuit.force('disabled', driver.now);
    expect(driver.circuit.atRest(driver.now + 1e9)).toBe(false);
    const off = new CircuitDriver({ mode: 'disabled' });
    expect(off.circuit.atRest(off.now)).toBe(true);
  });

  it('not with failures that were restored', () => {
    const rules = { consecutiveFailures: 3, openMs: 100 };
    const sick = new CircuitDriver(rules);
    sick.run('failure');
    const driver = new CircuitDriver(rules, 5000);
    expect(driver.circuit.restore(sick.circuit.snapshot(sick.now), driver.now, 0)).toBe(true);
    expect(driver.circuit.atRest(driver.now)).toBe(false);
  });
});
