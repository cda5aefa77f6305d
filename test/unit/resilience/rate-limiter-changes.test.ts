import { describe, expect, it } from 'vitest';
import { settle } from '../../../src/testing/settle.js';
import { byCall, Scene } from '../../fixtures/rate-scene.js';

describe('a reservation', () => {
  it('is a turn in the line: its wait is known, and calls come after it', async () => {
    const scene = new Scene();
    expect(scene.limiter.reserve()).toMatchObject({ waitMs: 0 });
    expect(scene.limiter.reserve(1).waitMs).toBe(100);
    scene.call('a');
    expect(scene.limiter.snapshot().waiting).toBe(2);
    await scene.clock.advance(200);
    expect(scene.started).toEqual([['a', 200]]);
  });

  it('is refunded when it is cancelled before its turn, once, and not after', async () => {
    const scene = new Scene();
    const spent = scene.limiter.reserve();
    const gone = scene.limiter.reserve();
    const kept = scene.limiter.reserve();
    scene.call('a');
    expect([spent.cancel(), gone.cancel(), gone.cancel()]).toEqual([false, true, false]);
    await scene.clock.advance(199);
    expect(kept.cancel()).toBe(false);
    await scene.clock.advance(1);
    expect(scene.started).toEqual([['a', 200]]);
  });

  it('is refused where it would wait longer than it may, and takes bad numbers for mistakes', () => {
    const { limiter } = new Scene({ maxWaitMs: 0 });
    expect(limiter.reserve().waitMs).toBe(0);
    expect(() => limiter.reserve()).toThrow('rate limiter: the rate is exceeded');
    expect(limiter.reserve(1, 100).waitMs).toBe(100);
    expect(() => limiter.reserve(1, 100)).toThrow(expect.objectContaining({ retryAfterMs: 200 }));
    expect(() => limiter.reserve(0.5)).toThrow('`cost` must be an integer >= 0, got 0.5');
    expect(() => limiter.reserve(1, -1)).toThrow('`maxWaitMs` must be a number >= 0, or Infinity, got -1');
  });
});

describe('a rate that is changed', () => {
  it('applies now: who waits starts earlier when it is raised', async () => {
    const scene = new Scene();
    const heard: unknown[] = [];
    scene.limiter.on('updated', ({ changes }) => heard.push(changes));
    for (const name of ['a', 'b', 'c']) scene.call(name);
    await scene.clock.advance(50);
    scene.limiter.update({ limit: 100 });
    await scene.clock.advance(1_000);
    expect(scene.started).toEqual([
      ['a', 0],
      ['b', 55],
      ['c', 65],
    ]);
    expect(heard).toEqual([{ limit: { from: 10, to: 100 } }]);
  });

  it('refuses those who would now wait longer than they may, and lets the rest move up', async () => {
    const scene = new Scene({ ...byCall, burst: 4, maxWaitMs: 900 });
    scene.call('all', { cost: 4 });
    scene.call('a', { cost: 1 });
    scene.call('dear', { cost: 4 });
    scene.call('hasty', { cost: 1, timeoutMs: 650 });
    scene.limiter.reserve(3);
    scene.limiter.reserve(4, 10_000);
    scene.limiter.update({ perMs: 2_000, burst: 3 });
    await settle();
    expect(scene.refused).toEqual([['dear', 'ERR_RATE_LIMITED', undefined]]);
    expect(scene.limiter.snapshot()).toMatchObject({ waiting: 3, limited: 1 });
    scene.limiter.update({ perMs: 4_000 });
    await settle();
    expect(scene.refused[1]).toEqual(['hasty', 'ERR_RATE_LIMITED', 800]);
    scene.limiter.update({ perMs: 40_000 });
    await settle();
    expect(scene.refused[2]).toEqual(['a', 'ERR_RATE_LIMITED', 4_000]);
  });

  it('has a burst that follows the limit until one is given', () => {
    const { limiter } = new Scene({ burst: undefined });
    limiter.update({ limit: 20 });
    expect(limiter.describe()).toMatchObject({ limit: 20, perMs: 1_000 });
    expect(limiter.describe()).not.toHaveProperty('burst');
    expect(limiter.snapshot().tokens).toBe(20);
    limiter.update({ burst: 5 });
    limiter.update({ limit: 50, burst: undefined } as object);
    expect(limiter.describe()).toMatchObject({ limit: 50, burst: 5 });
    expect(() => limiter.update({ limit: 0 })).toThrow('`limit` must be an integer >= 1');
    expect(() => limiter.update({ queue: 1 } as object)).toThrow('unknown option `queue`');
    expect(limiter.describe()).toMatchObject({ limit: 50, burst: 5 });
  });
});
