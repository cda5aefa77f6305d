import { describe, expectTypeOf, it } from 'vitest';
import type { StandardSchema } from '../../src/kernel/standard-schema.js';
import type { Capabilities } from '../../src/messaging/capabilities.js';
import { InMemoryBus } from '../../src/messaging/in-memory-bus.js';
import type { Message } from '../../src/messaging/message.js';
import type { MessageBus } from '../../src/messaging/message-bus.js';
import { topic } from '../../src/messaging/topic.js';

declare const schema: StandardSchema<{ at: string }, { at: Date }>;
const placed = topic('orders.placed', { schema });

/** A broker that can do next to nothing. */
interface Least extends Capabilities {
  readonly delayedPublish: 'none';
  readonly ttl: 'none';
  readonly priorities: 0;
  readonly order: 'none';
  readonly earliest: false;
  readonly wildcards: false;
}

declare const least: MessageBus<Least>;
declare const any: MessageBus;
const memory = new InMemoryBus();

describe('the types of a bus', () => {
  it('take what the schema takes, and hand out what it answers with', () => {
    void memory.publish(placed, { at: '2026-01-01' });
    // @ts-expect-error: that is what comes out
    void memory.publish(placed, { at: new Date() });
    memory.subscribe(placed, { group: 'g' }, message => {
      expectTypeOf(message).toEqualTypeOf<Message<{ at: Date }>>();
    });
    const plain = topic<{ n: number }>('plain', { key: ({ n }) => String(n) });
    memory.subscribe(plain, { group: null }, ({ data }) => expectTypeOf(data).toEqualTypeOf<{ n: number }>());
  });

  it('have the options that the broker can honour, and no others', () => {
    void memory.publish(placed, { at: '' }, { delayMs: 1, ttlMs: 1, priority: 1 });
    // @ts-expect-error: it cannot publish for later
    void least.publish(placed, { at: '' }, { delayMs: 1 });
    // @ts-expect-error: its messages have no end
    void least.publish(placed, { at: '' }, { ttlMs: 1 });
    // @ts-expect-error: it has no priorities
    void least.publish(placed, { at: '' }, { priority: 1 });
    // @ts-expect-error: it keeps no order
    least.subscribe(placed, { group: 'g', order: 'key' }, () => {});
    // @ts-expect-error: a new group gets nothing from before
    least.subscribe(placed, { group: 'g', start: 'earliest' }, () => {});
    // @ts-expect-error: it knows no patterns
    least.subscribe('orders.*', { group: 'g' }, () => {});
    // @ts-expect-error: competing or not has to be said
    memory.subscribe(placed, {}, () => {});
  });

  it('let a program be written for any broker', () => {
    const program = (bus: MessageBus): Promise<unknown> => bus.publish(placed, { at: '' });
    void program(memory);
    void program(least);
    void any.publish(placed, { at: '' }, { delayMs: 1 });
  });

  it('say what an answer is', () => {
    const quote = topic<{ sku: string }>('quotes.get');
    expectTypeOf(memory.request(quote, { sku: '' })).resolves.toEqualTypeOf<unknown>();
    expectTypeOf(memory.request(quote, { sku: '' }, { schema })).resolves.toEqualTypeOf<{ at: Date }>();
  });
});
