import { describe, expect, it } from 'vitest';
import { pipeline } from '../../../src/kernel/pipeline.js';
import { InMemoryRateLimitStore } from '../../../src/resilience/in-memory-rate-limit-store.js';
import { SharedRateLimiter } from '../../../src/resilience/shared-rate-limiter.js';
import { Timeout } from '../../../src/resilience/timeout.js';
import { policyLaws } from '../../../src/testing/policy-laws.js';
import { SharedScene } from '../../fixtures/shared-rate-scene.js';

describe('a shared rate limiter', () => {
  for (const { name, check } of policyLaws(clock => {
    const store = new InMemoryRateLimitStore({ clock });
    return new SharedRateLimiter({ name: 'law', limit: 1_000, perMs: 1_000, store, clock });
  })) {
    it(`keeps the law that it ${name}`, check);
  }

  it('runs a call that the store lets, and refuses it else with the time that it names', async () => {
    const scene = new SharedScene();
    scene.call('first');
    scene.call('second');
    await scene.clock.advance(20);
    expect(scene.ended).toEqual([
      ['first', 'ran', 5],
      ['second', 100, 5],
    ]);
    expect(scene.told).toEqual(['limited: rate']);
    expect(scene.limiter.snapshot()).toMatchObject({ waiting: 0, limited: 1, undecided: 0 });
  });

  it('has a limit for each key, and one for calls without a key', async () => {
    const scene = new SharedScene();
    for (const key of ['a', 'b', undefined]) scene.call(String(key), key === undefined ? {} : { key });
    await scene.clock.advance(20);
    expect(scene.ended.map(([, outcome]) => outcome)).toEqual(['ran', 'ran', 'ran']);
    expect(scene.asked).toEqual(['shop:a', 'shop:b', 'shop']);
  });

  it('lets calls wait for their turn, in the order of asking', async () => {
    const scene = new SharedScene({ maxWaitMs: 250 });
    for (const name of ['a', 'b', 'c', 'd']) scene.call(name);
    await scene.clock.advance(1_000);
    expect(scene.ended).toEqual([
      ['a', 'ran', 5],
      ['d', 300, 5],
      ['b', 'ran', 105],
      ['c', 'ran', 205],
    ]);
    expect(scene.told).toEqual(['delayed', 'delayed', 'limited: rate', 'admitted', 'admitted']);
  });

  it('shares a line with another process', async () => {
    const scene = new SharedScene({ maxWaitMs: 1_000 });
    const { clock, memory } = scene;
    const other = new SharedRateLimiter({
      ...{ name: 'shop', limit: 10, perMs: 1_000, burst: 1 },
      ...{ maxWaitMs: 1_000, store: memory, clock },
    });
    const times: string[] = [];
    const log = (name: string) => () => times.push(`${name} ${clock.now()}`);
    for (let turn = 0; turn < 2; turn++) {
      void scene.limiter.execute(log('here'));
      void other.execute(log('there'));
    }
    await clock.advance(1_000);
    // The answers of one take 5 ms, those of the other nothing.
    expect(times).toEqual(['here 5', 'there 100', 'here 205', 'there 300']);
  });

  it('gives back what it was promised when its caller leaves', async () => {
    const scene = new SharedScene({ maxWaitMs: 1_000 });
    const controller = new AbortController();
    scene.call('first');
    scene.call('second', { signal: controller.signal });
    await scene.clock.advance(20);
    controller.abort('enough');
    await scene.clock.advance(0);
    scene.call('third');
    await scene.clock.advance(200);
    expect(scene.ended).toEqual([
      ['first', 'ran', 5],
      ['second', 'enough', 20],
      // In the place of the second.
      ['third', 'ran', 105],
    ]);
    expect(scene.refunds).toEqual([1]);
    expect(scene.told).toEqual(['delayed', 'abandoned', 'delayed', 'admitted']);
  });

  it('gives back what the store says it has, to a caller who left before', async () => {
    const scene = new SharedScene();
    const controller = new AbortController();
    scene.call('first', { signal: controller.signal });
    await scene.clock.advance(1);
    controller.abort('enough');
    await scene.clock.advance(100);
    expect(scene.ended).toEqual([['first', 'enough', 1]]);
    expect(scene.refunds).toEqual([1]);
    expect(scene.clock.timers).toBe(0);
  });

  it('asks for no turn beyond the deadline', async () => {
    const scene = new SharedScene({ maxWaitMs: 1_000 });
    scene.call('first');
    scene.call('second', { timeoutMs: 50 });
    scene.call('third');
    await scene.clock.advance(200);
    expect(scene.ended).toEqual([
      ['first', 'ran', 5],
      ['second', 100, 5],
      ['third', 'ran', 105],
    ]);
    expect(scene.told).toEqual(['limited: deadline', 'delayed', 'admitted']);
  });

  it('refuses a call whose deadline passed while it asked, and gives its tokens back', async () => {
    const scene = new SharedScene();
    scene.latencyMs = 50;
    scene.call('first', { timeoutMs: 20 });
    await scene.clock.advance(100);
    expect(scene.ended).toEqual([['first', 'ERR_DEADLINE', 50]]);
    expect(scene.refunds).toEqual([1]);
  });

  it('is given up by a timeout outside at once', async () => {
    const scene = new SharedScene({ maxWaitMs: 10_000 });
    const { clock, limiter } = scene;
    const policy = pipeline(new Timeout({ timeoutMs: 30, clock }), limiter);
    scene.latencyMs = 100;
    const failed = policy.execute(() => 'ran').catch(({ code }) => `${code} ${clock.now()}`);
    await clock.advance(200);
    expect(await failed).toBe('ERR_DEADLINE 30');
    expect(scene.refunds).toEqual([1]);
  });

  it('takes what a call costs; for nothing, or for too much, it does not ask', async () => {
    const scene = new SharedScene({ burst: 5, cost: ({ attributes }) => Number(attributes['cost']) });
    const ask = (cost: number) =>
      scene.limiter
        .execute(() => 'ran', { attributes: { cost } })
        .catch((error: { code?: string; message: string }) => error.code ?? error.message);
    expect(await ask(0)).toBe('ran');
    expect(await ask(6)).toBe('ERR_RATE_LIMITED');
    expect(await ask(-1)).toBe('SharedRateLimiter: `cost` must be an integer >= 0, got -1');
    expect(scene.asked).toEqual([]);
    const both = Promise.all([ask(5), ask(1)]);
    await scene.clock.advance(10);
    expect(await both).toEqual(['ran', 'ERR_RATE_LIMITED']);
  });

  it('lets only so many wait', async () => {
    const scene = new SharedScene({ queue: 2, maxWaitMs: 1_000 });
    for (const name of ['a', 'b', 'c']) scene.call(name);
    await scene.clock.advance(300);
    expect(scene.ended.map(([name, outcome]) => [name, outcome])).toEqual([
      ['c', 'ERR_RATE_LIMITED'],
      ['a', 'ran'],
      ['b', 'ran'],
    ]);
    expect(scene.told).toContain('limited: queue');
  });

  it('goes by another rate from now on, and back', async () => {
    const scene = new SharedScene({ maxWaitMs: 1_000 });
    const undo = scene.limiter.update({ limit: 100 });
    expect(scene.limiter.describe()).toMatchObject({ limit: 100, perMs: 1_000, burst: 1 });
    scene.call('a');
    scene.call('b');
    await scene.clock.advance(100);
    expect(scene.ended.map(([, , at]) => at)).toEqual([5, 15]);
    undo();
    expect(scene.limiter.describe().limit).toBe(10);
    expect(() => scene.limiter.update({ limit: 0 })).toThrow(
      'SharedRateLimiter: `limit` must be an integer >= 1',
    );
  });

  it('refuses all who wait when it is disposed of, with a refund, and lets nobody in', async () => {
    const scene = new SharedScene({ maxWaitMs: 1_000 });
    scene.call('a');
    scene.call('b');
    await scene.clock.advance(10);
    scene.call('c');
    scene.limiter[Symbol.dispose]();
    scene.call('d');
    await scene.clock.advance(500);
    expect(scene.ended.map(([name, outcome]) => [name, outcome])).toEqual([
      ['a', 'ran'],
      ['b', 'ERR_RATE_LIMITED'],
      ['c', 'ERR_RATE_LIMITED'],
      ['d', 'ERR_RATE_LIMITED'],
    ]);
    expect(scene.refunds).toEqual([1, 1]);
    expect(scene.clock.timers).toBe(0);
  });
});
