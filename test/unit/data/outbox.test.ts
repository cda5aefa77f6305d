import { describe, expect, it } from 'vitest';
import { Outbox } from '../../../src/data/outbox.js';
import { InMemoryOutboxStore } from '../../../src/data/outbox-memory.js';
import type { OutboxEvent } from '../../../src/data/outbox-message.js';
import { InvalidMessageError } from '../../../src/kernel/bus-errors.js';
import { topic } from '../../../src/messaging/topic.js';
import { placed, relayScene } from './relay-scene.js';

const events = (text: string) => topic<unknown>(text);

describe('an outbox', () => {
  it('answers with the id, its own or a new one, and counts what waits', async () => {
    const { outbox, store } = relayScene();
    const ids = await store.transaction(async tx => {
      const own = await outbox.publish(tx, { topic: placed, data: { id: 'a', n: 1 }, id: 'm-1' });
      const many = await outbox.publishAll(tx, [
        { topic: placed, data: { id: 'a', n: 2 } },
        { topic: placed, data: { id: 'b', n: 1 }, id: 'm-3' },
      ]);
      expect(await outbox.publishAll(tx, [])).toEqual([]);
      expect(store.size).toBe(0);
      return [own, ...many].map(({ id }) => id);
    });
    expect(ids).toEqual(['m-1', expect.stringMatching(/^[\da-f-]{36}$/), 'm-3']);
    expect(await outbox.lag()).toMatchObject({ messages: 3, parked: 0 });
    expect((await outbox.lag()).buckets).toHaveLength(2);
  });

  it('has nothing of a transaction that rolled back', async () => {
    const { outbox, store } = relayScene();
    const undone = store.transaction(async tx => {
      await outbox.publish(tx, { topic: placed, data: { id: 'a', n: 1 } });
      throw new Error('no funds');
    });
    await expect(undone).rejects.toThrow('no funds');
    expect(store.size).toBe(0);
  });

  const circle: { self?: unknown } = {};
  circle.self = circle;
  it.each<[string, Partial<OutboxEvent<unknown>> & Record<string, unknown>, RegExp]>([
    ['no JSON', { data: 1n }, /must be JSON data, got 1/],
    ['a circle', { data: circle }, /must be JSON data, got an object/],
    ['nothing', { data: undefined }, /must be JSON data, got undefined/],
    ['too much', { data: 'x'.repeat(99) }, /"t" has 101 bytes, `maxBodyBytes` is 100/],
    ['too many bytes in few characters', { data: '💶'.repeat(25) }, /has 102 bytes/],
    ['no topic', { topic: 't' as never }, /`topic` must be a topic, got "t"/],
    ['an empty key', { key: '' }, /`key` must be a text of 1 to 255 characters, got ""/],
    ['a long id', { id: 'x'.repeat(256) }, /`id` must be a text of 1 to 255/],
    ['a header that is no text', { headers: { a: 1 as never } }, /header `a` must be a text of at most 8192/],
    ['a header in capitals', { headers: { Ab: '' } }, /a header must be named a-z 0-9 -, got "Ab"/],
    ['headers in a list', { headers: [] as never }, /`headers` must be an object of at most 64 texts/],
    ['a cause that is none', { causedBy: 'm-1' as never }, /`causedBy` must be an object, got "m-1"/],
    ['a cause without an id', { causedBy: { id: '', correlationId: 'c' } }, /`causedBy.id` must be a text/],
    ['a trace of bigints', { trace: { traceId: 1n } as never }, /`trace` must be JSON data/],
    ['what nobody knows', { delayMs: 5 }, /an event has no `delayMs`; known are topic, data, id/],
  ])('refuses %s before it is written, and the transaction goes on', async (_, wrong, message) => {
    const store = new InMemoryOutboxStore();
    const outbox = new Outbox({ store, maxBodyBytes: 100 });
    await store.transaction(async tx => {
      const event = { topic: events('t'), data: {}, ...wrong };
      const refused = outbox.publish(tx, event as never);
      await expect(refused).rejects.toMatchObject({ code: 'ERR_OUTBOX_MESSAGE', rejected: true });
      await expect(refused).rejects.toThrow(message);
      const both = outbox.publishAll(tx, [{ topic: events('t'), data: {} }, event as never]);
      await expect(both).rejects.toThrow(message);
      await outbox.publish(tx, { topic: events('t'), data: 'well' });
    });
    expect(store.size).toBe(1);
    await store.transaction(async tx => {
      await expect(outbox.publish(tx, null as never)).rejects.toThrow('an event must be an object, got null');
    });
  });

  it('asks the topic, at once or later, and passes on what it says', async () => {
    const { outbox, store } = relayScene();
    for (const late of [false, true]) {
      const strict = {
        ...placed,
        name: 'strict',
        keyOf: () => 'k',
        check: () => {
          const error = new InvalidMessageError('strict: no');
          if (late) return Promise.reject(error);
          throw error;
        },
      } as unknown as typeof placed;
      await store.transaction(async tx => {
        const refused = outbox.publish(tx, { topic: strict, data: { id: 'a', n: 1 } });
        await expect(refused).rejects.toMatchObject({ code: 'ERR_INVALID_MESSAGE' });
      });
    }
    expect(store.size).toBe(0);
  });

  it('keeps in order what has a key, of whatever topic, and what has none beside it', async () => {
    const { outbox, store, relay, sent, clock } = relayScene();
    await store.transaction(async tx => {
      await outbox.publish(tx, { topic: events('one'), data: { id: 'x', n: 1 }, key: 'order-1' });
      await outbox.publish(tx, { topic: events('two'), data: { id: 'x', n: 2 }, key: 'order-1' });
      await outbox.publish(tx, { topic: events('three'), data: { id: 'x', n: 3 } });
    });
    const one = relay();
    await one.start();
    await clock.advance(10);
    expect(sent.map(({ topic: name, facts }) => `${name} ${facts.key}`).sort()).toEqual([
      'one order-1',
      'three undefined',
      'two order-1',
    ]);
    await one.close();
  });

  it('tells of what somebody decided', async () => {
    const { outbox, relay, publish, clock } = relayScene(() => {
      throw new TypeError('no');
    });
    const told: unknown[] = [];
    outbox.on('retried', ({ key }) => told.push(`retried ${key}`));
    outbox.on('discarded', ({ key, topic: name, reason, body }) => told.push([key, name, reason, body]));
    const one = relay();
    await one.start();
    await publish('a.1');
    await clock.advance(10);
    await outbox.retry('a');
    await clock.advance(10);
    await expect(outbox.discard('a', '')).rejects.toThrow('`reason` must be words, and not none, got ""');
    await outbox.discard('a', 'it was a test');
    expect(told).toEqual(['retried a', ['a', 'orders.placed', 'it was a test', '{"id":"a","n":1}']]);
    await one.close();
  });

  it('deletes keys that were parked for long, when it is told to', async () => {
    const { outbox, relay, publish, clock } = relayScene(() => {
      throw new TypeError('no');
    });
    const one = relay();
    await one.start();
    await publish('a.1', 'a.2', 'b.1');
    await clock.advance(10_000);
    expect(await outbox.purge(60_000)).toBe(0);
    expect(await outbox.purge(5_000, 1)).toBe(1);
    expect(await outbox.parked(10)).toHaveLength(1);
    await one.close();
  });

  it.each<[string, object, RegExp]>([
    ['no store', {}, /`store` must be an OutboxStore with add, got undefined/],
    ['no bytes', { store: new InMemoryOutboxStore(), maxBodyBytes: 0 }, /`maxBodyBytes` must be an integer/],
    ['no messages', { store: new InMemoryOutboxStore(), maxMessages: 0.5 }, /`maxMessages` must be/],
    ['a typo', { store: new InMemoryOutboxStore(), maxBytes: 1 }, /unknown option `maxBytes`/],
  ])('is not made with %s', (_, options, message) => {
    expect(() => new Outbox(options as never)).toThrow(message);
  });

  it('is bounded in what it takes at once, and in memory in all', async () => {
    const store = new InMemoryOutboxStore({ maxMessages: 2 });
    const outbox = new Outbox({ store, maxMessages: 2, name: 'mine' });
    const event = { topic: placed, data: { id: 'a', n: 1 } };
    await store.transaction(async tx => {
      await expect(outbox.publishAll(tx, [event, event, event])).rejects.toThrow(
        'mine: `events` must be an array of at most 2, got 3',
      );
      await outbox.publishAll(tx, [event, event]);
    });
    await store.transaction(async tx => {
      await expect(outbox.publish(tx, event)).rejects.toThrow('there is no room, `maxMessages` is 2');
    });
    await expect(outbox.publish({} as never, event)).rejects.toThrow('must be one in memory');
    expect(outbox.describe()).toEqual({
      kind: 'outbox',
      name: 'mine',
      maxBodyBytes: 262_144,
      maxMessages: 2,
    });
    expect(() => outbox.parked(0)).toThrow('`limit`');
    expect(() => outbox.purge(-1)).toThrow('`parkedMs`');
  });
});
