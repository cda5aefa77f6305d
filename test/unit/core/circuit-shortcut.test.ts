import { describe, expect, it } from 'vitest';
import type { CircuitRules } from '../../../src/core/circuit-rules.js';
import { CircuitDriver } from '../../fixtures/circuit-driver.js';

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
