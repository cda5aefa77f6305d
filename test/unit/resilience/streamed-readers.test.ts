import { describe, expect, it, vi } from 'vitest';
import { streamed } from '../../../src/resilience/stream-policy.js';
import { Timeout } from '../../../src/resilience/timeout.js';
import { settle } from '../../../src/testing/settle.js';
import { VirtualClock } from '../../../src/testing/virtual-clock.js';
import { boom } from '../../fixtures/breaker.js';
import { collect, limits, of, streams, Tap } from '../../fixtures/streams.js';

describe('the reader of a stream', () => {
  const leaving: [string, (stream: AsyncGenerator<string>) => Promise<unknown>][] = [
    [
      'breaks off',
      async stream => {
        for await (const _ of stream) break;
      },
    ],
    ['returns before it has read', stream => stream.return(undefined)],
    ['throws into it', stream => stream.throw(boom).catch(() => {})],
    [
      'disposes of it',
      async stream => {
        await stream[Symbol.asyncDispose]();
      },
    ],
    [
      'returns while it waits for a chunk',
      async stream => {
        await stream.next();
        const waiting = stream.next();
        await stream.return(undefined);
        expect(await waiting).toEqual({ done: true, value: undefined });
      },
    ],
  ];

  it.each(leaving)('gives the permits back when it %s, and speaks for nothing', async (_name, leave) => {
    const { policy, clock, taken, totals } = streams({}, 3);
    const told: unknown[] = [];
    policy.on('abandoned', ({ reason }) => told.push(reason));
    const tap = new Tap();
    let signal!: AbortSignal;
    const call = policy.execute(context => {
      signal = context.signal;
      return tap.iterable as never;
    });
    tap.give('one');
    await leave(await call);
    await settle();
    expect([taken(), tap.cancelled, signal.aborted]).toEqual([0, true, true]);
    expect(totals()).toMatchObject({ success: 0, failure: 0, cancelled: 1 });
    expect([told, clock.timers]).toEqual([['left'], 0]);
  });

  it('cancels a web stream, with its reason', async () => {
    const { policy, taken } = streams();
    const cancel = vi.fn();
    const source = () => new ReadableStream({ pull: controller => controller.enqueue('x'), cancel });
    const stream = await policy.execute(source);
    expect(taken()).toBe(1);
    await stream.cancel('enough');
    await settle();
    expect(cancel.mock.calls).toEqual([['enough']]);
    expect(taken()).toBe(0);
  });

  it('loses a stream that it does not read', async () => {
    const { policy, clock, taken, totals } = streams();
    const tap = new Tap();
    const call = policy.execute(() => tap.iterable);
    tap.give('one');
    const stream = (await call)[Symbol.asyncIterator]();
    await clock.advance(999);
    expect(taken()).toBe(1);
    await clock.advance(1);
    expect([taken(), tap.cancelled]).toEqual([0, true]);
    await expect(stream.next()).rejects.toMatchObject({ code: 'ERR_ABANDONED' });
    expect(await stream.next()).toMatchObject({ done: true });
    expect(totals()).toMatchObject({ success: 0, failure: 0, cancelled: 1 });
    expect([policy.snapshot().abandoned, clock.timers]).toEqual([1, 0]);
  });

  it('may take its time between chunks, and read ahead', async () => {
    const { policy, clock } = streams();
    const call = policy.execute(of('a', 'b', 'c'));
    const stream = (await call)[Symbol.asyncIterator]();
    for (const value of ['a', 'b']) {
      await clock.advance(900);
      expect(await stream.next()).toEqual({ done: false, value });
    }
    const ahead = [stream.next(), stream.next(), stream.next()];
    expect((await Promise.all(ahead)).map(({ value }) => value)).toEqual(['c', undefined, undefined]);
  });
});

describe('the caller of a stream', () => {
  it('ends it with its signal, before and amid it', async () => {
    const { policy, taken, totals } = streams({}, 3);
    for (const chunks of [0, 1]) {
      const caller = new AbortController();
      const tap = new Tap();
      const call = policy.execute(() => tap.iterable, { signal: caller.signal });
      if (chunks === 0) {
        caller.abort(boom);
        await expect(call).rejects.toBe(boom);
      } else {
        tap.give('one');
        const stream = (await call)[Symbol.asyncIterator]();
        await stream.next();
        const next = stream.next();
        caller.abort(boom);
        await expect(next).rejects.toBe(boom);
      }
      await settle();
      expect([taken(), tap.cancelled]).toEqual([0, true]);
    }
    expect(totals()).toMatchObject({ success: 0, failure: 0, cancelled: 2 });
  });

  it('has no hold on it any more when it is over', async () => {
    const { policy, totals } = streams();
    const caller = new AbortController();
    let signal!: AbortSignal;
    const stream = await policy.execute(
      context => {
        signal = context.signal;
        return of('a')();
      },
      { signal: caller.signal },
    );
    await collect(stream);
    caller.abort(boom);
    await settle();
    expect(signal.aborted).toBe(false);
    expect(totals().success).toBe(1);
  });

  it('is refused like any other', async () => {
    const { policy, clock } = streams();
    const tap = new Tap();
    policy.execute(() => tap.iterable).catch(() => {});
    await expect(policy.execute(of('a'))).rejects.toMatchObject({ code: 'ERR_BULKHEAD_FULL' });
    await expect(policy.execute(5 as never)).rejects.toThrow(TypeError);
    await expect(policy.execute(of('a'), { key: 5 } as never)).rejects.toThrow('`key`');
    const signal = AbortSignal.abort(boom);
    await expect(policy.execute(of('a'), { signal })).rejects.toBe(boom);
    await clock.advance(100);
  });

  it('keeps its own limit for all of it', async () => {
    const clock = new VirtualClock();
    const policy = streamed(new Timeout({ timeoutMs: 80, clock }), limits);
    const stream = await policy.execute(async function* () {
      for (let i = 0; ; i++) {
        yield i;
        await new Promise<void>(resolve => clock.schedule(30, resolve));
      }
    });
    await expect(clock.runUntil(collect(stream))).rejects.toMatchObject({
      code: 'ERR_TIMEOUT',
      timeoutMs: 80,
    });
    expect(clock.now()).toBe(80);
    await clock.advance(100);
    expect(clock.timers).toBe(0);
  });
});
