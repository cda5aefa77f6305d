import { describe, expect, it, vi } from 'vitest';
import type { Context } from '../../../src/kernel/context.js';
import { CircuitOpenError } from '../../../src/kernel/errors.js';
import { Cache } from '../../../src/resilience/cache.js';
import type { CacheOptions } from '../../../src/resilience/cache-options.js';
import { policyLaws } from '../../../src/testing/policy-laws.js';
import { settle } from '../../../src/testing/settle.js';
import { VirtualClock } from '../../../src/testing/virtual-clock.js';
import { Gate } from '../../fixtures/gate.js';

const key = 'k';

function setUp<V = unknown>(options: Partial<CacheOptions<V>> = {}) {
  const clock = new VirtualClock();
  return { clock, gate: new Gate(), cache: new Cache<V>({ ttlMs: 100, clock, ...options }) };
}

let count = 0;
const oneByOne = () => `${count++}`;

describe('Cache keeps the laws of policies', () => {
  for (const law of policyLaws(clock => new Cache({ ttlMs: 5, clock })))
    it(`without keys: ${law.name}`, law.check);
  for (const law of policyLaws(clock => new Cache({ ttlMs: 5, clock, key: oneByOne }))) {
    it(`with a key for each call: ${law.name}`, law.check);
  }
});

describe('Cache', () => {
  it('answers with what it knows until the time to live has passed', async () => {
    const { clock, cache } = setUp();
    let runs = 0;
    const call = () => cache.execute(async () => ++runs, { key });
    expect([await call(), await call()]).toEqual([1, 1]);
    await clock.advance(99);
    expect(await call()).toBe(1);
    await clock.advance(1);
    expect(await call()).toBe(2);
    expect(cache.snapshot()).toMatchObject({ hits: 2, misses: 2, stale: 0, size: 1, running: 0 });
  });

  it.each([undefined, null, 0, '', false, Number.NaN])('keeps %s like any other answer', async value => {
    const { cache } = setUp();
    const operation = vi.fn(async () => value);
    for (let call = 0; call < 3; call++) expect(await cache.execute(operation, { key })).toBe(value);
    expect(operation).toHaveBeenCalledTimes(1);
  });

  it('hands the same object to all', async () => {
    const { cache } = setUp();
    const answer = { cents: 5 };
    expect(await cache.execute(() => answer, { key })).toBe(answer);
    expect(await cache.execute(() => ({ cents: 6 }), { key })).toBe(answer);
  });

  it('shares a miss among all who ask meanwhile', async () => {
    const { cache, gate } = setUp();
    const answers = ['a', 'b'].map(name => cache.execute(gate.operation(name), { key }));
    gate.end('a');
    expect(await Promise.all(answers)).toEqual(['a', 'a']);
    expect(gate.started).toEqual(['a']);
    expect(await cache.execute(gate.operation('c'), { key })).toBe('a');
  });

  it('keeps keys and instances apart, whatever they share', async () => {
    const options = Object.freeze({ ttlMs: 1000 });
    const [one, two] = [new Cache(options), new Cache(options)];
    await one.execute(() => 'one', { key });
    expect(await two.execute(() => 'two', { key })).toBe('two');
    expect(await one.execute(() => 'other', { key: '' })).toBe('other');
    expect(await one.execute(() => 'proto', { key: '__proto__' })).toBe('proto');
    expect(await one.execute(() => 'more', { key: 'constructor' })).toBe('more');
  });

  it('counts calls without a key, and keeps nothing of them', async () => {
    const { cache } = setUp();
    expect([await cache.execute(() => 1), await cache.execute(() => 2, {})]).toEqual([1, 2]);
    expect(cache.snapshot()).toMatchObject({ unkeyed: 2, size: 0, misses: 0 });
  });

  it('rejects, and never throws at once', async () => {
    const { cache } = setUp();
    cache.set(key, 'known');
    const bad = {
      key,
      get signal(): AbortSignal {
        throw new Error('no signal');
      },
    };
    await expect(cache.execute(() => 1, bad)).rejects.toThrow('no signal');
    await expect(cache.execute(() => 1, null as never)).rejects.toThrow(TypeError);
    await expect(cache.execute(null as never, { key })).rejects.toThrow('must be a function');
    await expect(setUp({ key: () => null as never }).cache.execute(() => 1)).rejects.toThrow('must answer');
  });

  it('answers nobody who has given up', async () => {
    const { cache } = setUp();
    cache.set(key, 'known');
    const signal = AbortSignal.abort('gone');
    await expect(cache.execute(() => 1, { key, signal })).rejects.toBe('gone');
    const inner = async (context: Context): Promise<unknown> => cache.execute(() => 1, context);
    expect(await new Cache({ ttlMs: 1 }).execute(inner, { key })).toBe('known');
  });

  it('takes its keys from a function of the context', async () => {
    const { cache } = setUp({ key: ({ attributes }) => attributes['user'] as string | undefined });
    const call = (value: string, user?: string) => cache.execute(() => value, { attributes: { user } });
    expect([await call('a', 'ann'), await call('b', 'bob'), await call('c', 'ann'), await call('d')]).toEqual(
      ['a', 'b', 'a', 'd'],
    );
  });

  it('forgets what was not asked for lately when it is full', async () => {
    const evicted: unknown[] = [];
    const { cache } = setUp<string>({ maxEntries: 2, onEvict: (...what) => evicted.push(what) });
    cache.set('a', 'A');
    cache.set('b', 'B');
    await cache.execute(() => 'new', { key: 'a' });
    cache.set('c', 'C');
    expect([cache.get('a'), cache.get('b'), cache.get('c')]).toEqual(['A', undefined, 'C']);
    expect(evicted).toEqual([['B', 'b', 'full']]);
    expect(cache.snapshot()).toMatchObject({ size: 2, evicted: 1 });
  });

  it('has a time to live that may depend on the answer', async () => {
    const { clock, cache } = setUp<number>({ ttlMs: (value, { key }) => (key === 'none' ? 0 : value) });
    await cache.execute(() => 10, { key: 'a' });
    await cache.execute(() => Infinity, { key: 'b' });
    await cache.execute(() => 10, { key: 'none' });
    expect(cache.get('none')).toBeUndefined();
    await clock.advance(10);
    expect([cache.get('a'), cache.get('b')]).toEqual([undefined, Infinity]);
    await expect(cache.execute(() => -1, { key: 'c' })).rejects.toThrow('`ttlMs` must be a number >= 0');
    expect(cache.snapshot().running).toBe(0);
  });

  it('shortens the time to live by chance, and only where that is asked for', async () => {
    const random = vi.fn(() => 0.5);
    const { clock, cache } = setUp({ ttlJitterRatio: 0.2, random });
    await cache.execute(() => 1, { key });
    await clock.advance(89);
    expect(cache.get(key)).toBe(1);
    await clock.advance(1);
    expect(cache.get(key)).toBeUndefined();
    const plain = setUp({ random });
    await plain.cache.execute(() => 1, { key });
    expect(random).toHaveBeenCalledTimes(1);
  });

  it('can be written to, read and emptied by hand', async () => {
    const { clock, cache } = setUp<unknown>();
    cache.set('a', 1);
    cache.set('b', 2, 5);
    await clock.advance(5);
    expect([cache.get('a'), cache.get('b'), cache.get('c')]).toEqual([1, undefined, undefined]);
    expect([cache.delete('a'), cache.delete('a'), cache.get('a')]).toEqual([true, false, undefined]);
    cache.set('a', 3);
    cache.set('a', 4, 0);
    expect(cache.get('a')).toBeUndefined();
    cache.set('a', 5);
    cache.clear();
    expect(cache.snapshot().size).toBe(0);
    expect(() => cache.set(5 as never, 1)).toThrow('`key` must be a string');
    expect(() => cache.set('a', 1, Number.NaN)).toThrow('`ttlMs`');
    expect(() => cache.set('a', Promise.resolve(1))).toThrow('`value` must be no promise');
  });

  it.each(['set', 'delete', 'clear'] as const)(
    'does not keep the answer of a run that %s overtook',
    async verb => {
      const { cache, gate } = setUp<string>();
      const old = cache.execute(gate.operation('old'), { key });
      if (verb === 'set') cache.set(key, 'set');
      else cache[verb](key);
      const fresh = cache.execute(gate.operation('new'), { key });
      expect(gate.started).toEqual(verb === 'set' ? ['old'] : ['old', 'new']);
      gate.end('old');
      expect(await old).toBe('old');
      expect(cache.get(key)).toBe(verb === 'set' ? 'set' : undefined);
      if (verb !== 'set') gate.end('new');
      expect(await fresh).toBe(verb === 'set' ? 'set' : 'new');
    },
  );

  it('keeps nothing of a run that all callers left', async () => {
    const { cache, gate } = setUp();
    const controller = new AbortController();
    const answer = cache.execute(gate.operation('a'), { key, signal: controller.signal });
    controller.abort('bored');
    await expect(answer).rejects.toBe('bored');
    gate.end('a');
    await settle();
    expect(cache.get(key)).toBeUndefined();
  });
});

describe('errors', () => {
  it('are not kept unless that is asked for', async () => {
    const { cache } = setUp();
    await expect(cache.execute(() => Promise.reject('down'), { key })).rejects.toBe('down');
    expect(await cache.execute(() => 'up', { key })).toBe('up');
  });

  it('are kept for as long as they ask for, and have no grace', async () => {
    const negativeTtlMs = (error: unknown) => (error === 'missing' ? 20 : undefined);
    const { clock, cache } = setUp({ negativeTtlMs, staleWhileRevalidateMs: 1000, staleIfErrorMs: 1000 });
    const operation = vi.fn(async () => Promise.reject('missing'));
    for (let call = 0; call < 3; call++)
      await expect(cache.execute(operation, { key })).rejects.toBe('missing');
    expect(operation).toHaveBeenCalledTimes(1);
    expect([cache.get(key), cache.snapshot().hits]).toEqual([undefined, 2]);
    await clock.advance(20);
    expect(await cache.execute(() => 'there', { key })).toBe('there');
    await expect(cache.execute(() => Promise.reject('down'), { key: 'b' })).rejects.toBe('down');
    expect(await cache.execute(() => 'up', { key: 'b' })).toBe('up');
  });

  it('are never kept when the operation never ran', async () => {
    const negativeTtlMs = vi.fn(() => 1000);
    const { cache } = setUp({ negativeTtlMs });
    const refused = cache.execute(() => Promise.reject(new CircuitOpenError('open')), { key });
    await expect(refused).rejects.toMatchObject({ code: 'ERR_CIRCUIT_OPEN' });
    expect(negativeTtlMs).not.toHaveBeenCalled();
    expect(await cache.execute(() => 'up', { key })).toBe('up');
  });

  it('reject with the mistake of a bad `negativeTtlMs`', async () => {
    const { cache } = setUp({ negativeTtlMs: () => -1 });
    await expect(cache.execute(() => Promise.reject('down'), { key })).rejects.toThrow('`negativeTtlMs`');
  });
});

describe('what can be read only once', () => {
  it.each([
    ['a response with an unread body', () => new Response('text')],
    ['a web stream', () => new Response('text').body],
    [
      'a generator',
      () =>
        (function* () {
          yield 1;
        })(),
    ],
    [
      'an async generator',
      () =>
        (async function* () {
          yield 1;
        })(),
    ],
    ['a stream of Node', async () => (await import('node:stream')).Readable.from(['a'])],
  ])('is refused: %s', async (_, make) => {
    const { cache } = setUp();
    await expect(cache.execute(make as () => unknown, { key })).rejects.toThrow(
      'cache: the answer can be read only once',
    );
    expect(cache.snapshot()).toMatchObject({ size: 0, running: 0 });
  });

  it('is refused when it is not to be kept, too, for others may share the run', async () => {
    const { cache } = setUp({ ttlMs: () => 0 });
    await expect(cache.execute(() => new Response('text'), { key })).rejects.toThrow('only once');
  });

  it('passes where the call has no key, and so shares nothing', async () => {
    const { cache } = setUp();
    const answer = (await cache.execute(() => new Response('text'))) as Response;
    expect(await answer.text()).toBe('text');
  });

  it('is let go of when it is refused, and left alone when it was put in by hand', async () => {
    const { cache } = setUp();
    const cancelled: string[] = [];
    const stream = (name: string) => new ReadableStream({ cancel: () => void cancelled.push(name) });
    const response = new Response(stream('fetched'));
    await cache.execute(() => response, { key }).catch(() => {});
    expect(() => cache.set(key, stream('mine'))).toThrow('only once');
    await settle();
    expect(cancelled).toEqual(['fetched']);
  });

  it('does not keep a response from being kept that has no body, or was read', async () => {
    const { cache } = setUp();
    const empty = new Response(null, { status: 204 });
    expect(await cache.execute(() => empty, { key: 'a' })).toBe(empty);
    const read = new Response('text');
    await read.text();
    expect(await cache.execute(() => read, { key: 'b' })).toBe(read);
    expect(cache.snapshot().size).toBe(2);
  });
});
