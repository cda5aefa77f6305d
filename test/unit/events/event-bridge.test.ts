import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { EventBridge } from '../../../src/events/event-bridge.js';
import { EventBus } from '../../../src/events/event-bus.js';
import { defineEvents } from '../../../src/events/event-registry.js';
import { InMemoryBroker } from '../../../src/messaging/in-memory-broker.js';
import { InMemoryBus } from '../../../src/messaging/in-memory-bus.js';
import { VirtualClock } from '../../../src/testing/virtual-clock.js';

const Old = z.object({ id: z.string() });
const Order = z.object({ id: z.string(), currency: z.string() });
const Paid = z.object({ id: z.string(), at: z.string().transform(text => text.length) });

const registry = defineEvents(
  { 'order.placed': { 1: Old, 2: Order }, 'order.paid': { 1: Paid }, 'order.sent': { 1: Old } },
  { upcast: { 'order.placed': { 1: old => ({ ...old, currency: 'EUR' }) } } },
);

const service = () => new EventBus({ registry });

describe('EventBridge', () => {
  it('carries an event from one service to the listeners of another', async () => {
    const broker = new InMemoryBroker();
    await using shop = new InMemoryBus({ broker });
    await using billing = new InMemoryBus({ broker });
    const [here, there] = [service(), service()];
    const keys = { 'order.placed': (order: { id: string }) => order.id };
    await using _ = new EventBridge({
      events: here,
      messages: shop,
      registry,
      publish: ['order.placed'],
      keys,
    });
    await using into = new EventBridge({
      ...{ events: there, messages: billing, registry },
      receive: ['order.placed'],
      subscribe: { group: 'billing' },
    });
    await into.ready;
    const seen: unknown[] = [];
    there.on('order.placed', order => seen.push(order));
    const wire: unknown[] = [];
    await shop.subscribe('order.>', { group: 'wire' }, ({ key, version }) => wire.push([key, version])).ready;
    await here.emit('order.placed', { id: 'o-1', currency: 'EUR' });
    await expect.poll(() => seen).toEqual([{ id: 'o-1', currency: 'EUR' }]);
    await expect.poll(() => wire).toEqual([['o-1', 2]]);
  });

  it('publishes what was emitted, and not what a schema has made of it', async () => {
    const broker = new InMemoryBroker();
    await using messages = new InMemoryBus({ broker });
    const [here, there] = [service(), service()];
    const keys = { 'order.paid': (paid: { at: string }) => paid.at.toUpperCase() };
    const publish = ['order.paid'] as const;
    await using _ = new EventBridge({ events: here, messages, registry, publish, keys });
    await using into = new EventBridge({
      ...{ events: there, messages, registry, receive: ['order.paid'] as const },
      subscribe: { group: 'g' },
    });
    await into.ready;
    const seen: unknown[] = [];
    for (const events of [here, there]) events.on('order.paid', ({ at }) => seen.push(at));
    const wire: unknown[] = [];
    await messages.subscribe('order.paid', { group: 'w' }, ({ key, data }) => wire.push(key, data)).ready;
    await here.emit('order.paid', { id: 'o-1', at: 'noon' });
    await expect.poll(() => seen).toEqual([4, 4]);
    await expect.poll(() => wire).toEqual(['NOON', { id: 'o-1', at: 'noon' }]);
  });

  it('tells listeners of what was emitted, also under a policy and a time', async () => {
    const events = service();
    const seen: unknown[] = [];
    const note = (_: unknown, { emitted }: { emitted: unknown }) => void seen.push(emitted);
    events.on('order.paid', note);
    events.on('order.paid', note, { timeoutMs: 1_000 });
    const policy = { execute: (run: (context: never) => unknown) => run({} as never) } as never;
    events.on('order.paid', note, { policy });
    const paid = { id: 'o-1', at: 'noon' };
    await events.emit('order.paid', paid);
    expect(seen).toEqual([paid, paid, paid]);
  });

  it('judges what it receives once, with a registry or without', async () => {
    for (const events of [service(), new EventBus()] as EventBus[]) {
      await using messages = new InMemoryBus();
      await using bridge = new EventBridge({
        ...{ events: events as never, messages, registry: registry as never },
        ...({ receive: ['order.paid'], subscribe: { group: 'g' } } as object),
      });
      await bridge.ready;
      const seen: unknown[] = [];
      events.on('order.paid', paid => seen.push(paid));
      await messages.publish(registry.topic('order.paid'), { id: 'o-1', at: 'noon' });
      await expect.poll(() => seen).toEqual([{ id: 'o-1', at: 4 }]);
    }
  });

  it('brings up what comes in an old version', async () => {
    const broker = new InMemoryBroker();
    await using messages = new InMemoryBus({ broker });
    const events = service();
    await using bridge = new EventBridge({
      ...{ events, messages, registry, receive: ['order.placed'] },
      subscribe: { group: 'g' },
    });
    await bridge.ready;
    const seen: unknown[] = [];
    events.on('order.placed', order => seen.push(order));
    const old = defineEvents({ 'order.placed': { 1: Old } });
    await messages.publish(old.topic('order.placed'), { id: 'o-1' });
    await expect.poll(() => seen).toEqual([{ id: 'o-1', currency: 'EUR' }]);
  });

  it('makes a failed listener a failure of the message', async () => {
    const clock = new VirtualClock();
    await using messages = new InMemoryBus({ clock });
    const events = service();
    await using bridge = new EventBridge({
      ...{ events, messages, registry, receive: ['order.sent'] },
      subscribe: { group: 'g', failure: { redeliver: [1_000] } },
    });
    await clock.advance(1);
    await bridge.ready;
    let runs = 0;
    events.on('order.sent', () => {
      if (++runs === 1) throw new Error('not now');
    });
    await messages.publish(registry.topic('order.sent'), { id: 'o-1' });
    await clock.advance(999);
    expect(runs).toBe(1);
    await clock.advance(2);
    expect(runs).toBe(2);
  });

  it('rejects the emit of what could not be published', async () => {
    const messages = new InMemoryBus();
    const events = service();
    await using _ = new EventBridge({ events, messages, registry, publish: ['order.sent'] });
    await messages.close();
    await expect(events.emit('order.sent', { id: 'o-1' })).rejects.toMatchObject({
      code: 'ERR_LISTENERS_FAILED',
      errors: [expect.objectContaining({ code: 'ERR_BUS_CLOSED' })],
    });
  });

  it('lets nothing cross after close, and leaves both buses open', async () => {
    await using messages = new InMemoryBus();
    const events = service();
    const bridge = new EventBridge({
      ...{ events, messages, registry, publish: ['order.sent'], receive: ['order.placed'] },
      subscribe: { group: 'g' },
    } as never);
    await bridge.ready;
    await bridge.close();
    expect(messages.snapshot()).toMatchObject({ closed: false, subscriptions: [] });
    const sent: unknown[] = [];
    messages.on('published', event => sent.push(event));
    await events.emit('order.sent', { id: 'o-1' });
    expect(sent).toEqual([]);
  });

  const whole = { events: service(), messages: new InMemoryBus(), registry };
  it.each([
    [{ events: {} }, 'EventBridge: `events` must be an EventBus'],
    [{ messages: {} }, '`messages` must be a MessageBus'],
    [{ registry: {} }, '`registry` must be an EventRegistry'],
    [{ publish: 'order.sent' }, '`publish` must be an array of names of events, got "order.sent"'],
    [{ publish: ['order.lost'] }, '`publish` must be events of the registry, got "order.lost"'],
    [{ publish: ['order.sent', 'order.sent'] }, '`publish` must be events without repeats, got "order.sent"'],
    [
      { publish: ['order.sent'], receive: ['order.sent'], subscribe: {} },
      '`receive` must be events that are not in `publish`, got "order.sent"',
    ],
    [{ receive: ['order.sent'] }, '`subscribe` must be the options of the subscriptions, for `receive`'],
    [{ keys: { 'order.sent': () => 'x' } }, '`keys` must be about events in `publish`, got "order.sent"'],
    [
      { publish: ['order.sent'], keys: { 'order.sent': 'id' } },
      '`keys.order.sent` must be a function, got "id"',
    ],
    [{ topics: [] }, 'unknown option `topics`'],
  ])('refuses %o', (options, message) => {
    expect(() => new EventBridge({ ...whole, ...options } as never)).toThrow(message);
  });
});

describe('an event as a topic', () => {
  it('knows its versions, its key and what is wrong', async () => {
    const topic = registry.topic('order.placed', { key: order => order.id });
    expect(topic.describe()).toEqual({ topic: 'order.placed', version: 2, oldest: 1 });
    expect(topic.keyOf({ id: 'o-1', currency: 'EUR' })).toBe('o-1');
    expect(registry.topic('order.sent').keyOf({ id: 'o-1' })).toBeUndefined();
    expect(topic.check({ id: 'o-1', currency: 'EUR' })).toBeUndefined();
    expect(() => topic.check({ id: 'o-1' } as never)).toThrow(/currency/);
    expect(await topic.read({ id: 'o-1' }, 1)).toEqual({ id: 'o-1', currency: 'EUR' });
    await expect(topic.read({ id: 'o-1' }, 3)).rejects.toMatchObject({ code: 'ERR_INVALID_EVENT' });
    expect(() => registry.topic('order.placed', { key: (() => 7) as never }).keyOf({} as never)).toThrow(
      '`key` must be a function to a string, got 7',
    );
    expect(() => registry.topic('order.placed', { key: 'id' } as never)).toThrow('`key` must be a function');
    expect(() => registry.topic('order.lost' as never)).toThrow('no such event is defined');
  });

  it('is checked later by a schema that takes its time', async () => {
    const slow = z.object({ id: z.string().refine(async id => id !== 'bad', 'bad') });
    const events = defineEvents({ slow: { 1: slow } });
    await expect(events.topic('slow').check({ id: 'good' })).resolves.toBeUndefined();
    await expect(events.topic('slow').check({ id: 'bad' })).rejects.toMatchObject({
      code: 'ERR_INVALID_EVENT',
    });
  });
});
