import { AsyncLocalStorage } from 'node:async_hooks';
import { describe, expect, it, vi } from 'vitest';
import type { Context } from '../../../src/kernel/context.js';
import { Cache } from '../../../src/resilience/cache.js';
import type { CacheEvents, CacheOptions } from '../../../src/resilience/cache-options.js';
import { settle } from '../../../src/testing/settle.js';
import { VirtualClock } from '../../../src/testing/virtual-clock.js';
import { Gate } from '../../fixtures/gate.js';

const key = 'k';
const names = [
  'hit',
  'missed',
  'stale',
  'revalidated',
  'revalidationFailed',
  'evicted',
  'evictFailed',
] as const;

/** A cache with an entry that has just ended its freshness. */
async function setUp(options: Partial<CacheOptions<string>> = {}) {
  const clock = new VirtualClock();
  const cache = new Cache<string>({ ttlMs: 100, clock, ...options });
  const heard: unknown[] = [];
  cache.set(key, 'old');
  await clock.advance(100);
  const listen = (): void => {
    for (const name of names) {
      cache.on(name, (event: CacheEvents[typeof name]) => {
        const { reason, error } = event as { reason?: unknown; error?: unknown };
        heard.push([name, event.key, reason, error].filter(part => part !== undefined).join(' '));
      });
    }
  };
  return { clock, cache, gate: new Gate(), heard, listen };
}

describe('stale while revalidating', () => {
  it('answers at once and brings a new value, once for all', async () => {
    const { cache, gate, heard, listen } = await setUp({ staleWhileRevalidateMs: 50 });
    listen();
    const answers = ['a', 'b'].map(name => cache.execute(gate.operation(name), { key }));
    expect(await Promise.all(answers)).toEqual(['old', 'old']);
    expect(gate.started).toEqual(['a']);
    gate.end('a');
    await settle();
    expect(await cache.execute(gate.operation('c'), { key })).toBe('a');
    expect(heard).toEqual([
      'stale k revalidating',
      'stale k revalidating',
      'evicted k replaced',
      'revalidated k',
      'hit k',
    ]);
    expect(cache.snapshot()).toMatchObject({ hits: 1, misses: 0, stale: 2, running: 0 });
  });

  it('ends at its end: then a call waits', async () => {
    const { clock, cache, gate } = await setUp({ staleWhileRevalidateMs: 50 });
    await clock.advance(50);
    const answer = cache.execute(gate.operation('a'), { key });
    expect(cache.snapshot()).toMatchObject({ size: 0, misses: 1, stale: 0 });
    gate.end('a');
    expect(await answer).toBe('a');
  });

  it('runs in a context of its own, which the caller does not end', async () => {
    const { cache, gate } = await setUp({ staleWhileRevalidateMs: 50, revalidateTimeoutMs: 400 });
    const controller = new AbortController();
    const storage = new AsyncLocalStorage<string>();
    const attributes = { route: '/' };
    const seen: unknown[] = [];
    const operation = async (context: Context): Promise<string> => {
      seen.push(storage.getStore());
      return await gate.operation('a')(context);
    };
    const options = { key, signal: controller.signal, timeoutMs: 5, attributes, priority: 3 };
    expect(await storage.run('caller', () => cache.execute(operation, options))).toBe('old');
    controller.abort('gone');
    const context = gate.contexts.get('a')!;
    expect(context.signal.aborted).toBe(false);
    expect([context.remainingMs(), context.key, context.attributes, context.priority]).toEqual([
      400,
      key,
      attributes,
      3,
    ]);
    expect(seen).toEqual(['caller']);
    gate.end('a');
    await settle();
    expect(cache.get(key)).toBe('a');
  });

  it('tells of a run that failed, and lets the next call try again', async () => {
    const { cache, gate, heard, listen } = await setUp({
      staleWhileRevalidateMs: 50,
      negativeTtlMs: () => 10,
    });
    listen();
    expect(await cache.execute(gate.operation('a'), { key })).toBe('old');
    gate.fail('a', 'down');
    await settle();
    expect(await cache.execute(gate.operation('b'), { key })).toBe('old');
    expect(heard).toEqual(['stale k revalidating', 'revalidationFailed k down', 'stale k revalidating']);
    expect(gate.started).toEqual(['a', 'b']);
  });

  it('gives a run up that takes too long, so that the key is not lost to it', async () => {
    const { clock, cache, gate, heard, listen } = await setUp({
      staleWhileRevalidateMs: 50,
      revalidateTimeoutMs: 200,
    });
    expect(await cache.execute(gate.operation('hung'), { key })).toBe('old');
    listen();
    await clock.advance(200);
    expect(gate.contexts.get('hung')!.signal.aborted).toBe(true);
    expect(heard).toEqual(['revalidationFailed k TimeoutError: cache: no answer within 200 ms']);
    const answer = cache.execute(gate.operation('b'), { key });
    gate.end('b');
    expect(await answer).toBe('b');
    gate.end('hung');
    await settle();
    expect(cache.get(key)).toBe('b');
    expect(clock.timers).toBe(0);
  });

  it('has its run live on with those who joined it', async () => {
    const { clock, cache, gate } = await setUp({ staleWhileRevalidateMs: 50, revalidateTimeoutMs: 200 });
    await cache.execute(gate.operation('a'), { key });
    await clock.advance(60);
    const joined = cache.execute(gate.operation('b'), { key });
    await clock.advance(500);
    expect(gate.contexts.get('a')!.signal.aborted).toBe(false);
    gate.end('a');
    expect(await joined).toBe('a');
    expect(gate.started).toEqual(['a']);
  });

  it('does not bring back what was deleted meanwhile', async () => {
    const { cache, gate, heard, listen } = await setUp({ staleWhileRevalidateMs: 50 });
    await cache.execute(gate.operation('a'), { key });
    cache.delete(key);
    listen();
    gate.end('a');
    await settle();
    expect([cache.get(key), heard]).toEqual([undefined, []]);
  });

  it('may take its time without end', async () => {
    const unlimited = { staleWhileRevalidateMs: 50, revalidateTimeoutMs: Infinity };
    const { clock, cache, gate, heard, listen } = await setUp(unlimited);
    listen();
    await cache.execute(gate.operation('a'), { key });
    expect(clock.timers).toBe(0);
    gate.fail('a', 'down');
    await settle();
    expect(heard).toContain('revalidationFailed k down');
  });
});

describe('stale if error', () => {
  it('answers with the old value when the run fails, for all who waited', async () => {
    const { cache, gate, heard, listen } = await setUp({ staleIfErrorMs: 50 });
    listen();
    const answers = ['a', 'b'].map(name => cache.execute(gate.operation(name), { key }));
    gate.fail('a', 'down');
    expect(await Promise.all(answers)).toEqual(['old', 'old']);
    expect(heard).toEqual(['missed k', 'missed k', 'stale k error down', 'stale k error down']);
    expect(cache.get(key)).toBeUndefined();
  });

  it('passes the error on when the value ends before the run does', async () => {
    const { clock, cache, gate } = await setUp({ staleIfErrorMs: 50 });
    const answer = cache.execute(gate.operation('a'), { key });
    answer.catch(() => {});
    await clock.advance(50);
    gate.fail('a', 'down');
    await expect(answer).rejects.toBe('down');
  });

  it('does not answer a caller who gave up, nor with what was deleted', async () => {
    const { cache, gate } = await setUp({ staleIfErrorMs: 50 });
    const controller = new AbortController();
    const left = cache.execute(gate.operation('a'), { key, signal: controller.signal });
    const stays = cache.execute(gate.operation('b'), { key });
    controller.abort('bored');
    await expect(left).rejects.toBe('bored');
    cache.delete(key);
    gate.fail('a', 'down');
    await expect(stays).rejects.toBe('down');
  });

  it('answers at the deadline of a caller who cannot wait', async () => {
    const { clock, cache, gate } = await setUp({ staleIfErrorMs: 500 });
    const answer = cache.execute(gate.operation('a'), { key, timeoutMs: 20 });
    await clock.advance(20);
    expect(await answer).toBe('old');
    expect(gate.contexts.get('a')!.signal.aborted).toBe(true);
  });

  it('keeps no error in place of a value that may stand in', async () => {
    const { cache } = await setUp({ staleIfErrorMs: 50, negativeTtlMs: () => 1000 });
    const fail = () => Promise.reject('down');
    expect(await cache.execute(fail, { key })).toBe('old');
    expect(await cache.execute(() => 'new', { key })).toBe('new');
  });
});

describe('what watches a cache', () => {
  it('costs nothing when nobody listens', async () => {
    const { clock, cache } = await setUp({ staleWhileRevalidateMs: 50, maxEntries: 1 });
    const wall = vi.spyOn(clock, 'wall');
    await cache.execute(() => 'new', { key });
    await cache.execute(() => 'newer', { key: 'b' });
    await cache.execute(() => 'newest', { key: 'b' });
    await settle();
    expect(wall).not.toHaveBeenCalled();
    expect(() => cache.on('nothing' as never, () => {})).toThrow(TypeError);
  });

  it('is told why an entry left', async () => {
    const onEvict = vi.fn();
    const { clock, cache } = await setUp({ onEvict, maxEntries: 1 });
    await cache.execute(() => 'second', { key });
    cache.set(key, 'third');
    cache.set('other', 'fourth');
    cache.clear();
    expect(onEvict.mock.calls).toEqual([
      ['old', key, 'expired'],
      ['second', key, 'replaced'],
      ['third', key, 'full'],
      ['fourth', 'other', 'deleted'],
    ]);
    await clock.advance(0);
  });

  it('is not told that a value left which took its own place', async () => {
    const onEvict = vi.fn();
    const { cache } = await setUp({ onEvict });
    cache.set(key, 'old');
    expect(onEvict).not.toHaveBeenCalled();
  });

  it('cannot hurt a call', async () => {
    const { cache, heard, listen } = await setUp({
      onEvict: () => {
        throw 'clumsy';
      },
    });
    expect(await cache.execute(() => 'new', { key })).toBe('new');
    listen();
    cache.set(key, 'newer');
    expect(heard).toEqual(['evicted k replaced', 'evictFailed k clumsy']);
    expect(cache.get(key)).toBe('newer');
  });
});
