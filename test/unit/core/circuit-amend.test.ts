import { describe, expect, it } from 'vitest';
import type { CircuitRules } from '../../../src/core/circuit-rules.js';
import { CircuitDriver } from '../../fixtures/circuit-driver.js';
import { circuitRules } from '../../fixtures/circuit-rules.js';

const amend = (it: CircuitDriver, rules: Partial<CircuitRules>) =>
  it.circuit.amend(circuitRules(rules), it.now);

describe('a circuit with other rules', () => {
  it('goes by them from the next call on, and keeps its failures in a row', () => {
    const it = new CircuitDriver({ consecutiveFailures: 2 });
    it.run('failure');
    amend(it, { consecutiveFailures: 3 });
    it.run('failure');
    expect(it.state).toBe('closed');
    it.run('failure');
    expect(it.state).toBe('open');
  });

  it('keeps the outcomes in its window, when that is of the same kind', () => {
    const it = new CircuitDriver({ windowCalls: 4, failureRatio: 0.9, minCalls: 5 });
    it.run('failure', 'success');
    amend(it, { windowCalls: 8, failureRatio: 0.9, minCalls: 5 });
    expect(it.circuit.counts(it.now)).toMatchObject({ calls: 2, failures: 1 });
    amend(it, { windowMs: 1000, failureRatio: 0.9, minCalls: 5 });
    expect(it.circuit.counts(it.now)).toMatchObject({ calls: 0, failures: 0 });
    it.run('failure');
    amend(it, {});
    expect(it.circuit.counts(it.now)).toMatchObject({ calls: 0, failures: 0 });
  });

  it('follows calls from now on, and goes on following those it has', () => {
    const it = new CircuitDriver();
    it.call();
    amend(it, { slowMs: 20 });
    it.call();
    it.now += 21;
    it.run('success');
    expect(it.circuit.counts(it.now)).toMatchObject({ overdue: 1 });
    amend(it, { slowMs: 30 });
    expect(it.circuit.counts(it.now)).toMatchObject({ overdue: 1 });
  });

  it('is disabled, and closed again, by the mode', () => {
    const it = new CircuitDriver();
    amend(it, { mode: 'disabled' });
    expect(it.circuit.decision).toMatchObject({ state: 'disabled', because: 'manual' });
    amend(it, { mode: 'enforce' });
    expect(it.circuit.decision).toMatchObject({ state: 'closed', because: 'manual' });
    const { epoch } = it.circuit.decision;
    amend(it, { mode: 'observe' });
    expect(it.circuit.decision).toMatchObject({ state: 'closed', epoch });
  });

  it.each([
    ['isolated', 'enforce'],
    ['isolated', 'disabled'],
    ['disabled', 'enforce'],
  ] as const)('stays as somebody ordered: %s in the mode %s', (state, mode) => {
    const it = new CircuitDriver({ mode });
    it.circuit.force(state, it.now);
    amend(it, { mode: 'enforce' });
    expect(it.state).toBe(state);
  });
});

describe('the shortcut of a success', () => {
  it('counts it, and ends a row of failures', () => {
    const it = new CircuitDriver({ consecutiveFailures: 2 });
    it.run('failure');
    expect(it.circuit.succeed(it.call())).toBe(true);
    expect(it.circuit.totals()).toMatchObject({ success: 1, failure: 1 });
    it.run('failure');
    expect(it.state).toBe('closed');
  });

  it('tells the window of calls', () => {
    const it = new CircuitDriver({ windowCalls: 4, failureRatio: 0.9, slowRatio: 0.9, minCalls: 5 });
    it.run('failure');
    expect(it.circuit.succeed(it.call())).toBe(true);
    expect(it.circuit.counts(it.now)).toMatchObject({ calls: 2, failures: 1, slow: 0 });
  });

  it.each<[string, Partial<CircuitRules>, boolean]>([
    ['of a call of another epoch', {}, true],
    ['while it is disabled', { mode: 'disabled' }, false],
    ['with a window of time', { windowMs: 100, failureRatio: 0.5 }, false],
  ])('is not taken for that %s', (_, rules, forced) => {
    const it = new CircuitDriver(rules);
    const permit = it.call();
    if (forced) it.circuit.force('closed', it.now);
    expect(it.circuit.succeed(permit)).toBe(false);
    expect(it.circuit.totals().success).toBe(0);
  });
});
