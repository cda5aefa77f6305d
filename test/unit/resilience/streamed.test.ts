import { describe, expect, it, vi } from 'vitest';
import { Bulkhead } from '../../../src/resilience/bulkhead.js';
import { Fallback } from '../../../src/resilience/fallback.js';
import { Retry } from '../../../src/resilience/retry.js';
import { streamed } from '../../../src/resilience/stream-policy.js';
import { settle } from '../../../src/testing/settle.js';
import { boom, ok } from '../../fixtures/breaker.js';
import { collect, limits, of, streams, Tap } from '../../fixtures/streams.js';

describe('streamed', () => {
  it('hands the stream on with its first chunk, and holds the permits until its end', async () => {
    const { policy, taken, totals } = streams();
    const tap = new Tap();
    let answered = false;
    const call = policy.execute(() => tap.iterable);
    void call.then(() => {
      answered = true;
    });
    await settle();
    expect([answered, taken(), tap.asked]).toEqual([false, 1, 1]);
    tap.give('one');
    const stream = (await call)[Symbol.asyncIterator]();
    expect(await stream.next()).toEqual({ done: false, value: 'one' });
    // Nothing is asked for before the reader does.
    await settle();
    expect([tap.asked, taken(), totals().success]).toEqual([1, 1, 0]);
    const last = stream.next();
    tap.end();
    expect(await last).toEqual({ done: true, value: undefined });
    await settle();
    expect([taken(), totals().success, policy.atRest]).toEqual([0, 1, true]);
    expect(await stream.next()).toEqual({ done: true, value: undefined });
  });

  it('gives all chunks of generators, web streams and responses, as the same kind of thing', async () => {
    const { policy } = streams();
    expect(await collect(await policy.execute(of('a', 'b', 'c')))).toEqual(['a', 'b', 'c']);
    expect(await collect(await policy.execute(of()))).toEqual([]);
    const body = () =>
      new ReadableStream({
        start(controller) {
          for (const byte of [1, 2, 3]) controller.enqueue(new Uint8Array([byte]));
          controller.close();
        },
      });
    const stream = await policy.execute(body);
    expect(stream).toBeInstanceOf(ReadableStream);
    expect(await collect(stream as never)).toHaveLength(3);
    const from = new Response(body(), { status: 206, statusText: 'Part', headers: { 'x-a': '1' } });
    Object.defineProperty(from, 'url', { value: 'http://stock.example/' });
    const response = await policy.execute(() => from);
    expect(response).toMatchObject({ status: 206, statusText: 'Part', url: 'http://stock.example/' });
    expect(response.headers.get('x-a')).toBe('1');
    expect(new Uint8Array(await response.arrayBuffer())).toEqual(new Uint8Array([1, 2, 3]));
    const empty = new Response(null, { status: 204 });
    expect(await policy.execute(() => empty)).toBe(empty);
    expect(policy.snapshot().open).toBe(0);
  });

  it('fails when the first chunk does not come in time, and ends what opens the stream', async () => {
    const { policy, clock, taken, totals } = streams();
    const told: unknown[] = [];
    policy.on('stalled', ({ chunk, timeoutMs }) => told.push([chunk, timeoutMs]));
    let reason: unknown;
    const opening = policy.execute(
      ({ signal }) =>
        new Promise<Response>(() => {
          signal.addEventListener('abort', () => {
            reason = signal.reason;
          });
        }),
    );
    await expect(clock.runUntil(opening)).rejects.toMatchObject({ code: 'ERR_TIMEOUT', timeoutMs: 100 });
    expect(reason).toMatchObject({ code: 'ERR_TIMEOUT' });
    const tap = new Tap();
    const silent = policy.execute(() => tap.iterable);
    await expect(clock.runUntil(silent)).rejects.toMatchObject({ code: 'ERR_TIMEOUT' });
    expect(tap.cancelled).toBe(true);
    expect(told).toEqual([
      ['first', 100],
      ['first', 100],
    ]);
    expect([taken(), totals().failure, clock.timers]).toEqual([0, 2, 0]);
  });

  it('lets go of a stream that is opened too late', async () => {
    const { policy, clock } = streams();
    let open!: (value: AsyncIterable<string>) => void;
    const call = policy.execute(
      () =>
        new Promise<AsyncIterable<string>>(resolve => {
          open = resolve;
        }),
    );
    await expect(clock.runUntil(call)).rejects.toMatchObject({ code: 'ERR_TIMEOUT' });
    const tap = new Tap();
    open(tap.iterable);
    await settle();
    expect(tap.cancelled).toBe(true);
  });

  it('fails a stream that falls silent, and the breaker hears of it', async () => {
    const { policy, clock, taken, totals } = streams();
    const tap = new Tap();
    const call = policy.execute(() => tap.iterable);
    tap.give('one');
    const stream = (await call)[Symbol.asyncIterator]();
    await stream.next();
    // The reader takes its time, which is not the remote's.
    await clock.advance(60);
    const next = stream.next();
    await expect(clock.runUntil(next)).rejects.toMatchObject({ code: 'ERR_TIMEOUT', timeoutMs: 50 });
    expect(clock.now()).toBe(110);
    expect(await stream.next()).toEqual({ done: true, value: undefined });
    expect([taken(), totals().failure, tap.cancelled, clock.timers]).toEqual([0, 1, true, 0]);
    expect(policy.snapshot()).toEqual({ name: 'streamed', open: 0, stalled: 1, abandoned: 0 });
  });

  it('passes an error amid the stream on, once, and to all who wait', async () => {
    const { policy, totals } = streams({}, 3);
    const tap = new Tap();
    const call = policy.execute(() => tap.iterable);
    tap.give('one');
    const stream = (await call)[Symbol.asyncIterator]();
    await stream.next();
    const reads = [stream.next(), stream.next()];
    tap.break(boom);
    for (const read of reads) await expect(read).rejects.toBe(boom);
    expect(await stream.next()).toMatchObject({ done: true });
    expect(totals()).toMatchObject({ failure: 1, success: 0 });
  });

  it('starts over until a chunk is handed on, and not after that', async () => {
    const { policy, clock, retry, totals } = streams({}, 3);
    const reasons: string[] = [];
    retry.on('gaveUp', ({ reason }) => reasons.push(reason));
    const attempts: number[] = [];
    const call = policy.execute(async function* ({ attempt }) {
      attempts.push(attempt);
      if (attempt === 1) throw boom;
      yield `chunk of ${attempt}`;
      throw boom;
    });
    const stream = await clock.runUntil(call);
    await expect(collect(stream)).rejects.toBe(boom);
    await settle();
    expect([attempts, reasons, totals().failure]).toEqual([[1, 2], ['delivered'], 2]);
    expect(clock.timers).toBe(0);
  });

  it('lets a fallback answer until then, and not after that', async () => {
    const instead = vi.fn(() => of('instead')());
    const policy = streamed(new Fallback({ run: instead }));
    const broken = () => Promise.reject<AsyncIterable<string>>(boom);
    expect(await collect(await policy.execute(broken))).toEqual(['instead']);
    const breaking = async function* () {
      yield 'one';
      throw boom;
    };
    await expect(collect(await policy.execute(breaking))).rejects.toBe(boom);
    await settle();
    expect(instead).toHaveBeenCalledTimes(1);
  });

  it('takes nothing that is no stream, and counts it as a failure', async () => {
    const { policy, totals } = streams();
    for (const answer of [5, undefined, null, 'text', {}]) {
      await expect(policy.execute(() => answer as never)).rejects.toThrow('must answer a Response');
    }
    const locked = new Response('text');
    locked.body!.getReader();
    await expect(policy.execute(() => locked)).rejects.toThrow(TypeError);
    expect(totals().failure).toBe(6);
  });
});

describe('the first of several attempts at a time', () => {
  it('is the one whose chunk comes first; the others are let go of', async () => {
    const taps = [new Tap(), new Tap()];
    const both = {
      execute: (operation: (context: never) => unknown, context: never) =>
        Promise.any([operation(context), operation(context)]),
    };
    const policy = streamed(both as never, limits);
    let next = 0;
    const call = policy.execute(() => taps[next++]!.iterable as never) as Promise<AsyncGenerator<string>>;
    taps[1]!.give('second');
    const stream = await call;
    taps[0]!.give('first');
    expect(await stream.next()).toEqual({ done: false, value: 'second' });
    await settle();
    expect([taps[0]!.cancelled, taps[1]!.cancelled]).toEqual([true, undefined]);
    const end = stream.next();
    taps[1]!.end();
    expect(await end).toMatchObject({ done: true });
    expect(policy.snapshot().open).toBe(0);
  });

  it('comes too late when the policy has answered by itself', async () => {
    const tap = new Tap();
    const hasty = {
      execute: async (operation: (context: unknown) => unknown, context: unknown) => {
        operation(context);
        return of('mine')();
      },
    };
    const policy = streamed(hasty as never, limits);
    expect(await collect(await policy.execute(() => tap.iterable as never))).toEqual(['mine']);
    tap.give('late');
    await settle();
    expect([tap.cancelled, policy.snapshot().open]).toEqual([true, 0]);
  });
});

describe('the options of streamed', () => {
  it('are described', () => {
    const { policy } = streams({ idleReadMs: Infinity, name: 'feed' });
    expect(policy.describe()).toMatchObject({
      kind: 'streamed',
      name: 'feed',
      firstChunkMs: 100,
      idleReadMs: null,
      policy: [{ kind: 'retry' }, { kind: 'circuit-breaker' }, { kind: 'bulkhead' }],
    });
    const own = streamed({ execute: ok } as never);
    expect(own.describe()).toMatchObject({ idleChunkMs: 30_000, policy: { kind: 'Object' } });
  });

  it.each(['firstChunkMs', 'idleChunkMs', 'idleReadMs'])('refuse a bad %s', option => {
    for (const value of [Number.NaN, -1, 0, -Infinity, '1', null]) {
      expect(() => streamed(new Retry(), { [option]: value })).toThrow(
        new RegExp(`^streamed: \`${option}\` must be a number > 0, or Infinity`),
      );
    }
    streamed(new Retry(), { [option]: 2 ** 31 });
  });

  it('refuse what nobody knows, and what is no policy', () => {
    expect(() => streamed(new Retry(), { idle: 5 } as never)).toThrow('unknown option `idle`');
    expect(() => streamed({ enter() {}, exit() {} } as never)).toThrow('must be a policy');
  });
});

it('fails where an iterator answers what is no object, at the first chunk and later', async () => {
  for (const before of [0, 1]) {
    const policy = streamed(new Bulkhead({ slots: 1 }));
    let asked = 0;
    const broken = {
      [Symbol.asyncIterator]: () => ({
        next: async () => (asked++ < before ? { done: false, value: asked } : (5 as never)),
      }),
    };
    const read = async (): Promise<unknown[]> => {
      const seen: unknown[] = [];
      for await (const chunk of await policy.execute(() => broken as AsyncIterable<unknown>))
        seen.push(chunk);
      return seen;
    };
    await expect(read()).rejects.toThrow('an iterator must answer objects, got number');
    expect(policy.snapshot().open).toBe(0);
  }
});
