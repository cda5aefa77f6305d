import { describe, expect, it } from 'vitest';
import type { Verdict } from '../../../src/core/circuit.js';
import type { CircuitRules } from '../../../src/core/circuit-rules.js';
import { CircuitDriver, times } from '../../fixtures/circuit-driver.js';
import { never } from '../../fixtures/circuit-rules.js';

const ok = 'success';
const bad = 'failure';
const window = { windowCalls: 4, failureRatio: 0.5, minCalls: 2 };

describe('a closed circuit', () => {
  it.each<[string, Partial<CircuitRules>, Verdict[], string]>([
    ['stays closed on successes', window, times(9, ok), 'closed'],
    ['stays closed below the minimum', window, [bad], 'closed'],
    ['opens when the minimum is met', window, [bad, bad], 'open'],
    ['opens at the ratio exactly', window, [ok, ok, bad, bad], 'open'],
    ['stays closed just below it', window, [ok, ok, ok, bad, ok, ok, ok, bad], 'closed'],
    ['looks at recent calls only', window, [ok, ok, bad, ok, ok, ok, bad], 'closed'],
    ['is not judged by a success', { ...window, minCalls: 3 }, [bad, bad, ok], 'closed'],
    ['nor by that of a call that is timed', { ...window, minCalls: 3, slowMs: 9 }, [bad, bad, ok], 'closed'],
    ['nor by what says nothing', { ...window, minCalls: 3 }, [bad, bad, ok, 'ignored'], 'closed'],
    ['but by the next failure', { ...window, minCalls: 3 }, [bad, bad, ok, bad], 'open'],
    [
      'opens at 7 of 100 for 0.07',
      { windowCalls: 100, failureRatio: 0.07, minCalls: 100 },
      [...times(93, ok), ...times(7, bad)] as Verdict[],
      'open',
    ],
    ['opens on failures in a row', { consecutiveFailures: 3 }, [bad, bad, bad], 'open'],
    [
      'forgets failures in a row at a success',
      { consecutiveFailures: 3 },
      [bad, bad, ok, bad, bad],
      'closed',
    ],
    ['forgets them at a slow call too', { consecutiveFailures: 2 }, [bad, 'slow', bad], 'closed'],
    [
      'keeps them over what says nothing',
      { consecutiveFailures: 2 },
      [bad, 'ignored', 'cancelled', bad],
      'open',
    ],
    [
      'leaves what says nothing out of the ratio',
      window,
      [...times(50, 'ignored'), bad, bad] as Verdict[],
      'open',
    ],
    [
      'opens on calls that are called slow',
      { windowCalls: 4, slowRatio: 1, minCalls: 2 },
      ['slow', 'slow'],
      'open',
    ],
    [
      'opens by a rule of the user',
      { windowCalls: 9, trip: c => c.failures + c.slow === 3 },
      [bad, 'slow', ok, bad],
      'open',
    ],
  ])('%s', (_, rules, verdicts, state) => {
    const it = new CircuitDriver(rules);
    it.run(...verdicts);
    expect(it.state).toBe(state);
  });

  it('begins with nothing decided', () => {
    const { decision } = new CircuitDriver(window).circuit;
    expect(decision).toMatchObject({ epoch: 1, state: 'closed', because: 'start', until: 0, trips: 0 });
  });

  it('hands one and the same permit to all calls of an epoch, and another to those of the next', () => {
    const it = new CircuitDriver(window);
    const first = it.call();
    expect(it.call()).toBe(first);
    it.circuit.force('closed', it.now);
    expect(it.call()).not.toBe(first);
  });

  it.each(['enforce', 'disabled'] as const)('admits with or without the shortcut: %s', mode => {
    const { circuit } = new CircuitDriver({ ...window, mode });
    expect(circuit.admit(1000, never)).toBe(circuit.pass());
    expect(circuit.inFlight).toBe(2);
  });

  it('tells which rule tripped, and the counts that decided', () => {
    const it = new CircuitDriver({ ...window, minCalls: 3, consecutiveFailures: 9 });
    it.run(ok, bad, bad);
    expect(it.circuit.decision).toMatchObject({
      state: 'open',
      because: 'failureRatio',
      counts: { calls: 3, failures: 2, slow: 0, overdue: 0, consecutiveFailures: 2 },
      trips: 1,
      until: 1100,
    });
  });

  it('lets a rule of the user change the state itself', () => {
    const trip = () => {
      it.circuit.force('isolated', it.now);
      return true;
    };
    const it = new CircuitDriver({ windowCalls: 3, trip });
    it.run(bad);
    expect(it.circuit.decision).toMatchObject({ state: 'isolated', epoch: 2 });
  });

  it('forgets its window after an idle span as long as it', () => {
    const it = new CircuitDriver({ windowMs: 100, failureRatio: 0.5 });
    it.run(ok, ok, bad);
    it.now += 100;
    expect(it.circuit.counts(it.now)).toMatchObject({ calls: 0, failures: 0 });
    it.run(ok, ok, bad);
    expect(it.state).toBe('closed');
  });
});

describe('an open circuit', () => {
  const opened = (rules: Partial<CircuitRules> = {}) => {
    const it = new CircuitDriver({ consecutiveFailures: 1, ...rules });
    it.run(bad);
    return it;
  };

  it('rejects until its break is over, to the millisecond', () => {
    const it = opened();
    it.now = 1099.9;
    expect(it.ask()).toBeUndefined();
    expect(it.circuit.retryAfterMs(it.now)).toBeCloseTo(0.1);
    it.now = 1100;
    expect(it.circuit.retryAfterMs(it.now)).toBe(0);
    expect(it.ask()).toBeDefined();
    expect(it.circuit.decision).toMatchObject({ state: 'half-open', because: 'elapsed' });
  });

  it('is not kept open by calls that began before it opened', () => {
    const it = new CircuitDriver({ consecutiveFailures: 1 });
    const late = times(1000, 0).map(() => it.call());
    it.run(bad);
    it.now += 50;
    for (const permit of late) it.settle(permit, bad);
    expect(it.circuit.decision).toMatchObject({ epoch: 2, until: 1100, trips: 1 });
    expect(it.circuit.totals()).toMatchObject({ failure: 1001, stale: 1000 });
  });

  it('probes rather than waits for ever when time stops being a number', () => {
    const it = opened();
    it.now = Number.NaN;
    expect(it.ask()).toBeDefined();
  });

  it.each([
    ['a fixed break', {}, [100, 100, 100]],
    ['a growing break', { openFactor: 3 }, [100, 300, 900, 1000, 1000]],
    ['very many breaks', { openFactor: 1e300 }, [100, 1000, 1000, 1000]],
  ])('takes %s', (_, rules, breaks) => {
    const it = opened(rules);
    for (const breakMs of breaks) {
      expect(it.circuit.decision.until - it.now).toBe(breakMs);
      it.now += breakMs;
      it.run(bad);
    }
    it.now += 1000;
    it.run(ok);
    expect(it.state).toBe('closed');
    it.run(bad);
    expect(it.circuit.decision).toMatchObject({ trips: 1, until: it.now + 100 });
  });

  it('leaves a part of a capped break to chance, too', () => {
    const rules = { consecutiveFailures: 1, openMs: 4000, maxOpenMs: 1000, jitterRatio: 0.4 };
    const it = new CircuitDriver(rules, 1000, () => 0.5);
    it.run(bad);
    expect(it.circuit.retryAfterMs(1000)).toBe(800);
  });

  it('leaves a part of the break to chance', () => {
    const it = new CircuitDriver({ consecutiveFailures: 1, jitterRatio: 0.4 }, 1000, () => 0.5);
    it.run(bad);
    expect(it.circuit.decision.until).toBe(1080);
  });

  it.each([
    [700, 1700],
    [20, 1020],
    [1e99, 6000],
    [Infinity, 6000],
    [0, 1100],
    [-1, 1100],
    [Number.NaN, 1100],
  ])('takes the break that the answer asked for: %d', (asked, until) => {
    const it = new CircuitDriver({ consecutiveFailures: 2 });
    it.settle(it.call(), bad, 4000);
    it.settle(it.call(), bad, asked);
    expect(it.circuit.decision.until).toBe(until);
  });

  it('asks no answer when none may make a break', () => {
    const it = new CircuitDriver({ consecutiveFailures: 1, maxRetryAfterMs: 0 });
    it.settle(it.call(), bad, 4000);
    expect(it.circuit.decision.until).toBe(1100);
  });
});
