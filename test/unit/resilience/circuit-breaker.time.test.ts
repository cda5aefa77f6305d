import { describe, expect, it } from 'vitest';
import type { Clock } from '../../../src/kernel/clock.js';
import { CircuitBreaker } from '../../../src/resilience/circuit-breaker.js';
import type { CircuitBreakerOptions } from '../../../src/resilience/circuit-options.js';
import { VirtualClock } from '../../../src/testing/virtual-clock.js';
import { breakerOf, fail, ok, pending, run } from '../../fixtures/breaker.js';

/** Counts how often a clock is read, exactly and roughly. */
const counting = () => {
  const clock = new VirtualClock();
  const reads = { now: 0, coarse: 0, wall: 0, scheduled: 0 };
  const counted: Clock = {
    now() {
      reads.now++;
      return clock.now();
    },
    coarse() {
      reads.coarse++;
      return clock.coarse();
    },
    wall() {
      reads.wall++;
      return clock.wall();
    },
    schedule(...args) {
      reads.scheduled++;
      return clock.schedule(...args);
    },
    afterTurn: callback => clock.afterTurn(callback),
  };
  return { clock: counted, reads };
};

describe('the clock', () => {
  it.each<[string, CircuitBreakerOptions, number, number]>([
    ['not at all by failures in a row', { consecutiveFailures: 5 }, 0, 0],
    ['not at all by a count window', { window: { calls: 10 } }, 0, 0],
    ['once a call, roughly, by a time window', { window: { ms: 1000 } }, 100, 0],
    ['once a call exactly and once roughly, to time it', { slowMs: 50 }, 100, 100],
  ])('is read %s', async (_, options, coarse, exact) => {
    const { clock, reads } = counting();
    const breaker = new CircuitBreaker({ ...options, clock });
    const constructed = reads.now;
    await run(breaker, ...new Array(100).fill(ok));
    expect(reads).toEqual({ now: constructed + exact, coarse, wall: 0, scheduled: 0 });
  });

  it('never has a timer, in no state', async () => {
    const { breaker, clock } = breakerOf({ slowMs: 10, window: { ms: 100 } });
    await run(breaker, fail, fail, ok);
    expect(clock.timers).toBe(0);
    await clock.advance(100);
    void breaker.execute(pending().operation);
    expect(breaker.state).toBe('half-open');
    expect(clock.timers).toBe(0);
  });

  it('may step on the wall as it likes', async () => {
    const trace = async (step: (clock: VirtualClock) => void) => {
      const { breaker, clock, told } = breakerOf({ window: { ms: 50 }, failureRatio: 0.5, slowMs: 20 });
      const seen: unknown[] = [];
      for (let i = 0; i < 40; i++) {
        step(clock);
        await run(breaker, i % 3 === 0 ? ok : fail);
        const { text, ...explanation } = breaker.explain();
        seen.push(explanation);
        await clock.advance(13);
      }
      return { seen, told };
    };
    const still = await trace(() => {});
    for (const ms of [-3_600_000, 3_600_000, -1, 1e10]) {
      expect(await trace(clock => clock.stepWall(ms))).toEqual(still);
    }
  });

  it('may have stood still or run on while the process slept: no more probes than allowed', async () => {
    for (const sleptMs of [0, 600_000]) {
      const { breaker, clock } = breakerOf({ probes: 2 });
      await run(breaker, fail, fail);
      await clock.suspend(sleptMs);
      await clock.advance(100);
      const hung = pending();
      const calls = Array.from({ length: 50 }, () => breaker.execute(hung.operation));
      expect(breaker.explain().inFlight).toBe(2);
      hung.resolve('fine');
      await Promise.allSettled(calls);
    }
  });

  it('decides about the lease of a probe that never settles', async () => {
    const { breaker, clock, told } = breakerOf();
    await run(breaker, fail, fail);
    await clock.advance(100);
    const hung = pending();
    const first = breaker.execute(hung.operation);
    await clock.advance(49);
    await run(breaker, ok);
    await clock.advance(1);
    await run(breaker, ok);
    expect(told).toEqual(['opened', 'halfOpened', 'rejected', 'closed']);
    hung.reject(new Error('at last'));
    await expect(first).rejects.toThrow('at last');
    expect(breaker.state).toBe('closed');
  });

  it('opens on calls in flight that have become slow', async () => {
    const { breaker, clock } = breakerOf({ slowMs: 20, slowRatio: 1, minCalls: 3 });
    const hung = pending();
    for (let i = 0; i < 3; i++) void breaker.execute(hung.operation);
    await clock.advance(21);
    await expect(breaker.execute(ok)).rejects.toMatchObject({ code: 'ERR_CIRCUIT_OPEN', retryAfterMs: 100 });
    expect(breaker.explain()).toMatchObject({ because: 'slowRatio', decidedBy: { calls: 0, overdue: 3 } });
    hung.resolve('fine');
  });
});
