import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Budget } from '../../../src/core/budget.js';
import { CircuitDriver } from '../../fixtures/circuit-driver.js';
import { circuitRules } from '../../fixtures/circuit-rules.js';

describe('a circuit whose rules are amended', () => {
  const counting = { failureRatio: 0.5, minCalls: 4, windowCalls: 4 };

  it('keeps the newest outcomes in a window of another length, slow ones too', () => {
    const driver = new CircuitDriver({
      ...counting,
      slowMs: 10,
      slowRatio: 0.9,
      windowCalls: 9,
      minCalls: 9,
    });
    for (const verdict of ['failure', 'success', 'slow'] as const) driver.settle(driver.call(), verdict);
    driver.circuit.amend(circuitRules({ ...counting, slowMs: 10, windowCalls: 2, minCalls: 2 }), driver.now);
    expect(driver.circuit.counts(driver.now)).toMatchObject({ calls: 2, failures: 0, slow: 1 });
  });

  it.each([
    [{ windowMs: 100 }, { windowCalls: 4 }],
    [{ windowCalls: 4 }, { windowMs: 100 }],
    [{ windowMs: 100 }, { windowMs: 200 }],
    [{ windowCalls: 4 }, {}],
    [{}, { windowCalls: 4 }],
  ])('starts with an empty window where %j becomes %j', (before, after) => {
    const driver = new CircuitDriver(before);
    driver.settle(driver.call(), 'failure');
    driver.circuit.amend(circuitRules(after), driver.now);
    const consecutiveFailures = 1;
    expect(driver.circuit.counts(driver.now)).toMatchObject({ calls: 0, consecutiveFailures });
  });

  it('goes into the mode disabled and out of it, but not out of isolation', () => {
    const driver = new CircuitDriver();
    const modes = (['disabled', 'enforce', 'observe'] as const).map(mode => {
      driver.circuit.amend(circuitRules({ mode }), driver.now);
      return driver.state;
    });
    driver.circuit.force('isolated', driver.now);
    driver.circuit.amend(circuitRules({ mode: 'enforce' }), driver.now);
    expect([...modes, driver.state]).toEqual(['disabled', 'closed', 'closed', 'isolated']);
    driver.circuit.amend(circuitRules({ mode: 'disabled' }), driver.now);
    driver.circuit.force('isolated', driver.now);
    driver.circuit.amend(circuitRules(), driver.now);
    expect(driver.state).toBe('isolated');
  });

  it('judges by the new rules at the next failure, and not before', () => {
    const driver = new CircuitDriver({ consecutiveFailures: 9 });
    driver.settle(driver.call(), 'failure');
    driver.circuit.amend(circuitRules({ consecutiveFailures: 1 }), driver.now);
    expect(driver.state).toBe('closed');
    driver.settle(driver.call(), 'failure');
    expect(driver.state).toBe('open');
  });

  it('loses no call in flight, whatever is amended between', () => {
    const amendments = fc.constantFrom(
      ...[{}, { slowMs: 5, slowRatio: 0.5 }, counting, { mode: 'observe' as const }, { windowMs: 50 }],
      ...[{ consecutiveFailures: 1, probes: 3, probesToClose: 2 }, { mode: 'disabled' as const }],
    );
    const step = fc.oneof(
      fc.record({ amend: amendments }),
      fc.constantFrom('ask', 'success', 'failure', 'wait'),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), steps => {
        const driver = new CircuitDriver();
        const out: ReturnType<CircuitDriver['call']>[] = [];
        for (const each of steps) {
          if (typeof each === 'object') driver.circuit.amend(circuitRules(each.amend), driver.now);
          else if (each === 'wait') driver.now += 60;
          else if (each === 'ask') {
            const permit = driver.ask();
            if (permit !== undefined) out.push(permit);
          } else if (out.length > 0) driver.settle(out.shift()!, each);
          expect(driver.circuit.inFlight).toBe(out.length);
        }
      }),
    );
  });
});

describe('a budget whose rules are amended', () => {
  it('earns by the old rate until then and by the new one after', () => {
    const budget = new Budget({ retryRatio: 0, reserve: 10, minPerSecond: 1 }, 0);
    for (let i = 0; i < 10; i++) budget.withdraw(0);
    budget.amend({ retryRatio: 0.5, reserve: 10, minPerSecond: 2 }, 1_000);
    expect(budget.tokens(1_000)).toBe(1);
    expect(budget.tokens(2_000)).toBe(3);
    budget.deposit();
    expect(budget.tokens(2_000)).toBe(3.5);
    budget.amend({ retryRatio: 0, reserve: 2, minPerSecond: 0 }, 1_500);
    expect(budget.tokens(9_000)).toBe(2);
  });
});
