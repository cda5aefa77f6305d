import { describe, expect, it } from 'vitest';
import { Emitter } from '../../../src/kernel/events.js';
import { jsonCodec } from '../../../src/messaging/codec.js';
import { Consumer } from '../../../src/messaging/consumer.js';
import { type SubscriptionEvents, subscriptionEvents } from '../../../src/messaging/consumer-events.js';
import type { RawDelivery } from '../../../src/messaging/driver.js';
import { InMemoryBroker } from '../../../src/messaging/in-memory-broker.js';
import { MemoryDriver } from '../../../src/messaging/memory-driver.js';
import { Envelope } from '../../../src/messaging/own-record.js';
import { checkSubscribe, type SubscribeOptions } from '../../../src/messaging/subscribe-options.js';
import { settle } from '../../../src/testing/settle.js';
import { VirtualClock } from '../../../src/testing/virtual-clock.js';

/** A consumer whose deliveries are made by hand; `nackDelay: 'none'` keeps what is put off in the process. */
const scene = (options: SubscribeOptions, handle: (data: unknown) => unknown) => {
  const clock = new VirtualClock();
  const memory = new MemoryDriver(new InMemoryBroker({ clock }));
  const capabilities = { ...memory.capabilities, nackDelay: 'none' as const };
  const driver = Object.assign(Object.create(memory), { capabilities });
  const consumer = new Consumer({
    driver,
    clock,
    envelope: new Envelope('test', 'ce-', jsonCodec(), false),
    rules: checkSubscribe(options, driver),
    read: (_topic, data) => data,
    handler: message => handle(message.data),
    emitter: new Emitter<SubscriptionEvents>(subscriptionEvents),
    reply: undefined,
  });
  let credit = 0;
  const end = async () => {};
  const request = (count: number): void => {
    credit += count;
  };
  consumer.attach({ request, pause: end, close: end });
  const deliver = (data: unknown, extended: 'done' | 'stale' = 'done'): void => {
    credit--;
    const body = new TextEncoder().encode(JSON.stringify(data));
    const raw: RawDelivery = {
      record: { topic: 't', key: undefined, headers: {}, body },
      position: String(data),
      attempt: 1,
      ack: () => 'done',
      nack: async () => 'done',
      extend: async () => extended,
    };
    consumer.deliver(raw);
  };
  return { clock, consumer, deliver, credit: () => credit };
};

describe('a consumer under attack', () => {
  it('does not begin what it has lost while it waited its turn', async () => {
    const seen: unknown[] = [];
    let open = (): void => {};
    const gate = new Promise<void>(resolve => (open = resolve));
    const options = { group: 'g', concurrency: 1, prefetch: 3, leaseMs: 300 };
    const { clock, consumer, deliver } = scene(options, data => {
      seen.push(data);
      return data === 1 ? gate : undefined;
    });
    deliver(1);
    deliver(2, 'stale');
    deliver(3);
    await clock.advance(100);
    open();
    await settle();
    expect(seen).toEqual([1, 3]);
    expect(consumer.load).toMatchObject({ held: 0, running: 0 });
  });

  it('asks for the little that there is room for where all else is put off', async () => {
    const failure = { immediate: 1, redeliver: [3_600_000] };
    const { deliver, credit, consumer } = scene(
      { group: 'g', concurrency: 4, prefetch: 8, failure },
      data => {
        if (data !== 'fine') throw new Error('later');
      },
    );
    for (let n = 0; n < 7; n++) {
      expect(credit()).toBeGreaterThan(0);
      deliver(n);
      await settle();
    }
    expect(consumer.load.held).toBe(7);
    expect(credit()).toBe(1);
    deliver('fine');
    await settle();
    expect(credit()).toBe(1);
  });

  it('counts once what is settled but not quiet when it is drained', async () => {
    let open = (): void => {};
    const gate = new Promise<void>(resolve => (open = resolve));
    const options = { group: 'g', timeoutMs: 100, failure: { immediate: 1, redeliver: [1_000] } };
    const { clock, consumer, deliver } = scene(options, () => gate);
    deliver(1);
    await clock.advance(100);
    const drained = consumer.drain(1_000);
    await settle();
    open();
    expect(await drained).toEqual({ finished: 0, released: 1 });
  });
});
