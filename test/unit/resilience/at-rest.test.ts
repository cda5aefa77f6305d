import { describe, expect, it } from 'vitest';
import { AdaptiveLimiter } from '../../../src/resilience/adaptive-limiter.js';
import { AdaptiveThrottle } from '../../../src/resilience/adaptive-throttle.js';
import { keyed } from '../../../src/resilience/keyed.js';
import { VirtualClock } from '../../../src/testing/virtual-clock.js';

const fail = (): Promise<never> => Promise.reject(new Error('overloaded'));

describe('a throttle is at rest', () => {
  it('as long as nothing in its window failed, and when that has left it', async () => {
    const clock = new VirtualClock();
    const throttle = new AdaptiveThrottle({ windowMs: 240, clock });
    expect(throttle.atRest).toBe(true);
    await throttle.execute(() => 1);
    expect(throttle.atRest).toBe(true);
    await throttle.execute(fail).catch(() => {});
    expect(throttle.atRest).toBe(false);
    await clock.advance(229);
    expect(throttle.atRest).toBe(false);
    await clock.advance(11);
    expect(throttle.atRest).toBe(true);
  });

  it('and its key is not forgotten before, idle or not', async () => {
    const clock = new VirtualClock();
    const throttles = keyed(() => new AdaptiveThrottle({ windowMs: 24_000, clock }), {
      maxKeys: 2,
      idleMs: 100,
      clock,
    });
    await throttles.execute(fail, { key: 'down' }).catch(() => {});
    await throttles.execute(() => 1, { key: 'well' });
    const kept = throttles.peek('down');
    await clock.advance(1_000);
    for (const key of ['a', 'b', 'c', 'd']) await throttles.execute(() => 1, { key });
    expect([throttles.peek('down'), throttles.peek('well')]).toEqual([kept, undefined]);
    await clock.advance(24_000);
    for (const key of ['a', 'b', 'c', 'd']) await throttles.execute(() => 1, { key });
    expect(throttles.peek('down')).toBeUndefined();
  });
});

describe('a limiter is at rest', () => {
  const limiterOf = (clock: VirtualClock) =>
    new AdaptiveLimiter({ algorithm: 'aimd', initialLimit: 3, windowSamples: 2, windowMs: 10, clock });
  /** A window that raises the limit. */
  const learn = async (clock: VirtualClock, run: (operation: () => Promise<unknown>) => Promise<unknown>) => {
    for (let round = 0; round < 2; round++) {
      const operation = () => new Promise(resolve => clock.schedule(20, () => resolve(1)));
      const calls = [1, 2, 3].map(() => run(operation));
      await clock.advance(20);
      await Promise.all(calls);
    }
  };

  it('when its limit is where that of a new one begins, and no call is in flight', async () => {
    const clock = new VirtualClock();
    const limiter = limiterOf(clock);
    expect(limiter.atRest).toBe(true);
    const call = learn(clock, operation => limiter.execute(operation));
    expect(limiter.atRest).toBe(false);
    await call;
    expect([limiter.limit > 3, limiter.atRest]).toEqual([true, false]);
    limiter.reset();
    expect(limiter.atRest).toBe(true);
  });

  it('when what it has learned is older than 60 windows', async () => {
    const clock = new VirtualClock();
    const limiter = limiterOf(clock);
    await learn(clock, operation => limiter.execute(operation));
    await clock.advance(599);
    expect(limiter.atRest).toBe(false);
    await clock.advance(1);
    expect(limiter.atRest).toBe(true);
    void limiter.execute(() => new Promise(() => {}));
    expect(limiter.atRest).toBe(false);
  });

  it('and its key is not forgotten before', async () => {
    const clock = new VirtualClock();
    const limiters = keyed(() => limiterOf(clock), { maxKeys: 1, idleMs: 50, clock });
    await learn(clock, operation => limiters.execute(operation, { key: 'learned' }));
    const kept = limiters.peek('learned');
    await clock.advance(100);
    await limiters.execute(() => 1, { key: 'other' });
    expect(limiters.peek('learned')).toBe(kept);
    await clock.advance(500);
    await limiters.execute(() => 1, { key: 'other' });
    expect(limiters.peek('learned')).toBeUndefined();
  });
});
