import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BlastRadius } from '../../../src/core/blast-radius.js';
import { Budget } from '../../../src/core/budget.js';
import { Flights } from '../../../src/core/flights.js';
import { QuantileWindow } from '../../../src/core/quantile.js';
import { Sieve, SieveNode } from '../../../src/core/sieve.js';
import { Throttle } from '../../../src/core/throttle.js';
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

  it.each(['isolated', 'disabled'] as const)('stays as somebody ordered: %s', state => {
    const driver = new CircuitDriver();
    driver.circuit.force(state, driver.now);
    driver.circuit.amend(circuitRules(), driver.now);
    expect(driver.state).toBe(state);
  });

  it('follows calls from now on, and goes on following those it has', () => {
    const driver = new CircuitDriver();
    driver.call();
    driver.circuit.amend(circuitRules({ slowMs: 20 }), driver.now);
    driver.call();
    driver.now += 21;
    driver.run('success');
    expect(driver.circuit.counts(driver.now)).toMatchObject({ overdue: 1 });
    driver.circuit.amend(circuitRules({ slowMs: 30 }), driver.now);
    expect(driver.circuit.counts(driver.now)).toMatchObject({ overdue: 1 });
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
  it('does not multiply by the new rate what the old one left over', () => {
    const budget = new Budget({ retryRatio: 0, reserve: 1, minPerSecond: 0.5 }, 0);
    budget.withdraw(0);
    budget.amend({ retryRatio: 0, reserve: 1, minPerSecond: 1_000 }, 1);
    expect(budget.tokens(1)).toBe(0);
    expect(budget.tokens(2)).toBe(1);
  });

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

describe('a blast radius that is amended', () => {
  it('knows of the latest calls as many as it saw, in a window of any length', () => {
    const step = fc.oneof(
      { weight: 4, arbitrary: fc.boolean() },
      fc.record({ percent: fc.integer({ min: 0, max: 100 }), size: fc.integer({ min: 1, max: 9 }) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80, size: 'max' }), steps => {
        let [percent, size] = [50, 4];
        const radius = new BlastRadius(percent / 100, size);
        let log: boolean[] = [];
        for (const each of steps) {
          if (typeof each === 'object') {
            ({ percent, size } = each);
            radius.amend(percent / 100, size);
          } else {
            const before = log.slice(-size + 1 || log.length).filter(Boolean).length;
            const seen = Math.min(log.length + 1, size);
            const admitted = radius.admit(each);
            expect(admitted).toBe(each && 100 * (before + 1) <= percent * seen);
            log.push(admitted);
          }
          // What a shorter window forgot, a longer one does not know again.
          log = log.slice(-size);
          expect(radius.affected).toBe(log.filter(Boolean).length);
        }
      }),
    );
  });
});

describe('a sieve that is resized', () => {
  it('lets go of as many as have no room, and loses none of the others', () => {
    const step = fc.oneof(
      { weight: 3, arbitrary: fc.record({ add: fc.nat(12) }) },
      { weight: 3, arbitrary: fc.record({ get: fc.nat(12) }) },
      fc.record({ resize: fc.integer({ min: 1, max: 8 }) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80, size: 'max' }), steps => {
        let room = 4;
        const sieve = new Sieve(room);
        const held = new Set<SieveNode>();
        for (const each of steps) {
          if ('get' in each) sieve.get(String(each.get));
          else if ('add' in each) {
            const node = new SieveNode(String(each.add));
            held.add(node);
            held.delete(sieve.add(node) as SieveNode);
          } else {
            room = each.resize;
            const before = held.size;
            const gone = sieve.resize(room);
            expect(gone).toHaveLength(Math.max(0, before - room));
            for (const node of gone) held.delete(node);
          }
          expect(held.size).toBeLessThanOrEqual(room);
          expect(new Set(sieve.nodes())).toEqual(held);
        }
      }),
    );
  });

  it('spares what was asked for', () => {
    const sieve = new Sieve(4);
    for (const key of ['a', 'b', 'c', 'd']) sieve.add(new SieveNode(key));
    sieve.get('a');
    sieve.get('c');
    expect(sieve.resize(2).map(({ key }) => key)).toEqual(['b', 'd']);
    expect(() => sieve.resize(0)).toThrow('`maxEntries` must be an integer >= 1, got 0');
  });
});

describe('flights that are resized', () => {
  it('stay, and are full until there is room', () => {
    const flights = new Flights(2);
    const [a, b] = ['a', 'b'].map(sharedKey => ({ sharedKey, callers: 0, latest: 0 })) as [never, never];
    flights.start(a);
    flights.start(b);
    flights.resize(1);
    expect([flights.size, flights.isFull, flights.land(a), flights.isFull]).toEqual([2, true, true, true]);
    flights.resize(3);
    expect(flights.isFull).toBe(false);
    expect(() => flights.resize(0.5)).toThrow('`maxKeys` must be an integer >= 1, got 0.5');
  });
});

describe('a quantile that is amended', () => {
  const rules = { ratio: 0.5, minSamples: 1, windowCalls: 8 };

  it.each([2, 4, 8, 20])('goes on with what it knows, and is soon one of %d calls', windowCalls => {
    const window = new QuantileWindow(rules);
    for (let ms = 1; ms <= 8; ms++) window.record(ms, false);
    const before = window.quantileMs;
    window.amend({ ...rules, windowCalls });
    expect([window.samples, window.quantileMs]).toEqual([8, before]);
    for (let call = 0; call < 3 * windowCalls; call++) {
      window.record(1_000, false);
      expect(window.samples).toBeLessThanOrEqual(Math.max(8, windowCalls) + windowCalls);
    }
    expect(window.samples).toBeLessThanOrEqual(windowCalls);
    expect(window.quantileMs).toBeGreaterThanOrEqual(1_000);
  });

  it('answers by the new ratio at once', () => {
    const window = new QuantileWindow(rules);
    for (const ms of [1, 1, 1, 100]) window.record(ms, false);
    expect(window.quantileMs).toBe(1);
    window.amend({ ...rules, ratio: 0.9 });
    expect(window.quantileMs).toBeGreaterThanOrEqual(100);
  });
});

describe('a throttle that is amended', () => {
  const rules = { windowMs: 100, buckets: 4, headroom: 2, maxRejectRatio: 1, minRequests: 1 };

  it.each([
    [{ headroom: 1 }, 3],
    [{ windowMs: 50 }, 0],
    [{ buckets: 5 }, 0],
  ])('by %j knows of %d requests', (change, known) => {
    const throttle = new Throttle(rules, 0);
    for (let i = 0; i < 3; i++) throttle.record(false, 0);
    throttle.amend({ ...rules, ...change }, 0);
    expect(throttle.requests(0)).toBe(known);
  });
});
