import { describe, expect, it } from 'vitest';
import { InMemoryBroker } from '../../../src/messaging/in-memory-broker.js';
import { InMemoryBus } from '../../../src/messaging/in-memory-bus.js';
import { topic } from '../../../src/messaging/topic.js';
import type { Retry } from '../../../src/resilience/retry.js';
import { settle } from '../../../src/testing/settle.js';
import { VirtualClock } from '../../../src/testing/virtual-clock.js';

const orders = topic<unknown>('orders');

/** Its time goes on while a handler keeps the turn, and no timer fires meanwhile. */
class HeldUpClock extends VirtualClock {
  heldUpMs = 0;

  override now(): number {
    return super.now() + this.heldUpMs;
  }
}

describe('a bus in memory', () => {
  it('hands out copies where they are asked for, whatever the publisher is content with', async () => {
    const broker = new InMemoryBroker();
    await using publisher = new InMemoryBus({ broker, passByReference: true });
    await using consumer = new InMemoryBus({ broker });
    const got: unknown[] = [];
    const copies = consumer.subscribe(orders, { group: 'copies' }, ({ data }) => void got.push(data));
    const same = publisher.subscribe(orders, { group: 'same' }, ({ data }) => void got.push(data));
    await Promise.all([copies.ready, same.ready]);
    const sent = { n: 1 };
    await publisher.publish(orders, sent);
    await settle();
    expect(got).toEqual([sent, sent]);
    expect(got.filter(each => each === sent)).toHaveLength(1);
    // What has no copy cannot be handed out as one; the other group gets it.
    await publisher.publish(orders, 10n);
    await settle();
    expect(got.slice(2)).toEqual([10n]);
    expect(await consumer.deadLetters(orders, 'copies').list()).toMatchObject([
      { reason: 'undecodable', data: undefined },
    ]);
  });

  it('lets others have the turn while handlers that answer at once go through a backlog', async () => {
    await using bus = new InMemoryBus({ passByReference: true });
    let handled = 0;
    const sub = bus.subscribe(orders, { group: 'g', concurrency: 1 }, () => {
      const from = performance.now();
      while (performance.now() - from < 0.5);
      handled++;
    });
    await sub.ready;
    sub.pause();
    await bus.publishAll(orders, Array.from({ length: 400 }));
    let turns = 0;
    sub.resume();
    while (handled < 400) {
      await new Promise(resolve => setImmediate(resolve));
      turns++;
    }
    // 200 ms of handlers.
    expect(turns).toBeGreaterThan(5);
  });

  it('knows a record again that its publish policy sends twice', async () => {
    const twice = {
      execute: async (operation: (context: never) => unknown) => {
        await operation(undefined as never);
        return operation(undefined as never);
      },
    };
    await using bus = new InMemoryBus({ publishPolicy: twice as unknown as Retry });
    const seen: unknown[] = [];
    await bus.subscribe(orders, { group: 'g' }, ({ data }) => void seen.push(data)).ready;
    const { duplicate } = await bus.publish(orders, 1);
    await settle();
    expect(seen).toEqual([1]);
    expect(duplicate).toBe(true);
  });

  it('lists and discards a dead letter whose data no codec can write, and those beside it', async () => {
    await using bus = new InMemoryBus({ passByReference: true });
    const fails = () => {
      throw new Error('no');
    };
    const failure = { immediate: 1, redeliver: [] };
    await bus.subscribe(orders, { group: 'g', failure }, fails).ready;
    await bus.publish(orders, 10n);
    await bus.publish(orders, 'fine');
    await settle();
    const letters = bus.deadLetters(orders, 'g');
    const [unwritten, fine] = await letters.list();
    expect([unwritten!.data, fine!.data]).toEqual([undefined, 'fine']);
    expect(() => unwritten!.body).toThrow(/cannot be written/);
    await expect(unwritten!.replay()).rejects.toMatchObject({ code: 'ERR_INVALID_MESSAGE' });
    expect(await unwritten!.discard()).toBe(true);
    await fine!.replay();
  });

  it('leases from when a message is handed out, and not from when the ones before it were', async () => {
    const clock = new HeldUpClock();
    const broker = new InMemoryBroker({ clock });
    await using bus = new InMemoryBus({ broker });
    const runs: unknown[] = [];
    let open = (): void => {};
    const gate = new Promise<void>(resolve => (open = resolve));
    const options = { group: 'g', concurrency: 1, prefetch: 1, leaseMs: 1_000 };
    const sub = bus.subscribe(orders, options, ({ data, attempt }) => {
      runs.push([data, attempt]);
      // A handler that keeps the turn for longer than a lease.
      if (data === 1) clock.heldUpMs += 1_500;
      return data === 1 ? undefined : gate;
    });
    const lost: unknown[] = [];
    sub.on('failed', ({ error }) => lost.push(error));
    await sub.ready;
    await bus.publishAll(orders, [1, 2]);
    await clock.advance(0);
    await clock.advance(400);
    open();
    await clock.advance(2_000);
    expect(lost).toEqual([]);
    expect(runs).toEqual([
      [1, 1],
      [2, 1],
    ]);
  });
});
