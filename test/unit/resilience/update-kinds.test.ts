import { describe, expect, it, vi } from 'vitest';
import { AdaptiveThrottle } from '../../../src/resilience/adaptive-throttle.js';
import { Cache } from '../../../src/resilience/cache.js';
import { Chaos } from '../../../src/resilience/chaos.js';
import { Coalesce } from '../../../src/resilience/coalesce.js';
import { Hedge } from '../../../src/resilience/hedge.js';
import { RateLimiter } from '../../../src/resilience/rate-limiter.js';
import { VirtualClock } from '../../../src/testing/virtual-clock.js';

const fail = (): Promise<never> => Promise.reject(new Error('boom'));
const never = (): Promise<never> => new Promise(() => {});

describe('an update of a Hedge', () => {
  const tardy = (answers: unknown[]) => {
    const answer = ({ attempt }: { attempt: number }): unknown => {
      answers.push(attempt);
      return attempt === 1 ? never() : attempt;
    };
    return answer;
  };

  it('holds for calls that begin after it, and the counts go on', async () => {
    const clock = new VirtualClock();
    const hedge = new Hedge({ delayMs: 50, idempotent: true, clock });
    const hedged = vi.fn();
    const started: unknown[] = [];
    const before = hedge.execute(tardy(started));
    hedge.update({ delayMs: 10, maxHedges: 2 });
    // A listener that comes later hears of calls that began before as well.
    hedge.on('hedged', hedged);
    const after = hedge.execute(tardy(started));
    await clock.advance(10);
    await expect(after).resolves.toBe(2);
    expect(started).toEqual([1, 1, 2]);
    await clock.advance(40);
    await expect(before).resolves.toBe(2);
    expect(hedge.snapshot()).toMatchObject({ hedged: 2, won: 2 });
    expect(hedged).toHaveBeenCalledTimes(2);
  });

  it('keeps what a quantile has learnt', async () => {
    const clock = new VirtualClock();
    const hedge = new Hedge({
      quantile: { ratio: 0.5, minSamples: 2, windowCalls: 10, minMs: 1_000 },
      idempotent: true,
      clock,
    });
    for (const ms of [8, 8, 64, 64, 64]) {
      const call = hedge.execute(() => new Promise(resolve => clock.schedule(ms, () => resolve(ms), true)));
      await clock.advance(ms);
      await call;
    }
    const learnt = hedge.snapshot().quantileMs!;
    hedge.update({ quantile: { ratio: 0.3, minSamples: 2, windowCalls: 10, minMs: 1_000 } });
    expect(hedge.snapshot().quantileMs).toBeLessThan(learnt);
    const undo = hedge.update({ quantile: { ratio: 0.5, minSamples: 20, windowCalls: 40, minMs: 1_000 } });
    expect(hedge.snapshot().quantileMs).toBeNull();
    undo();
    expect(hedge.snapshot().quantileMs).toBeLessThan(learnt);
    hedge.update({ quantile: { ratio: 0.5, minSamples: 2, windowCalls: 10, minMs: 1_000 } });
    expect(hedge.snapshot().quantileMs).toBe(learnt);
  });

  it('makes no learnt delay of one that is given, nor the other way round', () => {
    const both = 'Hedge: options must not hold both';
    expect(() => new Hedge({ delayMs: 5 }).update({ quantile: {} })).toThrow(both);
    expect(() => new Hedge({ quantile: {} }).update({ delayMs: 5 })).toThrow(both);
  });

  it('of a part of a quantile that is alike tells nothing', () => {
    const hedge = new Hedge({ quantile: { maxMs: Infinity } });
    const told = vi.fn();
    hedge.on('updated', told);
    hedge.update({ quantile: { maxMs: Infinity } });
    expect(told).not.toHaveBeenCalled();
    hedge.update({ quantile: { maxMs: Infinity, minMs: 2 } });
    expect(told).toHaveBeenCalledOnce();
  });
});

describe('an update of a Cache', () => {
  it('keeps the entries for as long as they were meant to, and has new ones by the new options', async () => {
    const clock = new VirtualClock();
    const cache = new Cache<string>({ ttlMs: 100, clock });
    cache.set('a', 'old');
    const undo = cache.update({ ttlMs: 10 });
    cache.set('b', 'new');
    await clock.advance(50);
    expect([cache.get('a'), cache.get('b')]).toEqual(['old', undefined]);
    undo();
    cache.set('b', 'newer');
    await clock.advance(60);
    expect([cache.get('a'), cache.get('b')]).toEqual([undefined, 'newer']);
  });

  it('lets those entries go that nobody asked for, where there is no room any more', () => {
    const gone: unknown[] = [];
    const onEvict = (value: number, key: string, reason: string): unknown => gone.push([value, key, reason]);
    const cache = new Cache<number>({ ttlMs: 100, onEvict });
    for (const [at, key] of ['a', 'b', 'c', 'd'].entries()) cache.set(key, at);
    cache.get('b');
    const undo = cache.update({ maxEntries: 2 });
    expect(gone).toEqual([
      [0, 'a', 'full'],
      [2, 'c', 'full'],
    ]);
    expect(cache.snapshot()).toMatchObject({ size: 2, evicted: 2 });
    undo();
    cache.set('e', 5);
    expect(cache.snapshot()).toMatchObject({ size: 3, evicted: 2 });
  });

  it('holds for a run in flight when its answer comes, and takes another key', async () => {
    const clock = new VirtualClock();
    const cache = new Cache<string>({ ttlMs: 0, clock });
    let answer = (_: string): void => {};
    const call = cache.execute(() => new Promise<string>(resolve => (answer = resolve)), { key: 'a' });
    cache.update({ ttlMs: 100, key: ({ attributes }) => String(attributes['id']) });
    answer('kept');
    await call;
    expect(cache.get('a')).toBe('kept');
    await cache.execute(() => 'other', { key: 'a', attributes: { id: 'b' } });
    expect(cache.get('b')).toBe('other');
  });
});

describe('an update of a Coalesce', () => {
  it('keeps the runs under way, those too that are beyond it now', async () => {
    const coalesce = new Coalesce({ maxKeys: 2 });
    const answers: ((value: string) => void)[] = [];
    const run = () => new Promise<string>(resolve => answers.push(resolve));
    const calls = ['a', 'b'].map(key => coalesce.execute(run, { key }));
    coalesce.update({ maxKeys: 1 });
    calls.push(coalesce.execute(run, { key: 'b' }));
    const alone = coalesce.execute(() => 'alone', { key: 'c' });
    expect(coalesce.snapshot()).toMatchObject({ running: 2, started: 2, joined: 1, alone: 1 });
    for (const [at, resolve] of answers.entries()) resolve(`run ${at}`);
    await expect(Promise.all(calls)).resolves.toEqual(['run 0', 'run 1', 'run 1']);
    await expect(alone).resolves.toBe('alone');
  });
});

describe('an update of a Chaos', () => {
  it('keeps the blast radius, and leaves the switch as it is', async () => {
    const chaos = new Chaos({ faultRatio: 1, maxAffectedRatio: 0.5, windowCalls: 4, random: () => 0 });
    const call = () => chaos.execute(() => 'good').catch(() => 'bad');
    const all = [await call(), await call(), await call(), await call()];
    expect(all).toEqual(['good', 'bad', 'good', 'bad']);
    chaos.update({ windowCalls: 8 });
    expect(chaos.snapshot().affected).toBe(2);
    await expect(call()).resolves.toBe('good');
    chaos.disable();
    chaos.update({ maxAffectedRatio: 1 });
    expect(chaos.snapshot().enabled).toBe(false);
    await expect(call()).resolves.toBe('good');
    chaos.enable();
    await expect(call()).resolves.toBe('bad');
    expect(() => chaos.update({ enabled: false } as never)).toThrow('Chaos: unknown option `enabled`');
  });

  it('lets calls wait for what they were given', async () => {
    const clock = new VirtualClock();
    const chaos = new Chaos({ latencyRatio: 1, latencyMs: 100, clock });
    const first = chaos.execute(() => clock.now());
    chaos.update({ latencyMs: 5 });
    const second = chaos.execute(() => clock.now());
    await clock.advance(100);
    await expect(Promise.all([first, second])).resolves.toEqual([100, 5]);
    expect(() => chaos.update({ latencyMs: [5, 1] })).toThrow('Chaos: `latencyMs`');
  });
});

describe('an update of an AdaptiveThrottle', () => {
  it('keeps what was counted, unless the window has another length', async () => {
    const throttle = new AdaptiveThrottle({ minRequests: 2, clock: new VirtualClock(), random: () => 0.999 });
    for (let i = 0; i < 4; i++) await throttle.execute(fail).catch(() => {});
    const { rejectRatio } = throttle.snapshot();
    expect(rejectRatio).toBeGreaterThan(0.5);
    throttle.update({ maxRejectRatio: 0.5 });
    expect(throttle.snapshot()).toMatchObject({ requests: 4, rejectRatio: 0.5 });
    throttle.update({ classify: () => 'success' });
    await throttle.execute(fail).catch(() => {});
    expect(throttle.snapshot()).toMatchObject({ requests: 5, accepts: 1 });
    throttle.update({ windowMs: 60 });
    expect(throttle.snapshot()).toMatchObject({ requests: 0, rejectRatio: 0 });
  });
});

describe('an update of a RateLimiter', () => {
  it('puts the rate back, and a burst that was not given follows the limit again', async () => {
    const clock = new VirtualClock();
    const limiter = new RateLimiter({ limit: 10, perMs: 1_000, clock });
    for (let i = 0; i < 10; i++) await limiter.execute(() => {});
    const undo = limiter.update({ limit: 100, burst: 1 });
    await clock.advance(10);
    expect(limiter.snapshot().tokens).toBe(1);
    undo();
    limiter.update({ limit: 20 });
    await clock.advance(1_000);
    expect(limiter.snapshot().tokens).toBe(20);
  });

  it('lets nobody wait for what is not to be had any more, neither does putting it back', async () => {
    const clock = new VirtualClock();
    const limiter = new RateLimiter({ limit: 1, perMs: 100, maxWaitMs: 150, clock });
    const told: string[] = [];
    for (const event of ['updated', 'limited'] as const) limiter.on(event, () => told.push(event));
    const call = (name: string) => limiter.execute(() => name).catch(error => error.code);
    const [first, second] = [call('first'), call('second')];
    const undo = limiter.update({ perMs: 10 });
    const third = call('third');
    undo();
    await clock.advance(500);
    await expect(Promise.all([first, second, third])).resolves.toEqual([
      'first',
      'second',
      'ERR_RATE_LIMITED',
    ]);
    expect(told).toEqual(['updated', 'updated', 'limited']);
  });
});
