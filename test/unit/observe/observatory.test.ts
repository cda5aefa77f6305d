import { channel, subscribe, unsubscribe } from 'node:diagnostics_channel';
import { describe, expect, it, vi } from 'vitest';
import { Observatory } from '../../../src/observe/observatory.js';
import type { ObservedEvent } from '../../../src/observe/watching.js';
import { Bulkhead } from '../../../src/resilience/bulkhead.js';
import { CircuitBreaker } from '../../../src/resilience/circuit-breaker.js';
import { keyed } from '../../../src/resilience/keyed.js';
import { Timeout } from '../../../src/resilience/timeout.js';
import { VirtualClock } from '../../../src/testing/virtual-clock.js';

const noAnswer = () => new Promise<never>(() => {});

describe('what is watched', () => {
  it('has an id of its kind and name, and a number when there is one already', () => {
    const observatory = new Observatory({ service: 'shop' });
    observatory.watch(new Timeout({ timeoutMs: 10, name: 'pay' }));
    const unwatch = observatory.watch(new Timeout({ timeoutMs: 10, name: 'pay' }));
    observatory.watch(new Timeout({ timeoutMs: 10, name: 'pay' }));
    const ids = () => observatory.things().map(thing => thing.id);
    expect(ids()).toEqual(['timeout/pay', 'timeout/pay#2', 'timeout/pay#3']);
    unwatch();
    unwatch();
    expect(ids()).toEqual(['timeout/pay', 'timeout/pay#3']);
    observatory.watch(new Timeout({ timeoutMs: 10, name: 'pay' }));
    expect(ids()).toEqual(['timeout/pay', 'timeout/pay#3', 'timeout/pay#2']);
    expect(observatory.things()[0]).toMatchObject({ kind: 'timeout', name: 'pay', service: 'shop' });
  });

  it('says what it is and how it stands, as data', () => {
    const observatory = new Observatory();
    observatory.watch(new Bulkhead({ slots: 3 }));
    const [thing] = observatory.things();
    expect(thing!.describe()).toMatchObject({ kind: 'bulkhead', slots: 3 });
    expect(thing!.snapshot()).toMatchObject({ slots: 3, taken: 0 });
  });

  it('is told to be in error when it throws, and never throws itself', () => {
    const observatory = new Observatory();
    const fails = () => {
      throw new RangeError('no');
    };
    observatory.watch({ name: 'x', describe: fails, snapshot: fails }, { kind: 'mine' });
    observatory.watch({ name: 'y' }, { kind: 'mine' });
    const [x, y] = observatory.things();
    expect(x!.describe()).toEqual({ error: { name: 'RangeError', message: 'no' } });
    expect(x!.snapshot()).toEqual({ error: { name: 'RangeError', message: 'no' } });
    expect(y!.snapshot()).toEqual({ error: 'it has no snapshot()' });
  });

  it('goes by the name that its description or its snapshot tells when it has none', () => {
    const observatory = new Observatory();
    observatory.watch({ describe: () => ({ kind: 'service proxy', service: 'orders' }) });
    observatory.watch({ snapshot: () => ({ pattern: 'orders.*' }) }, { kind: 'subscription' });
    observatory.watch({ describe: () => ({ kind: 'thing' }) });
    const ids = observatory.things().map(thing => thing.id);
    expect(ids).toEqual(['service-proxy/orders', 'subscription/orders.*', 'thing/thing']);
  });

  it('keeps a name short', () => {
    const observatory = new Observatory();
    observatory.watch({ name: '<b>'.repeat(400_000) }, { kind: 'mine' });
    expect(observatory.things()[0]!.name).toHaveLength(201);
  });

  it('is refused over maxThings, and room is made by one that ends', () => {
    const observatory = new Observatory({ maxThings: 1 });
    const unwatch = observatory.watch({ name: 'a' }, { kind: 'mine' });
    const second = () => observatory.watch({ name: 'b' }, { kind: 'mine' });
    expect(second).toThrow('Observatory: `maxThings` is 1, and so many are watched already');
    unwatch();
    second();
  });
});

describe('what cannot be watched', () => {
  const observatory = new Observatory();

  it.each([
    [null, {}, '`thing` must be an object, got null'],
    [{ name: 'x' }, {}, '`kind` must be given, for nothing tells it of this thing, got undefined'],
    [{ name: 'x' }, { kind: 'a b' }, '`kind` must be letters, digits and hyphens, at most 100, got "a b"'],
    [{ name: 'x' }, { kind: 'a', name: '' }, '`name` must be a text that is not empty, got ""'],
    [{ name: 'x' }, { kind: 'a', what: 1 }, 'unknown option `what`; known are kind, name, events, maxParts'],
    [{ name: 'x' }, { kind: 'a', maxParts: 0.5 }, '`maxParts` must be an integer >= 0 <= 1000000, got 0.5'],
    [{ name: 'x' }, { kind: 'a', events: ['b'] }, '`events` must be left out, for the thing has no `on`'],
    [
      new Timeout({ timeoutMs: 1 }),
      { events: ['timedOut', 'nothing'] },
      'on: unknown event "nothing"; known are timedOut, updated',
    ],
    [{ on: () => () => {} }, { kind: 'a', events: ['b\n'] }, '`events` must be names of letters, digits'],
    [{ on: () => () => {} }, { kind: 'a', events: 'all' }, '`events` must be a list of at most 100 names'],
  ] as const)('%o with %o is refused', (thing, options, message) => {
    expect(() => observatory.watch(thing as never, options as never)).toThrow(message);
    expect(observatory.things()).toEqual([]);
  });

  it.each([
    [{ service: '' }, '`service` must be a name, got ""'],
    [{ maxThings: 0 }, '`maxThings` must be an integer >= 1, got 0'],
    [{ channelCheckMs: 0 }, '`channelCheckMs` must be a number >= 1, or Infinity, got 0'],
    [{ maxParts: -1 }, '`maxParts` must be an integer >= 0 <= 1000000, got -1'],
    [{ clocks: 0 }, 'unknown option `clocks`'],
  ])('an observatory of %o is none', (options, message) => {
    expect(() => new Observatory(options as never)).toThrow(message);
  });
});

describe('events', () => {
  it('are heard of all things, with a number and a copy', async () => {
    const clock = new VirtualClock();
    const observatory = new Observatory({ service: 'shop', clock });
    const breaker = new CircuitBreaker({ name: 'pay', clock });
    observatory.watch(breaker);
    const heard: ObservedEvent[] = [];
    const off = observatory.onEvent(event => heard.push(event));
    breaker.isolate();
    const late = new CircuitBreaker({ name: 'late', clock });
    observatory.watch(late);
    late.isolate();
    off();
    off();
    late.reset();
    expect(heard).toMatchObject([
      { seq: 1, at: clock.wall(), service: 'shop', id: 'circuit-breaker/pay', event: 'isolated' },
      { seq: 2, kind: 'circuit-breaker', name: 'late', event: 'isolated', payload: { policy: 'late' } },
    ]);
  });

  it('cost a thing nothing while nobody wants to know', async () => {
    const on = vi.fn(() => () => {});
    const observatory = new Observatory();
    observatory.watch({ on }, { kind: 'timeout' });
    expect(on).not.toHaveBeenCalled();
    const off = observatory.onEvent(() => {});
    expect(on.mock.calls.map(([event]: unknown[]) => event)).toEqual(['timedOut', 'updated']);
    off();
  });

  it('that a listener fails at are reported, and the thing and other listeners do not feel it', () => {
    const reported = vi.spyOn(console, 'error').mockImplementation(() => {});
    const observatory = new Observatory();
    const breaker = new CircuitBreaker();
    observatory.watch(breaker);
    observatory.onEvent(() => {
      throw new Error('mine');
    });
    let heard = 0;
    observatory.onEvent(() => heard++);
    breaker.isolate();
    expect(heard).toBe(1);
    expect(reported).toHaveBeenCalledTimes(1);
    reported.mockRestore();
  });

  it('of a thing that is watched no more are not heard', () => {
    const observatory = new Observatory();
    const breaker = new CircuitBreaker();
    const unwatch = observatory.watch(breaker);
    let heard = 0;
    observatory.onEvent(() => heard++);
    unwatch();
    breaker.isolate();
    expect(heard).toBe(0);
  });

  it('are counted on demand', () => {
    const observatory = new Observatory();
    const breaker = new CircuitBreaker();
    observatory.watch(breaker);
    breaker.isolate();
    const stop = observatory.countEvents();
    breaker.reset();
    breaker.isolate();
    breaker.reset();
    stop();
    stop();
    breaker.isolate();
    const counts = observatory.eventCounts().filter(({ count }) => count > 0);
    expect(counts).toMatchObject([
      { event: 'closed', count: 2 },
      { event: 'isolated', count: 1 },
    ]);
  });

  it('of a policy per key carry what it says of itself', async () => {
    const observatory = new Observatory();
    const many = keyed(key => new Timeout({ timeoutMs: 10, name: key }), { name: 'hosts', maxKeys: 2 });
    observatory.watch(many);
    const heard: ObservedEvent[] = [];
    observatory.onEvent(event => heard.push(event));
    many.get('a');
    expect(heard).toMatchObject([
      { event: 'made', payload: { key: 'a', instance: { kind: 'timeout', name: 'a' } } },
    ]);
    expect(heard[0]!.payload).not.toHaveProperty('instance.clock');
  });
});

describe('channels', () => {
  it('are published to as soon as a subscriber is noticed, and no longer', async () => {
    const clock = new VirtualClock();
    using observatory = new Observatory({ clock });
    const timeout = new Timeout({ timeoutMs: 5, name: 'pay', clock });
    observatory.watch(timeout);
    const heard: unknown[] = [];
    const hear = (message: unknown) => heard.push(message);
    subscribe('keelson:timeout:timedOut', hear);
    const runOut = async () => {
      const call = timeout.execute(noAnswer).catch(() => {});
      await clock.advance(5);
      await call;
    };
    await runOut();
    expect(heard).toEqual([]);
    await clock.advance(1000);
    await runOut();
    expect(heard).toMatchObject([{ id: 'timeout/pay', event: 'timedOut', payload: { timeoutMs: 5 } }]);
    unsubscribe('keelson:timeout:timedOut', hear);
    await runOut();
    expect(heard).toHaveLength(1);
    expect(observatory.eventCounts().find(({ event }) => event === 'timedOut')!.count).toBe(2);
    await clock.advance(1000);
    await runOut();
    expect(observatory.eventCounts().find(({ event }) => event === 'timedOut')!.count).toBe(2);
  });

  it('that have a subscriber already are published to at once', () => {
    const heard: unknown[] = [];
    const hear = (message: unknown) => heard.push(message);
    subscribe('keelson:circuit-breaker:isolated', hear);
    const observatory = new Observatory({ channelCheckMs: Infinity });
    const breaker = new CircuitBreaker();
    observatory.watch(breaker);
    breaker.isolate();
    unsubscribe('keelson:circuit-breaker:isolated', hear);
    expect(heard).toHaveLength(1);
    expect(channel('keelson:circuit-breaker:isolated').hasSubscribers).toBe(false);
  });

  it('are not looked at when there is nothing to watch, or the observatory is gone', () => {
    const clock = new VirtualClock();
    const observatory = new Observatory({ clock });
    const unwatch = observatory.watch({ name: 'a' }, { kind: 'mine' });
    expect(clock.timers).toBe(1);
    unwatch();
    expect(clock.timers).toBe(0);
    observatory.watch({ name: 'a' }, { kind: 'mine' });
    observatory[Symbol.dispose]();
    expect(clock.timers).toBe(0);
    expect(observatory.things()).toEqual([]);
    const again = () => observatory.watch({ name: 'a' }, { kind: 'mine' });
    expect(again).toThrow('Observatory: is disposed of and watches nothing any more');
  });
});
