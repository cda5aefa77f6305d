import { EventEmitter } from 'node:events';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { BulkheadFullError } from '../../../src/kernel/errors.js';
import { CircuitBreaker } from '../../../src/resilience/circuit-breaker.js';
import type { CircuitRejection } from '../../../src/resilience/circuit-events.js';
import { boom, breakerOf, fail, ok, pending, run } from '../../fixtures/breaker.js';

afterEach(() => vi.restoreAllMocks());
const many = (count: number, operation: () => Promise<unknown>) => new Array(count).fill(operation);

/** What goes wrong in widely used breakers, by the numbers of the project's list of reproduced defects. */
describe('a circuit breaker is free of', () => {
  it('C1: failures that are still counted an hour later', async () => {
    const { breaker, clock } = breakerOf({
      consecutiveFailures: 99,
      failureRatio: 0.5,
      minCalls: 10,
      window: { ms: 30_000 },
    });
    await run(breaker, ...many(41, ok), ...many(40, fail));
    expect(breaker.state).toBe('closed');
    await clock.advance(3_600_000);
    await run(breaker, ...many(30, ok), fail);
    expect(breaker.explain()).toMatchObject({ state: 'closed', counts: { calls: 31, failures: 1 } });
  });

  it.each([
    ['C2: a late failure that reopens it over a good probe', false],
    ['O2: a late success that closes it without a probe', true],
  ])('%s', async (_, success) => {
    const { breaker, clock, told } = breakerOf();
    const late = pending();
    const lateCall = breaker.execute(late.operation).catch(() => {});
    await run(breaker, fail, fail);
    await clock.advance(100);
    const probe = pending();
    const probeCall = breaker.execute(probe.operation);
    if (success) late.resolve('fine');
    else late.reject(boom);
    await lateCall;
    expect(breaker.state).toBe('half-open');
    probe.resolve('fine');
    await probeCall;
    expect(told).toEqual(['opened', 'halfOpened', 'closed']);
  });

  it('C5: callers that wait for a probe which never settles', async () => {
    const { breaker, clock } = breakerOf();
    await run(breaker, fail, fail);
    await clock.advance(100);
    void breaker.execute(pending().operation);
    const aborting = new AbortController();
    const calls = Array.from({ length: 1000 }, () => breaker.execute(ok, { signal: aborting.signal }));
    const settled = await Promise.allSettled(calls);
    expect(settled.every(({ status }) => status === 'rejected')).toBe(true);
    await clock.advance(50);
    await run(breaker, ok);
    expect(breaker.state).toBe('closed');
  });

  it('C7: a crowd that runs all at once when the probe succeeds', async () => {
    const { breaker, clock } = breakerOf();
    await run(breaker, fail, fail);
    await clock.advance(100);
    const probe = pending();
    let ran = 0;
    const probeCall = breaker.execute(probe.operation);
    const crowd = Array.from({ length: 10_000 }, () => breaker.execute(async () => ++ran));
    const settled = Promise.allSettled(crowd);
    probe.resolve('fine');
    await probeCall;
    await settled;
    expect(ran).toBe(0);
    expect(breaker.state).toBe('closed');
  });

  it('C9 and O6: a listener that makes a good call fail, run again, or count twice', async () => {
    vi.spyOn(console, 'error').mockImplementation(() => {});
    const { breaker, clock } = breakerOf();
    breaker.on('closed', () => {
      throw boom;
    });
    await run(breaker, fail, fail);
    await clock.advance(100);
    let ran = 0;
    await expect(breaker.execute(async () => ++ran)).resolves.toBe(1);
    expect(ran).toBe(1);
    expect(breaker.explain()).toMatchObject({ state: 'closed', totals: { success: 1, failure: 2 } });
  });

  it('C10: breaks that follow the wall clock', async () => {
    for (const step of [-3_600_000, 3_600_000]) {
      const { breaker, clock } = breakerOf();
      await run(breaker, fail, fail);
      clock.stepWall(step);
      await clock.advance(99);
      await expect(breaker.execute(ok)).rejects.toMatchObject({ retryAfterMs: 1 });
      await clock.advance(1);
      await expect(breaker.execute(ok)).resolves.toBe('fine');
    }
  });

  it('C11: numbers that make no sense, and growth that grows otherwise than it says', async () => {
    expect(() => new CircuitBreaker({ openMs: Number.NaN })).toThrow(RangeError);
    const { breaker, clock } = breakerOf({ openMs: { initialMs: 100, factor: 3, jitterRatio: 0 } });
    const breaks: unknown[] = [];
    breaker.on('opened', ({ breakMs }) => breaks.push(breakMs));
    await run(breaker, fail, fail);
    for (const ms of [100, 300, 900]) {
      await clock.advance(ms);
      await run(breaker, fail);
    }
    expect(breaks).toEqual([100, 300, 900, 2700]);
  });

  it('C12: saved state that is garbage and breaks every later call', async () => {
    const { breaker } = breakerOf();
    for (const saved of [{ ownState: {} }, { state: 99 }, '{"state":"open"}', Number.NaN, () => {}]) {
      expect(() => breaker.restore(saved)).toThrow('`snapshot` must be one that');
    }
    await expect(breaker.execute(ok)).resolves.toBe('fine');
  });

  it('O4: operations that may not return undefined, and thenables that count twice', async () => {
    const { breaker } = breakerOf();
    await expect(breaker.execute(() => undefined)).resolves.toBeUndefined();
    const twice = {
      then(onValue: (value: number) => void, onError: (error: unknown) => void) {
        onValue(1);
        onError(boom);
        onValue(2);
      },
    };
    await expect(breaker.execute(() => twice as unknown as PromiseLike<number>)).resolves.toBe(1);
    const evil = {
      get then(): never {
        throw boom;
      },
    };
    await expect(breaker.execute(() => evil as unknown as PromiseLike<number>)).rejects.toBe(boom);
    expect(breaker.explain()).toMatchObject({ inFlight: 0, totals: { success: 2, failure: 1 } });
  });

  it('O7: a hung probe that rejects everybody for ever', async () => {
    const { breaker, clock } = breakerOf();
    await run(breaker, fail, fail);
    await clock.advance(100);
    for (let i = 0; i < 20; i++) {
      void breaker.execute(pending().operation);
      await clock.advance(50);
    }
    await run(breaker, ok);
    expect(breaker.state).toBe('closed');
  });

  it('O9: a snapshot that tells when the breaker was made instead of when it opened', async () => {
    const { breaker, clock } = breakerOf();
    await clock.advance(5000);
    await run(breaker, fail, fail);
    await clock.advance(1);
    expect(breaker.snapshot()).toMatchObject({ state: 'open', remainingMs: 99 });
  });

  it('O10: local rejections that open the circuit to a healthy remote', async () => {
    const { breaker } = breakerOf();
    await run(breaker, ...many(100, () => Promise.reject(new BulkheadFullError('full'))));
    expect(breaker.explain()).toMatchObject({ state: 'closed', totals: { ignored: 100, failure: 0 } });
  });

  it('O10: its own rejections in the ratio', async () => {
    const { breaker } = breakerOf({ consecutiveFailures: 99, failureRatio: 0.5, minCalls: 2 });
    await run(breaker, fail, fail, ...many(50, ok));
    expect(breaker.explain()).toMatchObject({
      decidedBy: { calls: 2, failures: 2 },
      totals: { rejected: 50, success: 0 },
    });
  });

  it('O11: thresholds that never trip, options that may not be frozen, and odd errors', async () => {
    expect(() => new CircuitBreaker({ failureRatio: Number.NaN })).toThrow(RangeError);
    expect(() => new CircuitBreaker({ failureRatio: 50 })).toThrow(
      '`failureRatio` must be a number > 0 <= 1, got 50',
    );
    const breaker = new CircuitBreaker(Object.freeze({ consecutiveFailures: 3 }));
    for (const thrown of [undefined, null, 0]) {
      await expect(breaker.execute(() => Promise.reject(thrown))).rejects.toBe(thrown);
    }
    expect(breaker.state).toBe('open');
  });

  it('O12: memory that grows with the calls of a window', async () => {
    const { breaker } = breakerOf({ window: { ms: 1000 }, slowMs: 50, failureRatio: 0.9 });
    for (let i = 0; i < 20_000; i++) breaker.acquire()[i % 3 === 0 ? 'failure' : 'success']();
    expect(JSON.stringify(breaker.snapshot()).length).toBeLessThan(700);
    expect(breaker.explain().counts.calls).toBe(20_000);
  });

  it('listeners that stay on the signals of callers', async () => {
    const { breaker } = breakerOf();
    const { signal } = new AbortController();
    const add = vi.spyOn(signal, 'addEventListener');
    const remove = vi.spyOn(signal, 'removeEventListener');
    for (let i = 0; i < 200; i++) await breaker.execute(ok, { signal });
    expect(remove.mock.calls.length).toBe(add.mock.calls.length);
    expect(breaker).not.toBeInstanceOf(EventEmitter);
  });

  it('a refusal that speaks of what a listener made of the state that the call met', async () => {
    const slow = { slowMs: 10, slowRatio: 0.1, minCalls: 1, consecutiveFailures: 9 };
    for (const mode of ['enforce', 'observe'] as const) {
      const { breaker, clock, told } = breakerOf({ ...slow, mode });
      const met: unknown[] = [];
      const note = ({ state, retryAfterMs }: CircuitRejection) => void met.push([state, retryAfterMs]);
      breaker.on('rejected', note);
      breaker.on('wouldReject', note);
      breaker.on('opened', () => breaker.reset());
      void breaker.execute(pending().operation);
      await clock.advance(11);
      const call = breaker.execute(ok);
      if (mode === 'enforce') {
        await expect(call).rejects.toMatchObject({ message: 'stock is open', retryAfterMs: 100 });
      } else {
        await expect(call).resolves.toBe('fine');
      }
      expect(met).toEqual([['open', 100]]);
      expect(told).toEqual(['opened', 'closed', mode === 'enforce' ? 'rejected' : 'wouldReject']);
      expect(breaker.explain().totals.rejected).toBe(mode === 'enforce' ? 1 : 0);
    }
  });

  it('a refusal that changes with what hears of it', async () => {
    const { breaker } = breakerOf();
    await run(breaker, fail, fail);
    breaker.on('rejected', () => breaker.reset());
    await expect(breaker.execute(ok)).rejects.toMatchObject({ message: 'stock is open', retryAfterMs: 100 });
    expect(breaker.state).toBe('closed');
  });

  it('calls that count as in flight for ever because chance threw', async () => {
    const { breaker, clock } = breakerOf({
      ...{ slowMs: 10, slowRatio: 0.1, minCalls: 1, consecutiveFailures: 9 },
      openMs: { initialMs: 100 },
      random: () => {
        throw boom;
      },
    });
    const slow = pending();
    const call = breaker.execute(slow.operation);
    await clock.advance(11);
    await expect(breaker.execute(ok)).rejects.toBe(boom);
    expect(breaker.explain().inFlight).toBe(1);
    const report = vi.spyOn(console, 'error').mockImplementation(() => {});
    slow.resolve('late');
    await call;
    expect(report).toHaveBeenCalledOnce();
    expect(breaker.explain().inFlight).toBe(0);
  });
});
