import { describe, expect, it } from 'vitest';
import { Emitter } from '../../../src/kernel/events.js';
import type { Capabilities } from '../../../src/messaging/capabilities.js';
import { jsonCodec } from '../../../src/messaging/codec.js';
import { Consumer } from '../../../src/messaging/consumer.js';
import { type SubscriptionEvents, subscriptionEvents } from '../../../src/messaging/consumer-events.js';
import type { DriverSubscription, RawDelivery } from '../../../src/messaging/driver.js';
import { InMemoryBroker } from '../../../src/messaging/in-memory-broker.js';
import { MemoryDriver } from '../../../src/messaging/memory-driver.js';
import { Envelope } from '../../../src/messaging/own-record.js';
import { checkSubscribe, type SubscribeOptions } from '../../../src/messaging/subscribe-options.js';
import { settle } from '../../../src/testing/settle.js';
import { VirtualClock } from '../../../src/testing/virtual-clock.js';

/** What a driver can do and does that the one in memory never would. */
interface Odd {
  readonly capabilities?: Partial<Capabilities>;
  readonly request?: DriverSubscription['request'];
  readonly pause?: DriverSubscription['pause'];
  readonly ack?: RawDelivery['ack'];
  /** That of all deliveries. */
  readonly key?: string;
  /** For how many ms nobody else can have a delivery; extensions do not move that. */
  readonly leaseMs?: number;
}

/** A consumer whose deliveries are made by hand; `nackDelay: 'none'` keeps what is put off in the process. */
const scene = (options: SubscribeOptions, handle: (data: unknown) => unknown, odd: Odd = {}) => {
  const clock = new VirtualClock();
  const memory = new MemoryDriver(new InMemoryBroker({ clock }));
  const capabilities = { ...memory.capabilities, nackDelay: 'none' as const, ...odd.capabilities };
  const driver = Object.assign(Object.create(memory), { capabilities });
  const emitter = new Emitter<SubscriptionEvents>(subscriptionEvents);
  const consumer = new Consumer({
    driver,
    clock,
    envelope: new Envelope('test', 'ce-', jsonCodec(), false),
    rules: checkSubscribe(options, driver),
    read: (_topic, data) => data,
    handler: message => handle(message.data),
    emitter,
    reply: undefined,
  });
  let credit = 0;
  const end = async () => {};
  const request = (count: number): void => {
    credit += count;
  };
  const back: unknown[] = [];
  const buried: unknown[] = [];
  const deliver = (data: unknown, extended: 'done' | 'stale' = 'done', attempt = 1): void => {
    credit--;
    const body = new TextEncoder().encode(JSON.stringify(data));
    const raw: RawDelivery = {
      record: { topic: 't', key: odd.key, headers: {}, body },
      position: String(data),
      attempt,
      ...(odd.leaseMs !== undefined && { leasedUntil: clock.now() + odd.leaseMs }),
      ack: odd.ack ?? (() => 'done'),
      nack: async () => {
        back.push(data);
        return 'done';
      },
      extend: async () => extended,
      deadLetter: async () => {
        buried.push(data);
        return 'done';
      },
    };
    consumer.deliver(raw);
  };
  consumer.attach({ request: odd.request ?? request, pause: odd.pause ?? end, close: end });
  return { clock, consumer, deliver, emitter, back, buried, credit: () => credit };
};

/** A broker that takes its time to say that it knows of an end. */
function slowly() {
  const answers: (() => void)[] = [];
  const ack = (): Promise<'done'> => new Promise(resolve => answers.push(() => resolve('done')));
  return { answers, ack };
}

describe('a consumer whose time went by', () => {
  const late = (odd: Odd, order: 'none' | 'key' = 'none') => {
    const seen: unknown[] = [];
    const ends: (() => void)[] = [];
    const handle = (data: unknown): Promise<void> => {
      seen.push(data);
      return new Promise(resolve => ends.push(resolve));
    };
    const all = scene({ group: 'g', concurrency: 1, prefetch: 8, order }, handle, odd);
    return { ...all, seen, end: () => ends.shift()!() };
  };

  it('begins nothing that another one may have by now, and gives it back', async () => {
    const { clock, deliver, seen, end, back, consumer, credit } = late({ leaseMs: 1_000 });
    for (const n of [1, 2, 3]) deliver(n);
    await clock.advance(1_000);
    expect(seen).toEqual([1]);
    deliver(4);
    end();
    await settle();
    expect(seen).toEqual([1, 4]);
    expect(back).toEqual([2, 3]);
    end();
    await settle();
    expect(consumer.load).toMatchObject({ held: 0, running: 0 });
    expect(credit()).toBe(8);
  });

  it('begins what has a moment left', async () => {
    const { clock, deliver, seen, end, back } = late({ leaseMs: 1_000 });
    for (const n of [1, 2]) deliver(n);
    await clock.advance(999);
    end();
    await settle();
    expect([seen, back]).toEqual([[1, 2], []]);
  });

  it('gives back with it what stands behind it in its lane, which came later', async () => {
    const odd: Odd = { leaseMs: 1_000, key: 'a' };
    const { clock, deliver, seen, end, back, consumer } = late(odd, 'key');
    for (const n of [1, 2]) deliver(n);
    await clock.advance(500);
    deliver(3);
    await clock.advance(500);
    end();
    await settle();
    expect(seen).toEqual([1]);
    expect([...back].sort()).toEqual([2, 3]);
    expect(consumer.load.held).toBe(0);
  });

  it('goes by no time where the broker says by itself when one is lost', async () => {
    const { clock, deliver, seen, end } = late({});
    for (const n of [1, 2]) deliver(n);
    await clock.advance(3_600_000);
    end();
    await settle();
    expect(seen).toEqual([1, 2]);
  });
});

describe('a consumer whose broker is being told of an end', () => {
  it('begins the next handler meanwhile, and asks for no more than it holds', async () => {
    const { answers, ack } = slowly();
    const seen: unknown[] = [];
    const { consumer, deliver, credit } = scene(
      { group: 'g', concurrency: 1, prefetch: 4 },
      data => void seen.push(data),
      { ack },
    );
    for (const n of [1, 2, 3, 4]) deliver(n);
    await settle();
    expect(seen).toEqual([1, 2, 3, 4]);
    expect(consumer.load).toMatchObject({ held: 4, running: 0 });
    expect(credit()).toBe(0);
    for (const answer of answers) answer();
    await settle();
    expect(consumer.load.held).toBe(0);
    expect(credit()).toBe(4);
  });

  it('runs no more handlers at once for it', async () => {
    const { ack } = slowly();
    let [running, most] = [0, 0];
    const ends: (() => void)[] = [];
    const handle = async (): Promise<void> => {
      most = Math.max(most, ++running);
      await new Promise<void>(resolve => ends.push(resolve));
      running--;
    };
    const { deliver } = scene({ group: 'g', concurrency: 2, prefetch: 8 }, handle, { ack });
    for (const n of [1, 2, 3, 4, 5]) deliver(n);
    for (let n = 0; n < 5; n++) {
      await settle();
      ends.shift()?.();
    }
    await settle();
    expect([most, running]).toEqual([2, 0]);
  });

  it('lets what is behind it in its lane wait for that', async () => {
    const { answers, ack } = slowly();
    const seen: unknown[] = [];
    const { deliver } = scene({ group: 'g', order: 'key', concurrency: 4 }, data => void seen.push(data), {
      ack,
      key: 'k',
    });
    for (const n of [1, 2]) deliver(n);
    await settle();
    expect(seen).toEqual([1]);
    answers[0]!();
    await settle();
    expect(seen).toEqual([1, 2]);
  });

  it('drains when that is done: it is finished, and not given back', async () => {
    const { answers, ack } = slowly();
    const { consumer, deliver, back } = scene({ group: 'g' }, () => {}, { ack });
    deliver(1);
    await settle();
    let drained: unknown;
    void consumer.drain(1_000).then(end => {
      drained = end;
    });
    await settle();
    expect(drained).toBeUndefined();
    answers[0]!();
    await settle();
    expect(drained).toEqual({ finished: 1, released: 0 });
    expect(back).toEqual([]);
  });
});

describe('a consumer', () => {
  it('asks a driver again that throws in place of taking a request, less and less often', async () => {
    const asked: number[] = [];
    let fails = 3;
    const { clock, emitter } = scene({ group: 'g', prefetch: 8 }, () => {}, {
      request(count) {
        asked.push(count);
        if (fails-- > 0) throw new Error('not now');
      },
    });
    const lost: unknown[] = [];
    emitter.on('lost', ({ error }) => lost.push(String(error)));
    expect(asked).toEqual([8]);
    await clock.advance(99);
    expect(asked).toEqual([8]);
    await clock.advance(1 + 200 + 400);
    expect(asked).toEqual([8, 8, 8, 8]);
    expect(lost).toEqual(['Error: not now', 'Error: not now']);
    await clock.advance(60_000);
    expect(asked).toHaveLength(4);
  });

  it('handles what it has been handed, while its driver takes no request', async () => {
    const seen: unknown[] = [];
    let broken = false;
    const options = { group: 'g', concurrency: 1, prefetch: 2, order: 'key' } as const;
    const { clock, deliver, consumer } = scene(options, data => void seen.push(data), {
      request() {
        if (broken) throw new Error('not now');
      },
    });
    broken = true;
    for (const n of [1, 2, 3]) deliver(n);
    await settle();
    expect(seen).toEqual([1, 2, 3]);
    expect(consumer.load).toMatchObject({ held: 0, running: 0 });
    broken = false;
    await clock.advance(100);
    deliver(4);
    await settle();
    expect(seen).toEqual([1, 2, 3, 4]);
  });

  it('gives back what has not begun, and awaits what has, of a driver that cannot pause', async () => {
    let open = (): void => {};
    const gate = new Promise<void>(resolve => (open = resolve));
    const { deliver, consumer, back } = scene({ group: 'g', concurrency: 1, prefetch: 2 }, () => gate, {
      pause: () => Promise.reject(new Error('not now')),
    });
    deliver(1);
    deliver(2);
    const drained = consumer.drain(1_000);
    await settle();
    open();
    expect(await drained).toEqual({ finished: 1, released: 1 });
    expect(back).toEqual([2]);
  });

  it('buries unseen what came too often, where that was counted and not where it is a flag', async () => {
    const options = { group: 'g', failure: { immediate: 1, redeliver: [] } };
    for (const attempt of ['exact', 'flag'] as const) {
      const seen: unknown[] = [];
      const handle = (data: unknown) => void seen.push(data);
      const { deliver, buried } = scene(options, handle, { capabilities: { attempt } });
      deliver(1, 'done', 2);
      await settle();
      expect([attempt, seen, buried]).toEqual(attempt === 'exact' ? [attempt, [], [1]] : [attempt, [1], []]);
    }
  });

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
