import { describe, expect, it } from 'vitest';
import { AdaptiveLimiter } from '../../../src/resilience/adaptive-limiter.js';
import type { AdaptiveLimiterOptions } from '../../../src/resilience/adaptive-limiter-options.js';
import { Fallback } from '../../../src/resilience/fallback.js';
import { VirtualClock } from '../../../src/testing/virtual-clock.js';
import { Gate } from '../../fixtures/gate.js';

const fail = (): Promise<never> => Promise.reject(new Error('boom'));

describe('an update of a Fallback', () => {
  it('holds for calls that begin after it, and can be put back', async () => {
    const clock = new VirtualClock();
    const fallback = new Fallback({ value: 'old', name: 'prices', clock });
    const seen: unknown[] = [];
    fallback.on('updated', event => seen.push(event));
    const before = fallback.execute(fail);
    const undo = fallback.update({ value: 'new' });
    expect(await before).toBe('old');
    expect(await fallback.execute(fail)).toBe('new');
    undo();
    undo();
    expect(await fallback.execute(fail)).toBe('old');
    const { at } = { at: clock.wall() };
    expect(seen).toEqual([
      { policy: 'prices', at, changes: { value: { from: 'old', to: 'new' } } },
      { policy: 'prices', at, changes: { value: { from: 'new', to: 'old' } } },
    ]);
    expect(fallback.snapshot()).toEqual({ answered: 3, failed: 0 });
  });

  it('changes the steps and what counts as a failure', async () => {
    const fallback = new Fallback<string>({ run: [fail, () => 'second'] });
    const undo = fallback.update({ run: () => 'only', classify: ({ ok }) => (ok ? 'failure' : undefined) });
    expect(await fallback.execute(() => 'fine')).toBe('only');
    expect(fallback.describe()).toMatchObject({ steps: 1, run: ['run'], classify: 'classify' });
    undo();
    expect(await fallback.execute(() => 'fine')).toBe('fine');
    expect(await fallback.execute(fail)).toBe('second');
  });

  it('may put back an answer of undefined', async () => {
    const fallback = new Fallback<string | undefined>({ value: undefined });
    const undo = fallback.update({ value: 'some' });
    expect(await fallback.execute(fail)).toBe('some');
    undo();
    expect(await fallback.execute(fail)).toBeUndefined();
  });

  it.each<[object, string]>([
    [{ run: 5 }, '`run` must be a function'],
    [{ run: [] }, '`run` must be a function, or a list of at least one'],
    [{ run: () => 1, classify: 'all' }, '`classify` must be a function'],
    [{ value: 1 }, 'unknown option `value`; known are run, classify'],
    [{ name: 'other' }, 'unknown option `name`'],
  ])('refuses %o, and changes nothing', async (options, message) => {
    const fallback = new Fallback({ run: () => 'as it was' });
    expect(() => fallback.update(options as never)).toThrow(message);
    expect(await fallback.execute(fail)).toBe('as it was');
  });
});

describe('an update of an AdaptiveLimiter', () => {
  const limiterOf = (options: AdaptiveLimiterOptions = {}) => {
    const clock = new VirtualClock();
    const quick = { algorithm: 'aimd', initialLimit: 10, windowSamples: 2, windowMs: 1 } as const;
    return { clock, gate: new Gate(), limiter: new AdaptiveLimiter({ ...quick, clock, ...options }) };
  };
  /** A window of two calls, dropped or not. */
  const window = async ({ clock, limiter }: ReturnType<typeof limiterOf>, end: () => unknown = () => 1) => {
    const run = () =>
      limiter.execute(() => new Promise(resolve => clock.schedule(10, () => resolve(1))).then(end));
    for (let round = 0; round < 2; round++) {
      const settled = Promise.allSettled([run(), run()]);
      await clock.advance(10);
      await settled;
    }
  };

  it('keeps what was learned, brings the limit between the bounds, and can be put back', async () => {
    const it = limiterOf({ initialLimit: 3 });
    await window(it);
    const learned = it.limiter.limit;
    expect(learned).toBeGreaterThan(3);
    const seen: unknown[] = [];
    it.limiter.on('limitChanged', ({ from, to }) => seen.push([from, to]));
    it.limiter.on('updated', ({ changes }) => seen.push(changes));
    const undo = it.limiter.update({ minLimit: 20, initialLimit: 25 });
    expect(it.limiter.limit).toBe(20);
    undo();
    expect([it.limiter.limit, it.limiter.describe().minLimit]).toEqual([20, 1]);
    it.limiter.update({ maxLimit: learned });
    expect(it.limiter.limit).toBe(learned);
    expect(seen).toEqual([
      [learned, 20],
      { minLimit: { from: 1, to: 20 }, initialLimit: { from: 3, to: 25 } },
      { minLimit: { from: 20, to: 1 }, initialLimit: { from: 25, to: 3 } },
      [20, learned],
      { maxLimit: { from: undefined, to: learned } },
    ]);
  });

  it('lets a limit that was left out follow the others', () => {
    const limiter = new AdaptiveLimiter();
    const undo = limiter.update({ maxLimit: 5 });
    expect(limiter.describe()).toMatchObject({ maxLimit: 5, initialLimit: 5 });
    undo();
    expect(limiter.describe()).toMatchObject({ maxLimit: 1_000, initialLimit: 20 });
  });

  it('refuses nobody who runs, and admits nobody until fewer run than the new limit', async () => {
    const { gate, limiter } = limiterOf();
    const calls = ['a', 'b', 'c'].map(name => limiter.execute(gate.operation(name)));
    limiter.update({ initialLimit: 2, maxLimit: 2 });
    expect(limiter.snapshot()).toMatchObject({ inFlight: 3, limit: 2 });
    for (const name of ['a', 'b']) {
      await expect(limiter.execute(() => 1)).rejects.toMatchObject({ code: 'ERR_LIMIT_EXCEEDED' });
      gate.end(name);
      await null;
    }
    await Promise.all(calls.slice(0, 2));
    expect(await limiter.execute(() => 1)).toBe(1);
  });

  it('counts the calls of partitions that stay, and forgets the others when they end', async () => {
    const { gate, limiter } = limiterOf({ initialLimit: 4, partitions: { live: 0.5, batch: 0.25 } });
    const calls = ['live', 'batch'].map(key => limiter.execute(gate.operation(key), { key }));
    limiter.update({ partitions: { live: 0.25, web: 0.5 } });
    expect(limiter.snapshot().partitions).toEqual({ live: 1, web: 0 });
    expect(limiter.describe().partitions).toEqual({ live: 0.25, web: 0.5 });
    for (const name of ['live', 'batch']) gate.end(name);
    await Promise.all(calls);
    expect(limiter.snapshot()).toMatchObject({ inFlight: 0, partitions: { live: 0, web: 0 } });
    limiter.update({ partitions: {} });
    expect(limiter.snapshot().partitions).toEqual({});
  });

  it('judges calls in flight by the new rules', async () => {
    const it = limiterOf();
    it.limiter.update({ overload: () => true, classify: () => 'failure' });
    await window(it);
    expect(it.limiter.limit).toBeLessThan(10);
  });

  it('takes a new limit for lag while calls are in flight, and leaves no timer behind', async () => {
    const { clock, gate, limiter } = limiterOf();
    const call = limiter.execute(gate.operation('a'));
    expect(clock.timers).toBe(1);
    limiter.update({ maxLagMs: Infinity });
    expect(clock.timers).toBe(0);
    limiter.update({ maxLagMs: 50 });
    expect(clock.timers).toBe(1);
    gate.end('a');
    await call;
    expect(clock.timers).toBe(0);
    limiter.update({ maxLagMs: 60, shedRatio: 0.5 });
    expect([clock.timers, limiter.describe().shedRatio]).toEqual([0, 0.5]);
  });

  it.each<[object, string]>([
    [{ minLimit: 0 }, '`minLimit` must be'],
    [{ maxLimit: 9 }, '`initialLimit` must be'],
    [{ windowMs: 5, partitions: { a: 2 } }, '`partitions.a` must be'],
    [{ algorithm: 'knee' }, 'unknown option `algorithm`'],
    [{ windowMs: null }, '`windowMs` must be'],
  ])('refuses %o, and changes nothing', (options, message) => {
    const { limiter } = limiterOf();
    const before = limiter.describe();
    expect(() => limiter.update(options as never)).toThrow(message);
    expect(limiter.describe()).toEqual(before);
  });
});
