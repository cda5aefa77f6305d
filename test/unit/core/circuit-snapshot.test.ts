import { describe, expect, it } from 'vitest';
import { Circuit } from '../../../src/core/circuit.js';
import type { CircuitSnapshot } from '../../../src/core/circuit-snapshot.js';
import { CircuitDriver } from '../../fixtures/circuit-driver.js';
import { circuitRules } from '../../fixtures/circuit-rules.js';

const rules = { windowCalls: 10, failureRatio: 0.5, minCalls: 2, probes: 1, probesToClose: 1 };
const through = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

/** An open circuit, 30 ms into its break of 100. */
const opened = () => {
  const it = new CircuitDriver(rules);
  it.run('success', 'failure');
  it.now += 30;
  return it;
};

describe('the snapshot of a circuit', () => {
  it('is plain JSON with spans instead of points in time', () => {
    const it = opened();
    const snapshot = it.circuit.snapshot(it.now);
    expect(through(snapshot)).toEqual(snapshot);
    expect(snapshot).toMatchObject({
      version: 1,
      state: 'open',
      because: 'failureRatio',
      remainingMs: 70,
      trips: 1,
    });
  });

  it.each([
    [0, 69, 'open'],
    [0, 70, 'half-open'],
    [40, 29, 'open'],
    [40, 30, 'half-open'],
    [1e9, 0, 'half-open'],
  ])('waits for the rest of the break: %d ms down, %d ms later', (downtimeMs, later, state) => {
    const it = opened();
    const next = new CircuitDriver(rules, 5e6);
    expect(next.circuit.restore(through(it.circuit.snapshot(it.now)), next.now, downtimeMs)).toBe(true);
    next.now += later;
    next.ask();
    expect(next.state).toBe(state);
    expect(next.circuit.totals()).toMatchObject({ success: 1, failure: 1 });
  });

  it('has a half-open circuit probe at once again', () => {
    const it = opened();
    it.now += 70;
    it.call();
    const next = new CircuitDriver(rules);
    next.circuit.restore(through(it.circuit.snapshot(it.now)), next.now, 0);
    expect(next.state).toBe('open');
    next.run('success');
    expect(next.state).toBe('closed');
  });

  it('goes on counting where it was', () => {
    const it = new CircuitDriver({ ...rules, failureRatio: 0.7, consecutiveFailures: 3, minCalls: 5 });
    it.run('success', 'failure', 'failure');
    const next = new CircuitDriver({ ...rules, failureRatio: 0.7, consecutiveFailures: 3, minCalls: 5 });
    next.circuit.restore(through(it.circuit.snapshot(it.now)), next.now, 0);
    expect(next.circuit.counts(next.now)).toEqual(it.circuit.counts(it.now));
    next.run('failure');
    expect(next.circuit.decision).toMatchObject({ state: 'open', because: 'consecutiveFailures' });
  });

  it.each(['isolated', 'disabled'] as const)('keeps the order of somebody: %s', state => {
    const it = new CircuitDriver(rules);
    it.circuit.force(state, it.now);
    const next = new CircuitDriver(rules);
    next.circuit.restore(through(it.circuit.snapshot(it.now)), next.now, 1e9);
    expect(next.circuit.decision).toMatchObject({ state, because: 'manual' });
  });

  it('does not enforce where the mode is disabled', () => {
    const it = opened();
    const next = new CircuitDriver({ ...rules, mode: 'disabled' });
    next.circuit.restore(through(it.circuit.snapshot(it.now)), next.now, 0);
    expect(next.state).toBe('disabled');
    expect(next.circuit.retryAfterMs(next.now)).toBe(0);
  });

  it('holds no longer than the rules allow a break to be', () => {
    const it = opened();
    const next = new CircuitDriver(rules);
    next.circuit.restore({ ...it.circuit.snapshot(it.now), remainingMs: 1e300 }, next.now, 0);
    expect(next.circuit.retryAfterMs(next.now)).toBe(5000);
  });

  it('refuses a share of a failure, and drops what it does not know of the counts', () => {
    const it = new CircuitDriver();
    const saved = it.circuit.snapshot(it.now);
    expect(it.circuit.restore({ ...saved, consecutiveFailures: 1.5 }, it.now, 0)).toBe(false);
    const totals = { ...saved.totals, success: 2 ** 48 - 1, zzz: 1 };
    const counts = { ...saved.counts, failures: 3, zzz: 'z' };
    expect(it.circuit.restore({ ...saved, counts, totals }, it.now, 0)).toBe(true);
    expect(it.circuit.totals()).toEqual({ ...saved.totals, success: 2 ** 48 - 1 });
    expect(it.circuit.decision.counts).toEqual({ ...saved.counts, failures: 3 });
  });

  it('leaves calls in flight without a say, and counted', () => {
    const it = opened();
    const next = new CircuitDriver(rules);
    const late = next.call();
    next.circuit.restore(it.circuit.snapshot(it.now), next.now, 0);
    expect(next.circuit.inFlight).toBe(1);
    next.settle(late, 'failure');
    expect(next.circuit.inFlight).toBe(0);
    expect(next.circuit.totals()).toMatchObject({ success: 1, failure: 2, stale: 1 });
  });

  it('means the rest of a window in time', () => {
    const timed = { windowMs: 100, buckets: 10, failureRatio: 1, minCalls: 2 };
    const it = new CircuitDriver(timed);
    it.run('failure');
    it.now += 35;
    const saved = through(it.circuit.snapshot(it.now));
    for (const [downtimeMs, failures] of [
      [64, 1],
      [65, 0],
    ] as const) {
      const next = new CircuitDriver(timed, 77);
      next.circuit.restore(saved, next.now, downtimeMs);
      expect(next.circuit.counts(next.now).failures).toBe(failures);
    }
  });

  it('starts an empty window where that is of another kind', () => {
    const it = new CircuitDriver(rules);
    it.run('success', 'success');
    const next = new CircuitDriver({ windowMs: 50, failureRatio: 0.5 });
    expect(next.circuit.restore(it.circuit.snapshot(it.now), next.now, 0)).toBe(true);
    expect(next.circuit.counts(next.now).calls).toBe(0);
    const none = new CircuitDriver({ consecutiveFailures: 5 });
    expect(none.circuit.restore(it.circuit.snapshot(it.now), none.now, 0)).toBe(true);
    expect(none.circuit.snapshot(none.now).window).toBeNull();
  });

  it.each<[string, (good: CircuitSnapshot) => unknown]>([
    ['nothing', () => undefined],
    ['null', () => null],
    ['a number', () => 42],
    ['a string', () => 'open'],
    ['an array', () => []],
    ['an empty object', () => ({})],
    ['another version', good => ({ ...good, version: 2 })],
    ['an unknown state', good => ({ ...good, state: 'ajar' })],
    ['a state that is never saved', good => ({ ...good, state: 'half-open' })],
    ['a state by its prototype', good => ({ ...good, state: 'constructor' })],
    ['no cause', good => ({ ...good, because: 1 })],
    ['a missing count', ({ trips: _, ...withoutTrips }) => withoutTrips],
    ['time that is no number', good => ({ ...good, remainingMs: Number.NaN })],
    ['time without end', good => ({ ...good, remainingMs: Infinity })],
    ['time before now', good => ({ ...good, remainingMs: -1 })],
    ['counts that are none', good => ({ ...good, counts: { ...good.counts, calls: '1' } })],
    ['counts below zero', good => ({ ...good, consecutiveFailures: -1 })],
    ['a share of a call', good => ({ ...good, totals: { ...good.totals, success: 0.5 } })],
    ['a share of a trip', good => ({ ...good, trips: 0.5 })],
    ['a share in what decided', good => ({ ...good, counts: { ...good.counts, overdue: 1.5 } })],
    ['more calls than can be counted', good => ({ ...good, totals: { ...good.totals, stale: 2 ** 48 } })],
    ['no totals', good => ({ ...good, totals: null })],
    ['half the totals', good => ({ ...good, totals: { success: 1 } })],
  ])('is refused, and nothing changes, when it is %s', (_, spoil) => {
    const it = opened();
    const before = it.circuit.snapshot(it.now);
    expect(it.circuit.restore(spoil(before), it.now, 0)).toBe(false);
    expect(it.circuit.snapshot(it.now)).toEqual(before);
    expect(it.circuit.decision.epoch).toBe(2);
  });

  it('does not let a snapshot reach the prototypes', () => {
    const circuit = new Circuit(circuitRules(rules), 0);
    const good = JSON.stringify(opened().circuit.snapshot(1030));
    const evil = JSON.parse(`{"__proto__":{"bad":1},${good.slice(1)}`);
    circuit.restore(evil, 0, 0);
    expect(({} as { bad?: number }).bad).toBeUndefined();
  });
});
