import { describe, expect, it } from 'vitest';
import { CircuitDriver, times } from '../../fixtures/circuit-driver.js';

const slow = { windowCalls: 10, slowMs: 20, slowRatio: 0.5, minCalls: 4 };

describe('slow calls', () => {
  it.each([
    [20, 0],
    [20.001, 1],
    [21, 1],
  ])('are those that take longer than `slowMs`: %d ms', (ms, count) => {
    const it = new CircuitDriver(slow);
    const permit = it.call();
    it.now += ms;
    it.settle(permit, 'success');
    expect(it.circuit.counts(it.now)).toMatchObject({ calls: 1, slow: count });
    expect(it.circuit.totals()).toMatchObject({ success: 1, slow: count });
  });

  it('trip when they settle', () => {
    const it = new CircuitDriver(slow);
    it.run('success', 'success');
    const two = [it.call(), it.call()];
    it.now += 21;
    it.settle(two[0]!, 'ignored');
    expect(it.state).toBe('closed');
    it.run('success', 'success');
    it.settle(it.call(), 'slow');
    it.settle(it.call(), 'slow');
    expect(it.state).toBe('closed');
    it.settle(two[1]!, 'success');
    it.run('slow');
    expect(it.circuit.decision).toMatchObject({ state: 'open', because: 'slowRatio' });
  });

  it('trip while they are in flight, when the next call comes', () => {
    const it = new CircuitDriver(slow);
    for (let i = 0; i < 4; i++) it.call();
    it.now += 20;
    expect(it.ask()).toBeDefined();
    expect(it.state).toBe('closed');
    it.now += 1;
    expect(it.ask()).toBeUndefined();
    expect(it.circuit.decision).toMatchObject({
      state: 'open',
      because: 'slowRatio',
      counts: { calls: 0, overdue: 4 },
      until: 1121,
    });
  });

  it('trip while in flight when another call settles, even one that says nothing', () => {
    const it = new CircuitDriver({ ...slow, minCalls: 2 });
    it.call();
    it.call();
    it.now += 15;
    const quick = it.call();
    it.now += 6;
    it.settle(quick, 'ignored');
    expect(it.state).toBe('open');
  });

  it('count once: in flight first, then in the window', () => {
    const it = new CircuitDriver({ ...slow, minCalls: 10 });
    const [a, b] = [it.call(), it.call()];
    it.now += 30;
    it.run('success');
    expect(it.circuit.counts(it.now)).toMatchObject({ calls: 1, slow: 0, overdue: 2 });
    it.settle(a, 'failure');
    expect(it.circuit.counts(it.now)).toMatchObject({ calls: 2, failures: 1, slow: 1, overdue: 1 });
    it.settle(b, 'cancelled');
    expect(it.circuit.counts(it.now)).toMatchObject({ calls: 2, slow: 1, overdue: 0 });
  });

  it('take their Retry-After along when the slow failure itself is what trips', () => {
    const it = new CircuitDriver({ ...slow, minCalls: 1 });
    const permit = it.call();
    it.now += 21;
    it.settle(permit, 'failure', 3000);
    expect(it.circuit.decision).toMatchObject({ state: 'open', until: it.now + 3000 });
  });

  it('are followed without a scan: 100 000 in flight, settled in any order', () => {
    const it = new CircuitDriver({ ...slow, slowRatio: 1, windowCalls: 1000 });
    it.run('success');
    const permits = times(100_000, 0).map(() => it.call());
    for (let i = 0; i < permits.length; i++) {
      const other = (i * 7919) % permits.length;
      [permits[i], permits[other]] = [permits[other]!, permits[i]!];
    }
    for (const permit of permits) it.settle(permit, 'success');
    expect(it.circuit.inFlight).toBe(0);
    it.now += 100;
    it.run('success');
    expect(it.circuit.counts(it.now)).toMatchObject({ calls: 1000, overdue: 0 });
  });
});

describe('slow probes', () => {
  const probing = (probeLeaseMs: number, probes = 2, probesToClose = 2) => {
    const it = new CircuitDriver({
      ...slow,
      consecutiveFailures: 1,
      probes,
      probesToClose,
      probeLeaseMs,
    });
    it.run('failure');
    it.now = 1100;
    return it;
  };

  it('count against when they settle', () => {
    const it = probing(50);
    const probe = it.call();
    it.now += 21;
    it.settle(probe, 'success');
    expect(it.circuit.decision).toMatchObject({ state: 'open', because: 'probes', counts: { overdue: 1 } });
  });

  it('count against as soon as they are slow, and what they answer then is late', () => {
    const it = probing(50);
    const probe = it.call();
    it.now += 21;
    expect(it.ask()).toBeUndefined();
    expect(it.state).toBe('open');
    it.settle(probe, 'success');
    expect(it.circuit.totals().stale).toBe(1);
  });

  it('keep their places when enough others can still succeed', () => {
    const it = probing(50, 3, 1);
    it.call();
    it.now += 21;
    expect([it.ask(), it.ask(), it.ask()].map(Boolean)).toEqual([true, true, false]);
  });

  it('say nothing when the lease ends before they are slow, however late that is noticed', () => {
    const it = probing(20);
    it.call();
    it.now += 500;
    expect(it.ask()).toBeDefined();
    expect(it.state).toBe('half-open');
  });
});
