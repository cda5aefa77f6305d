import { describe, expect, it } from 'vitest';
import { InMemoryRateLimitStore } from '../../../src/resilience/in-memory-rate-limit-store.js';
import type { RateLimitDecision } from '../../../src/resilience/rate-limit-store.js';
import { SharedRateLimiter } from '../../../src/resilience/shared-rate-limiter.js';
import { SharedScene } from '../../fixtures/shared-rate-scene.js';

const down = () => new Error('the store is down');

describe('a shared rate limiter whose store is down', () => {
  it('lets calls run, unlimited, and leaves the store alone for a while', async () => {
    const scene = new SharedScene();
    scene.instead = down;
    const failures: unknown[] = [];
    scene.limiter.on('storeFailed', ({ error, decision }) => failures.push([error, decision]));
    scene.call('a');
    await scene.clock.advance(10);
    for (const name of ['b', 'c']) scene.call(name);
    await scene.clock.advance(10);
    expect(scene.ended).toEqual([
      ['a', 'ran', 5],
      ['b', 'ran', 10],
      ['c', 'ran', 10],
    ]);
    expect(scene.asked).toHaveLength(1);
    expect(failures).toEqual([[down(), 'allow']]);
    expect(scene.limiter.snapshot()).toMatchObject({ undecided: 3, limited: 0, storePaused: true });
  });

  it('or refuses them, with what the store failed with', async () => {
    const scene = new SharedScene({ onStoreError: 'deny' });
    scene.instead = down;
    const causes: unknown[] = [];
    const ask = () =>
      scene.limiter.execute(() => 'ran').catch(({ code, cause }) => causes.push([code, cause]));
    void ask();
    await scene.clock.advance(10);
    void ask();
    scene.call('c');
    await scene.clock.advance(10);
    expect(causes).toEqual([
      ['ERR_RATE_LIMITED', down()],
      ['ERR_RATE_LIMITED', down()],
    ]);
    // Until the pause is over, that began at 5.
    expect(scene.ended).toEqual([['c', 995, 10]]);
    expect(scene.asked).toHaveLength(1);
    expect(scene.told).toEqual(['storeFailed', 'limited: store', 'limited: store', 'limited: store']);
  });

  it('asks again after the pause, and tells of the first answer', async () => {
    const scene = new SharedScene({ storePauseMs: 100 });
    scene.instead = down;
    scene.call('a');
    await scene.clock.advance(150);
    scene.call('b');
    await scene.clock.advance(150);
    scene.instead = undefined;
    scene.call('c');
    await scene.clock.advance(50);
    scene.call('d');
    await scene.clock.advance(50);
    expect(scene.asked).toHaveLength(4);
    expect(scene.told).toEqual(['storeFailed', 'storeRecovered', 'limited: rate']);
    expect(scene.limiter.snapshot()).toMatchObject({ undecided: 2, storePaused: false });
  });

  it('takes one that is too slow for one that is down; what it says later is for who ran', async () => {
    const scene = new SharedScene({ storeTimeoutMs: 50 });
    scene.latencyMs = 80;
    scene.call('a');
    await scene.clock.advance(60);
    expect(scene.ended).toEqual([['a', 'ran', 50]]);
    await scene.clock.advance(100);
    // It ran, so the token is its own; and an answer that is late does not end the pause.
    expect(scene.refunds).toEqual([]);
    expect(scene.limiter.snapshot().storePaused).toBe(true);
    expect(scene.told).toEqual(['storeFailed']);
  });

  it('gives back what it says later to who was refused', async () => {
    const scene = new SharedScene({ storeTimeoutMs: 50, onStoreError: 'deny' });
    scene.latencyMs = 80;
    scene.call('a');
    await scene.clock.advance(200);
    expect(scene.ended).toEqual([['a', 1_000, 50]]);
    expect(scene.refunds).toEqual([1]);
  });

  it('does not count one that fails after its call has gone, or after it was given up', async () => {
    const scene = new SharedScene({ storeTimeoutMs: 50, storePauseMs: 0 });
    scene.instead = down;
    const controller = new AbortController();
    scene.call('a', { signal: controller.signal });
    controller.abort('enough');
    await scene.clock.advance(20);
    expect(scene.limiter.snapshot().undecided).toBe(0);
    scene.latencyMs = 80;
    scene.call('b');
    await scene.clock.advance(200);
    expect(scene.limiter.snapshot().undecided).toBe(1);
    expect(scene.told).toEqual(['abandoned', 'storeFailed']);
  });

  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['a number', 5],
    ['no verdict', { waitMs: 0 }],
    ['no wait', { allowed: true }],
    ['a wait that is none', { allowed: true, waitMs: Number.NaN, remaining: 0 }],
    ['a wait without end', { allowed: true, waitMs: Infinity, remaining: 0 }],
    ['a time that has passed', { allowed: false, retryAfterMs: -1, remaining: 0 }],
  ])('takes an answer for a failure that is %s', async (_, answer) => {
    const scene = new SharedScene({ onStoreError: 'deny' });
    scene.instead = () => answer as RateLimitDecision;
    scene.call('a');
    await scene.clock.advance(10);
    expect(scene.told).toEqual(['storeFailed', 'limited: store']);
  });

  it('survives one that throws at once, and a refund that fails', async () => {
    const controller = new AbortController();
    const broken = {
      take: () => {
        throw down();
      },
      refund: () => {
        throw down();
      },
    };
    const { clock } = new SharedScene();
    const rate = { name: 'shop', limit: 1, perMs: 1_000, clock };
    const limiter = new SharedRateLimiter({ ...rate, store: broken });
    expect(await limiter.execute(() => 'ran')).toBe('ran');
    const memory = new InMemoryRateLimitStore({ clock });
    const store = { take: memory.take.bind(memory), refund: broken.refund };
    const other = new SharedRateLimiter({ ...rate, maxWaitMs: 10_000, store });
    await other.execute(() => 'ran');
    const left = other.execute(() => 'ran', { signal: controller.signal }).catch((error: unknown) => error);
    await clock.advance(10);
    controller.abort('enough');
    expect(await left).toBe('enough');
  });
});

describe('options of a shared rate limiter', () => {
  const store = new InMemoryRateLimitStore();
  const made = (wrong: object) => () =>
    new SharedRateLimiter({ name: 'shop', limit: 1, perMs: 1, store, ...wrong });

  it.each<[Record<string, unknown>, string]>([
    [{ name: '' }, '`name` must be a text without a colon, and not empty, got ""'],
    [{ name: 'a:b' }, '`name` must be a text without a colon, and not empty, got "a:b"'],
    [{ store: undefined }, '`store` must be a store, with `take` and `refund`, got undefined'],
    [{ store: { take: () => {} } }, '`store` must be a store, with `take` and `refund`'],
    [{ limit: 0 }, '`limit` must be an integer >= 1 <= 1000000000, got 0'],
    [{ perMs: 0.5 }, '`perMs` must be an integer >= 1'],
    [{ burst: 0 }, '`burst` must be an integer >= 1'],
    [{ cost: 1.5 }, '`cost` must be an integer >= 0, got 1.5'],
    [{ maxWaitMs: -1 }, '`maxWaitMs` must be a number >= 0, or Infinity, got -1'],
    [{ queue: 0 }, '`queue` must be an integer >= 1'],
    [{ storeTimeoutMs: 0 }, '`storeTimeoutMs` must be a number > 0, got 0'],
    [{ onStoreError: 'fail' }, "`onStoreError` must be 'allow' or 'deny', got \"fail\""],
    [{ storePauseMs: Number.NaN }, '`storePauseMs` must be a number >= 0, got NaN'],
    [{ algorithm: 'sliding-window' }, 'unknown option `algorithm`'],
  ])('are checked: %o', (wrong, message) => {
    expect(made(wrong)).toThrow(`SharedRateLimiter: ${message}`);
  });

  it('are described', () => {
    expect(JSON.parse(JSON.stringify(made({ maxWaitMs: Infinity })().describe()))).toEqual({
      ...{ kind: 'shared-rate-limiter', name: 'shop', limit: 1, perMs: 1, cost: 1, maxWaitMs: null },
      ...{ queue: 1_000, storeTimeoutMs: 500, onStoreError: 'allow', storePauseMs: 1_000 },
    });
    expect(made({ burst: 3, cost: function price() {} })().describe()).toMatchObject({
      burst: 3,
      cost: 'price',
    });
  });
});
