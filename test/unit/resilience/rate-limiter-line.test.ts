import { AsyncLocalStorage } from 'node:async_hooks';
import { describe, expect, it, vi } from 'vitest';
import { pipeline } from '../../../src/kernel/pipeline.js';
import { Timeout } from '../../../src/resilience/timeout.js';
import { settle } from '../../../src/testing/settle.js';
import { byCall, Scene } from '../../fixtures/rate-scene.js';

describe('the line of a rate limiter', () => {
  it('lets each in at its time, in the order of coming, and does not drift', async () => {
    const { clock, limiter, started } = new Scene({ limit: 3, queue: 10_000, maxWaitMs: 1e9 });
    for (let i = 0; i < 3_001; i++) void limiter.execute(() => started.push([`${i}`, clock.now()]));
    await clock.advance(1_000_000.001);
    expect(started).toHaveLength(3_001);
    started.forEach(([name, at], place) => {
      expect(name).toBe(`${place}`);
      expect(Math.abs(at - (place * 1_000) / 3)).toBeLessThan(1e-6);
    });
    expect(clock.timers).toBe(0);
  });

  it('has one timer, and none when nobody waits', async () => {
    const scene = new Scene();
    for (let i = 0; i < 50; i++) scene.call(`${i}`);
    expect(scene.clock.timers).toBe(1);
    await scene.clock.advance(4_900);
    expect(scene.started).toHaveLength(50);
    expect(scene.clock.timers).toBe(0);
  });

  it('refuses at once what would wait longer than it may, and says how long', async () => {
    const scene = new Scene({ maxWaitMs: 200 });
    for (const name of ['a', 'b', 'c', 'd', 'e']) scene.call(name);
    await settle();
    expect(scene.refused).toEqual([
      ['d', 'ERR_RATE_LIMITED', 300],
      ['e', 'ERR_RATE_LIMITED', 300],
    ]);
    await scene.clock.advance(1_000);
    expect(scene.started.map(([, at]) => at)).toEqual([0, 100, 200]);
  });

  it('refuses at once what would wait up to its deadline, be it that of a timeout outside', async () => {
    const scene = new Scene();
    const reasons: string[] = [];
    scene.limiter.on('limited', ({ reason }) => reasons.push(reason));
    for (const name of ['a', 'b']) scene.call(name);
    scene.call('late', { timeoutMs: 200 });
    scene.call('in time', { timeoutMs: 201 });
    const outer = pipeline(new Timeout({ timeoutMs: 300, clock: scene.clock }), scene.limiter);
    await expect(outer.execute(() => 1)).rejects.toMatchObject({
      code: 'ERR_RATE_LIMITED',
      retryAfterMs: 300,
    });
    expect(scene.refused).toEqual([['late', 'ERR_RATE_LIMITED', 200]]);
    expect(reasons).toEqual(['deadline', 'deadline']);
    await scene.clock.advance(1_000);
    expect(scene.started.map(([name]) => name)).toEqual(['a', 'b', 'in time']);
  });

  it('holds as many as may wait', async () => {
    const scene = new Scene({ queue: 2 });
    const reasons: string[] = [];
    scene.limiter.on('limited', ({ reason }) => reasons.push(reason));
    for (const name of ['a', 'b', 'c', 'd']) scene.call(name);
    await settle();
    expect(scene.refused).toEqual([['d', 'ERR_RATE_LIMITED', 300]]);
    expect(reasons).toEqual(['queue']);
  });

  it('lets nobody overtake, however little it costs, and what costs nothing pass', async () => {
    const scene = new Scene({ ...byCall, burst: 5 });
    scene.call('all', { cost: 4 });
    scene.call('dear', { cost: 5 });
    scene.call('cheap', { cost: 1 });
    scene.call('free', { cost: 0 });
    await scene.clock.advance(399);
    scene.call('later', { cost: 1 });
    await scene.clock.advance(1_000);
    expect(scene.started).toEqual([
      ['all', 0],
      ['free', 0],
      ['dear', 400],
      ['cheap', 500],
      ['later', 600],
    ]);
  });

  it.each(['token-bucket', 'sliding-window'] as const)(
    'refunds one who leaves: the others move up, in their order (RL6): %s',
    async algorithm => {
      const scene = new Scene({ ...byCall, algorithm, limit: 5, perMs: 500, burst: undefined });
      const caller = new AbortController();
      scene.call('all', { cost: 5 });
      scene.call('gone', { cost: 5, signal: caller.signal });
      scene.call('b', { cost: 5 });
      scene.call('c', { cost: 5 });
      await scene.clock.advance(100);
      caller.abort('enough');
      expect(scene.limiter.snapshot().waiting).toBe(2);
      await settle();
      expect(scene.refused).toEqual([['gone', 'enough', undefined]]);
      await scene.clock.advance(2_000);
      expect(scene.started).toEqual([
        ['all', 0],
        ['b', 500],
        ['c', 1_000],
      ]);
      expect(scene.clock.timers).toBe(0);
    },
  );

  it('wakes earlier when a dear one before a cheap one leaves', async () => {
    const scene = new Scene({ ...byCall, burst: 5 });
    const caller = new AbortController();
    scene.call('all', { cost: 5 });
    scene.call('dear', { cost: 5, signal: caller.signal });
    scene.call('cheap', { cost: 1 });
    await scene.clock.advance(50);
    caller.abort();
    await scene.clock.advance(50);
    expect(scene.started.at(-1)).toEqual(['cheap', 100]);
  });

  it('lets ten thousand callers that abort go in one turn', async () => {
    const scene = new Scene({ queue: 10_000, maxWaitMs: Number.POSITIVE_INFINITY });
    const caller = new AbortController();
    for (let i = 0; i < 10_001; i++) scene.call(`${i}`, { signal: caller.signal });
    caller.abort('all');
    expect(scene.limiter.snapshot().waiting).toBe(0);
    expect(scene.clock.timers).toBe(0);
    await settle();
    expect(scene.refused).toHaveLength(10_000);
  });

  it('is served in the async context of each caller', async () => {
    const scene = new Scene();
    const store = new AsyncLocalStorage<string>();
    const seen: unknown[] = [];
    for (const name of ['a', 'b']) {
      void store.run(name, () => scene.limiter.execute(() => seen.push(store.getStore())));
    }
    await scene.clock.advance(100);
    expect(seen).toEqual(['a', 'b']);
  });

  it('does not run one whose deadline passed while the process was busy, nor charge for it', async () => {
    const scene = new Scene();
    const reasons: string[] = [];
    scene.limiter.on('limited', ({ reason }) => reasons.push(reason));
    scene.call('a');
    scene.call('late', { timeoutMs: 150 });
    scene.call('b');
    const now = vi.spyOn(scene.clock, 'now').mockReturnValue(170);
    await scene.clock.advance(100);
    now.mockRestore();
    expect(scene.refused).toEqual([['late', 'ERR_DEADLINE', undefined]]);
    expect(reasons).toEqual(['late']);
    expect(scene.started.map(([name]) => name)).toEqual(['a', 'b']);
  });

  it('tells of those who wait', async () => {
    const scene = new Scene({ name: 'search' });
    const heard: unknown[] = [];
    for (const event of ['delayed', 'admitted', 'abandoned'] as const) {
      scene.limiter.on(event, ({ at, ...facts }) => heard.push([event, at - scene.clock.wall(), facts]));
    }
    const caller = new AbortController();
    scene.call('a');
    scene.call('b');
    scene.call('c', { signal: caller.signal });
    caller.abort();
    await scene.clock.advance(100);
    expect(heard).toEqual([
      ['delayed', 0, { policy: 'search', waitMs: 100, waiting: 1 }],
      ['delayed', 0, { policy: 'search', waitMs: 200, waiting: 2 }],
      ['abandoned', 0, { policy: 'search', waiting: 1 }],
      ['admitted', 0, { policy: 'search', waitedMs: 100 }],
    ]);
  });

  it('survives a listener that gives up the call it hears of', async () => {
    const scene = new Scene();
    const caller = new AbortController();
    scene.limiter.on('delayed', () => caller.abort('heard'));
    scene.call('a');
    scene.call('b', { signal: caller.signal });
    await scene.clock.advance(1_000);
    expect(scene.refused).toEqual([['b', 'heard', undefined]]);
    expect(scene.limiter.snapshot()).toMatchObject({ tokens: 1, waiting: 0 });
  });

  it('takes nothing for a call that is given up as it is parked, though its turn has come', async () => {
    const scene = new Scene();
    const caller = new AbortController();
    scene.call('a');
    scene.limiter.on('delayed', () => {
      caller.abort('heard');
      scene.limiter.update({ burst: 2, limit: 1_000_000, perMs: 1 });
    });
    scene.call('b', { signal: caller.signal });
    await scene.clock.advance(1_000);
    expect(scene.started.map(([name]) => name)).toEqual(['a']);
    expect(scene.limiter.snapshot()).toMatchObject({ tokens: 2, waiting: 0, limited: 0 });
  });

  it('refuses all who wait when it is disposed of, and then whoever would have to', async () => {
    const scene = new Scene();
    for (const name of ['a', 'b', 'c']) scene.call(name);
    scene.limiter[Symbol.dispose]();
    scene.call('d');
    await settle();
    expect(scene.refused.map(([name, code]) => [name, code])).toEqual([
      ['b', 'ERR_RATE_LIMITED'],
      ['c', 'ERR_RATE_LIMITED'],
      ['d', 'ERR_RATE_LIMITED'],
    ]);
    expect(scene.clock.timers).toBe(0);
    await scene.clock.advance(100);
    scene.call('e');
    expect(scene.started.map(([name]) => name)).toEqual(['a', 'e']);
  });
});
