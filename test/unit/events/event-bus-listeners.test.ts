import { describe, expect, it, vi } from 'vitest';
import { EventBus } from '../../../src/events/event-bus.js';
import type { EventBusOptions } from '../../../src/events/event-bus-options.js';
import { Retry } from '../../../src/resilience/retry.js';
import { countingSignal } from '../../../src/testing/counting-signal.js';
import { settle } from '../../../src/testing/settle.js';
import { VirtualClock } from '../../../src/testing/virtual-clock.js';

interface Events {
  'order.placed': { id: string };
  'order.paid': { id: string };
  tick: undefined;
}

const busOf = (options: EventBusOptions<Events> = {}) => new EventBus<Events>(options);
const order = { id: 'o-1' };

describe('a listener', () => {
  it('has its time for what it does asynchronously, and a signal that says when it is up', async () => {
    const clock = new VirtualClock();
    const bus = busOf({ clock });
    let signal: AbortSignal | undefined;
    bus.on(
      'tick',
      (_, info) => {
        signal = info.signal;
        return new Promise(() => {});
      },
      { timeoutMs: 100 },
    );
    const emitted = bus.emit('tick').catch((error: unknown) => error);
    await clock.advance(99);
    expect(signal?.aborted).toBe(false);
    await clock.advance(1);
    const { errors } = (await emitted) as { errors: unknown[] };
    expect(errors).toEqual([expect.objectContaining({ code: 'ERR_TIMEOUT', timeoutMs: 100 })]);
    expect(signal?.reason).toBe(errors[0]);
  });

  it('leaves no timer behind when it is in time, well or not', async () => {
    const clock = new VirtualClock();
    const bus = busOf({ clock });
    bus.on('tick', async () => {}, { timeoutMs: 100 });
    bus.on('tick', () => {}, { timeoutMs: 100 });
    await bus.emit('tick');
    await settle();
    expect(clock.timers).toBe(0);
    bus.on('tick', () => Promise.reject(new Error('early')), { timeoutMs: 100 });
    await expect(bus.emit('tick')).rejects.toMatchObject({ errors: [{ message: 'early' }] });
    await settle();
    expect(clock.timers).toBe(0);
  });

  it('runs under its policy', async () => {
    const clock = new VirtualClock();
    const bus = busOf({ clock });
    const seen: unknown[] = [];
    bus.on(
      'order.placed',
      ({ id }, { name, attempt }) => {
        seen.push([id, name, attempt]);
        if (attempt < 3) throw new Error('again');
      },
      { policy: new Retry({ attempts: 3, backoff: { kind: 'constant', delayMs: 10 }, clock }) },
    );
    await clock.runUntil(bus.emit('order.placed', order));
    expect(seen).toEqual([1, 2, 3].map(attempt => ['o-1', 'order.placed', attempt]));
  });

  it('has its time around its policy, whose signal then aborts', async () => {
    const clock = new VirtualClock();
    const bus = busOf({ clock });
    let signal: AbortSignal | undefined;
    const policy = new Retry({ attempts: 9, backoff: { kind: 'constant', delayMs: 40 }, clock });
    bus.on(
      'tick',
      (_, info) => {
        signal = info.signal;
        throw new Error('again');
      },
      { policy, timeoutMs: 100 },
    );
    await expect(clock.runUntil(bus.emit('tick'))).rejects.toMatchObject({
      errors: [{ code: 'ERR_TIMEOUT' }],
    });
    await settle();
    expect(signal?.aborted).toBe(true);
    expect(clock.timers).toBe(0);
  });

  it('may look at its signal and attempt without either', async () => {
    const bus = busOf();
    const seen: unknown[] = [];
    bus.on('tick', (_, { signal, attempt }) => seen.push(signal.aborted, attempt));
    bus.on('tick', (_, { attempt }) => seen.push(attempt), { timeoutMs: 5 });
    await bus.emit('tick');
    expect(seen).toEqual([false, 1, 1]);
  });

  it('hears one event only, when told so, even where it emits that event itself', async () => {
    const bus = busOf();
    const heard = vi.fn(() => void bus.emit('tick'));
    bus.on('tick', heard, { once: true });
    await bus.emit('tick');
    await bus.emit('tick');
    expect(heard).toHaveBeenCalledOnce();
    expect(bus.snapshot().listeners).toBe(0);
  });

  it('is taken off by a signal, which bears one listener for all and none when they are gone', () => {
    const bus = busOf();
    const { signal, listeners, abort } = countingSignal();
    const heard = vi.fn();
    const offs = Array.from({ length: 1000 }, () => bus.on('tick', heard, { signal }));
    expect(listeners()).toBe(1);
    for (const off of offs.slice(1)) off();
    expect([listeners(), bus.snapshot().listeners]).toEqual([1, 1]);
    abort();
    bus.emitSync('tick');
    expect([heard.mock.calls.length, bus.snapshot().listeners]).toEqual([0, 0]);
    bus.on('tick', heard, { signal });
    bus.emitSync('tick');
    expect([heard.mock.calls.length, bus.snapshot().listeners]).toEqual([0, 0]);
    const other = countingSignal();
    bus.on('tick', heard, { signal: other.signal })();
    expect(other.listeners()).toBe(0);
  });

  it('is refused when there are as many as there may be', async () => {
    const bus = busOf({ maxListeners: 2 });
    const off = bus.on('tick', () => {});
    bus.on('>', () => {});
    expect(() => bus.on('tick', () => {})).toThrow(
      expect.objectContaining({ code: 'ERR_EVENT_OVERFLOW', name: 'EventOverflowError' }),
    );
    await expect(bus.once('tick')).rejects.toMatchObject({ code: 'ERR_EVENT_OVERFLOW' });
    expect(() => bus.iterate('tick')).toThrow(/`maxListeners` is 2/);
    off();
    expect(() => bus.on('tick', () => {})).not.toThrow();
  });
});

describe('what is told of a bus', () => {
  it('says how it was made, with its defaults', () => {
    expect(busOf({ name: 'shop', concurrency: 3 }).describe()).toEqual({
      kind: 'event-bus',
      name: 'shop',
      mode: 'parallel',
      concurrency: 3,
      maxListeners: 10_000,
      maxQueued: 100_000,
      maxDepth: 1_000_000,
      events: null,
    });
    expect(busOf().describe()).toMatchObject({ name: 'event-bus', concurrency: null });
    expect(JSON.parse(JSON.stringify(busOf().describe()))).toEqual(busOf().describe());
  });

  it('counts who listens by pattern', () => {
    const bus = new EventBus();
    bus.on('a', () => {});
    bus.on('a', () => {});
    bus.on('__proto__.*', () => {});
    const { patterns, listeners } = bus.snapshot();
    expect(Object.entries(patterns)).toEqual([
      ['a', 2],
      ['__proto__.*', 1],
    ]);
    expect(listeners).toBe(3);
  });
});

describe('mistakes', () => {
  it.each<[unknown, RegExp]>([
    [5, /`options` must be an object/],
    [{ mod: 'series' }, /unknown option `mod`; known are registry, mode/],
    [{ mode: 'serial' }, /`mode` must be 'parallel' or 'series', got "serial"/],
    [{ concurrency: 0 }, /`concurrency` must be an integer >= 1, or Infinity, got 0/],
    [{ concurrency: 2, mode: 'series' }, /`concurrency` must be left out where `mode` is 'series'/],
    [{ maxListeners: Infinity }, /`maxListeners` must be an integer >= 1, got Infinity/],
    [{ maxQueued: 1.5 }, /`maxQueued` must be an integer >= 1, got 1.5/],
    [{ maxDepth: '9' }, /`maxDepth` must be an integer >= 1, got "9"/],
    [{ registry: {} }, /`registry` must be an EventRegistry, got an object/],
    [{ registry: null }, /`registry` must be an EventRegistry, got null/],
  ])('in the options %j are refused', (options, message) => {
    expect(() => new EventBus(options as object)).toThrow(message);
  });

  it.each<[unknown, unknown, unknown, RegExp]>([
    ['a..b', () => {}, {}, /on: `pattern` must be dot separated tokens .*, got "a..b"/],
    [5, () => {}, {}, /`pattern` must be a string/],
    ['a', undefined, {}, /`listener` must be a function, got undefined/],
    ['a', () => {}, { onse: true }, /unknown option `onse`/],
    ['a', () => {}, { once: 1 }, /`once` must be true or false, got 1/],
    ['a', () => {}, { signal: {} }, /`signal` must be an AbortSignal/],
    ['a', () => {}, { signal: null }, /`signal` must be an AbortSignal/],
    ['a', () => {}, { timeoutMs: 0 }, /`timeoutMs` must be a number > 0, or Infinity, got 0/],
    ['a', () => {}, { policy: {} }, /`policy` must be a policy, got an object/],
    ['a', () => {}, { policy: null }, /`policy` must be a policy, got null/],
  ])('in on(%j, %s, %j) are refused', (pattern, listener, options, message) => {
    const bus = new EventBus();
    expect(() => bus.on(pattern as 'a', listener as () => void, options as object)).toThrow(message);
    expect(bus.snapshot().listeners).toBe(0);
  });

  it.each(['', 'a.*', '>', 'a b'])('in the name %j reject', async name => {
    const bus = new EventBus();
    await expect(bus.emit(name)).rejects.toThrow(/emit: `name` must be dot separated tokens/);
    expect(() => bus.emitSync(name)).toThrow(TypeError);
  });
});
