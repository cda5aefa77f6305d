import { describe, expect, it, vi } from 'vitest';
import { EventBus } from '../../../src/events/event-bus.js';
import { countingSignal } from '../../../src/testing/counting-signal.js';
import { settle } from '../../../src/testing/settle.js';
import { VirtualClock } from '../../../src/testing/virtual-clock.js';

const busOf = () => {
  const clock = new VirtualClock();
  const bus = new EventBus<{ a: number; 'b.c': string }>({ clock, name: 'shop' });
  return { bus, clock };
};
const failure = (promise: Promise<unknown>) =>
  promise.then(
    () => 'no error',
    error => error as unknown,
  );

describe('once', () => {
  it('is the payload of the next event, and then listens no more', async () => {
    const { bus } = busOf();
    const next = bus.once('a');
    await bus.emit('b.c', 'x');
    await bus.emit('a', 1);
    await bus.emit('a', 2);
    expect(await next).toBe(1);
    expect(bus.snapshot().listeners).toBe(0);
  });

  it('waits for one that is meant, of any name that the pattern matches', async () => {
    const { bus, clock } = busOf();
    const next = bus.once('>', { where: payload => payload === 'x' || payload === 3, timeoutMs: 100 });
    for (let i = 0; i < 5; i++) await bus.emit('a', i);
    expect(await next).toBe(3);
    expect(clock.timers).toBe(0);
  });

  it('rejects with what `where` throws, which the event does not feel', async () => {
    const { bus } = busOf();
    const boom = new Error('where');
    const next = failure(
      bus.once('a', {
        where: () => {
          throw boom;
        },
      }),
    );
    await bus.emit('a', 1);
    expect(await next).toBe(boom);
    expect(bus.snapshot()).toMatchObject({ listeners: 0, failed: 0 });
  });

  it('gives up when its time is up', async () => {
    const { bus, clock } = busOf();
    const next = failure(bus.once('a', { timeoutMs: 50 }));
    await clock.advance(50);
    expect(await next).toMatchObject({
      code: 'ERR_TIMEOUT',
      timeoutMs: 50,
      message: 'shop: no "a" within 50 ms',
    });
    expect(bus.snapshot().listeners).toBe(0);
  });

  it('gives up with the reason of its signal, at which nothing is left', async () => {
    const { bus, clock } = busOf();
    const { signal, listeners, abort } = countingSignal();
    const next = failure(bus.once('a', { signal, timeoutMs: 50 }));
    expect(listeners()).toBe(1);
    abort('enough');
    expect(await next).toBe('enough');
    expect([listeners(), clock.timers, bus.snapshot().listeners]).toEqual([0, 0, 0]);
    expect(await failure(bus.once('a', { signal, timeoutMs: 50 }))).toBe('enough');
    expect(clock.timers).toBe(0);
    const other = countingSignal();
    const heard = bus.once('a', { signal: other.signal });
    bus.emitSync('a', 1);
    expect([await heard, other.listeners()]).toEqual([1, 0]);
  });

  it.each<[object, RegExp]>([
    [{ when: 1 }, /once: unknown option `when`/],
    [{ where: 1 }, /`where` must be a function, got 1/],
    [{ timeoutMs: -1 }, /`timeoutMs` must be a number > 0, or Infinity, got -1/],
    [{ signal: 1 }, /`signal` must be an AbortSignal/],
  ])('rejects a mistake: %j', async (options, message) => {
    const { bus } = busOf();
    await expect(bus.once('a', options)).rejects.toThrow(message);
    await expect(bus.once('a..b' as 'a')).rejects.toThrow(/once: `pattern` must be/);
  });
});

describe('iterate', () => {
  it('reads events from the moment it is called, until it is left', async () => {
    const { bus } = busOf();
    const events = bus.iterate('>');
    await bus.emit('a', 1);
    await bus.emit('b.c', 'x');
    expect(events.waiting).toBe(2);
    const read: unknown[] = [];
    for await (const event of events) {
      read.push(event);
      if (event.name === 'b.c') break;
    }
    expect(read).toEqual([
      { name: 'a', payload: 1 },
      { name: 'b.c', payload: 'x' },
    ]);
    expect(bus.snapshot().listeners).toBe(0);
    expect(await events.next()).toEqual({ done: true, value: undefined });
  });

  it('waits for what has not come yet, several reads in their order', async () => {
    const { bus } = busOf();
    const events = bus.iterate('a');
    const reads = [events.next(), events.next()];
    await bus.emit('a', 1);
    await bus.emit('a', 2);
    expect((await Promise.all(reads)).map(({ value }) => value?.payload)).toEqual([1, 2]);
    expect(await events.return()).toEqual({ done: true, value: undefined });
  });

  it('ends by itself after `limit` events', async () => {
    const { bus } = busOf();
    const events = bus.iterate('a', { limit: 2 });
    for (let i = 0; i < 5; i++) await bus.emit('a', i);
    const read: number[] = [];
    for await (const { payload } of events) read.push(payload);
    expect(read).toEqual([0, 1]);
    expect([events.waiting, bus.snapshot().listeners]).toEqual([0, 0]);
  });

  it.each([
    ['drop-oldest', [3, 4]],
    ['drop-newest', [0, 1]],
  ] as const)('counts what it drops: %s', async (overflow, kept) => {
    const { bus } = busOf();
    const events = bus.iterate('a', { buffer: 2, overflow });
    for (let i = 0; i < 5; i++) await bus.emit('a', i);
    expect([events.dropped, events.waiting, bus.snapshot().dropped]).toEqual([3, 2, 3]);
    await bus.close();
    const read: number[] = [];
    for await (const { payload } of events) read.push(payload);
    expect(read).toEqual(kept);
  });

  it('fails behind what waits when its reader is too slow', async () => {
    const { bus } = busOf();
    const events = bus.iterate('a', { buffer: 2 });
    for (let i = 0; i < 3; i++) await bus.emit('a', i);
    expect(bus.snapshot().listeners).toBe(0);
    expect((await events.next()).value?.payload).toBe(0);
    expect((await events.next()).value?.payload).toBe(1);
    const message = 'shop: `buffer` is 2, and as many events wait for their reader';
    expect(await failure(events.next())).toMatchObject({ code: 'ERR_EVENT_OVERFLOW', message });
    expect(await events.next()).toEqual({ done: true, value: undefined });
  });

  it('takes no more reads in advance than fit into its buffer', async () => {
    const { bus } = busOf();
    const events = bus.iterate('a', { buffer: 2 });
    const reads = [events.next(), events.next()];
    expect(await failure(events.next())).toMatchObject({ code: 'ERR_EVENT_OVERFLOW' });
    await events.return();
    expect(await Promise.all(reads)).toEqual(Array(2).fill({ done: true, value: undefined }));
  });

  it('fails at once with the reason of its signal, at which nothing is left', async () => {
    const { bus } = busOf();
    const { signal, listeners, abort } = countingSignal();
    const waiting = bus.iterate('a', { signal });
    const full = bus.iterate('a', { signal });
    const [read, behind] = [failure(waiting.next()), waiting.next()];
    bus.emitSync('a', 1);
    expect(await read).toBe('no error');
    expect(listeners()).toBe(1);
    abort('enough');
    expect(await failure(behind)).toBe('enough');
    expect(await failure(full.next())).toBe('enough');
    expect(await full.next()).toEqual({ done: true, value: undefined });
    expect([listeners(), bus.snapshot().listeners]).toEqual([0, 0]);
    expect(await failure(bus.iterate('a', { signal }).next())).toBe('enough');
  });

  it('is disposed of', async () => {
    const { bus } = busOf();
    {
      await using events = bus.iterate('a');
      bus.emitSync('a', 1);
      expect(events.waiting).toBe(1);
    }
    expect(bus.snapshot().listeners).toBe(0);
  });

  it.each<[object, RegExp]>([
    [{ limits: 1 }, /iterate: unknown option `limits`/],
    [{ limit: 0 }, /`limit` must be an integer >= 1, or Infinity, got 0/],
    [{ buffer: Infinity }, /`buffer` must be an integer >= 1, got Infinity/],
    [{ overflow: 'drop' }, /`overflow` must be 'error' or 'drop-oldest' or 'drop-newest', got "drop"/],
    [{ signal: 1 }, /`signal` must be an AbortSignal/],
  ])('refuses a mistake: %j', (options, message) => {
    expect(() => busOf().bus.iterate('a', options)).toThrow(message);
  });
});

describe('close', () => {
  it('waits for what runs, and then ends everything (BU9)', async () => {
    const { bus, clock } = busOf();
    const log: string[] = [];
    bus.on('a', async () => {
      await new Promise<void>(resolve => clock.schedule(100, resolve));
      log.push('listener ends');
    });
    const events = bus.iterate('b.c');
    const waits = failure(bus.once('b.c'));
    const emitted = bus.emit('a', 1);
    bus.emitSync('b.c', 'last');
    const waitsOn = failure(bus.once('b.c'));
    const closed = bus.close().then(() => log.push('closed'));
    expect(bus.close()).toBe(bus.close());
    expect(await failure(bus.emit('a', 2))).toMatchObject({
      code: 'ERR_BUS_CLOSED',
      message: 'shop: it is closed',
    });
    expect(() => bus.emitSync('a', 2)).toThrow(/it is closed/);
    expect(() => bus.on('a', () => {})).toThrow(/it is closed/);
    await settle();
    expect(log).toEqual([]);
    expect(bus.snapshot()).toMatchObject({ closed: true, running: 1 });
    await clock.runUntil(emitted);
    await closed;
    expect(log).toEqual(['listener ends', 'closed']);
    expect(await waits).toBe('no error');
    expect(await waitsOn).toMatchObject({ code: 'ERR_BUS_CLOSED' });
    expect((await events.next()).value).toEqual({ name: 'b.c', payload: 'last' });
    expect(await events.next()).toEqual({ done: true, value: undefined });
    expect(bus.snapshot().listeners).toBe(0);
  });

  it('lets the events that wait be told', async () => {
    const { bus } = busOf();
    const heard = vi.fn();
    let closed: Promise<void> | undefined;
    bus.on('a', () => {
      void bus.emit('b.c', 'x');
      closed = bus.close();
    });
    bus.on('b.c', heard);
    await bus.emit('a', 1);
    await closed;
    expect(heard).toHaveBeenCalledOnce();
  });

  it('is what disposing of a bus does', async () => {
    const { bus } = busOf();
    {
      await using held = bus;
      held.on('a', () => {});
    }
    expect(bus.snapshot()).toMatchObject({ closed: true, listeners: 0 });
  });
});
