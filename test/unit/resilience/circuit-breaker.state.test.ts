import { describe, expect, it } from 'vitest';
import { CircuitBreaker } from '../../../src/resilience/circuit-breaker.js';
import { VirtualClock } from '../../../src/testing/virtual-clock.js';
import { breakerOf, fail, ok, pending, run } from '../../fixtures/breaker.js';

describe('explain', () => {
  it('says why the breaker is in its state, with the counts that decided', async () => {
    const { breaker, clock } = breakerOf({ consecutiveFailures: 9, failureRatio: 0.5, minCalls: 4 });
    expect(breaker.explain()).toMatchObject({ state: 'closed', because: 'start', retryAfterMs: 0, trips: 0 });
    await run(breaker, ok, ok, fail, fail);
    await clock.advance(40);
    expect(breaker.explain()).toEqual({
      state: 'open',
      because: 'failureRatio',
      decidedBy: { calls: 4, failures: 2, slow: 0, overdue: 0, consecutiveFailures: 2 },
      counts: { calls: 0, failures: 0, slow: 0, overdue: 0, consecutiveFailures: 0 },
      trips: 1,
      retryAfterMs: 60,
      inFlight: 0,
      totals: {
        ...{ success: 2, failure: 2, ignored: 0, cancelled: 0, rejected: 0 },
        ...{ slow: 0, stale: 0, wouldReject: 0 },
      },
      text: 'stock is open by failureRatio: 4 calls, 2 failed, 0 slow',
    });
    breaker.isolate();
    expect(breaker.explain()).toMatchObject({
      state: 'isolated',
      because: 'manual',
      retryAfterMs: undefined,
    });
  });
});

describe('modes', () => {
  it('isolated rejects all until reset', async () => {
    const { breaker, clock } = breakerOf();
    breaker.isolate();
    await clock.advance(1e9);
    await expect(breaker.execute(ok)).rejects.toMatchObject({
      message: 'stock is isolated',
      retryAfterMs: undefined,
    });
    breaker.reset();
    await expect(breaker.execute(ok)).resolves.toBe('fine');
  });

  it('disabled counts nothing', async () => {
    const { breaker } = breakerOf({ mode: 'disabled' });
    await run(breaker, fail, fail, fail);
    expect(breaker.state).toBe('disabled');
    breaker.isolate();
    breaker.reset();
    expect(breaker.state).toBe('disabled');
    const other = breakerOf().breaker;
    other.disable();
    await run(other, fail, fail, fail);
    expect(other.state).toBe('disabled');
  });

  it('observe tells what it would have done and rejects nobody', async () => {
    const { breaker, clock, told } = breakerOf({ mode: 'observe' });
    await run(breaker, fail, fail);
    await expect(breaker.execute(ok)).resolves.toBe('fine');
    await clock.advance(100);
    const probe = pending();
    const call = breaker.execute(probe.operation);
    await expect(breaker.execute(ok)).resolves.toBe('fine');
    probe.resolve('fine');
    await call;
    expect(told).toEqual(['opened', 'wouldReject', 'halfOpened', 'wouldReject', 'closed']);
    expect(breaker.explain().totals).toMatchObject({ rejected: 0, wouldReject: 2, success: 3 });
  });
});

describe('snapshot and restore', () => {
  const reopened = async (downtimeMs: number, laterMs: number) => {
    const before = breakerOf();
    await run(before.breaker, fail, fail);
    await before.clock.advance(30);
    const saved: unknown = JSON.parse(JSON.stringify(before.breaker.snapshot()));
    const after = breakerOf({ clock: new VirtualClock({ nowMs: 1e6, wallMs: 0 }) });
    after.breaker.restore(saved, downtimeMs);
    await (after.breaker.clock as VirtualClock).advance(laterMs);
    return after;
  };

  it('go on with the rest of the break', async () => {
    for (const [downtimeMs, laterMs] of [
      [0, 70],
      [40, 30],
      [500, 0],
    ] as const) {
      const { breaker, told } = await reopened(downtimeMs, laterMs);
      await expect(breaker.execute(ok)).resolves.toBe('fine');
      expect(told).toEqual(['opened', 'halfOpened', 'closed']);
    }
    const { breaker } = await reopened(40, 29);
    await expect(breaker.execute(ok)).rejects.toMatchObject({ retryAfterMs: 1 });
  });

  it.each([undefined, null, 'open', {}, { version: 99 }, []])('refuse %j and change nothing', async saved => {
    const { breaker, told } = breakerOf();
    await run(breaker, fail);
    expect(() => breaker.restore(saved)).toThrow(
      /^CircuitBreaker: `snapshot` must be one that `snapshot\(\)` made, got /,
    );
    expect(() => breaker.restore(saved)).toThrow(TypeError);
    await run(breaker, fail);
    expect(told).toEqual(['opened']);
  });

  it.each([Number.NaN, -1, Infinity, '1'])('refuse a downtime of %s', downtimeMs => {
    const { breaker } = breakerOf();
    const saved = breaker.snapshot();
    expect(() => breaker.restore(saved, downtimeMs as number)).toThrow(/`downtimeMs` must be a number >= 0/);
  });

  it('keep a time window in step', async () => {
    const options = { window: { ms: 100 }, failureRatio: 0.5, minCalls: 2, consecutiveFailures: 9 };
    const before = breakerOf(options);
    await run(before.breaker, fail);
    await before.clock.advance(45);
    const after = breakerOf(options);
    after.breaker.restore(before.breaker.snapshot(), 54);
    expect(after.breaker.explain().counts.failures).toBe(1);
    await after.clock.advance(1);
    expect(after.breaker.explain().counts.failures).toBe(0);
  });
});

describe('rules', () => {
  it('are one object for breakers made alike', () => {
    const make = () => new CircuitBreaker({ failureRatio: 0.5, window: { calls: 100 } }).describe();
    expect(make()).toEqual(make());
    expect(new CircuitBreaker({ failureRatio: 0.4 }).describe()).not.toEqual(make());
  });
});
