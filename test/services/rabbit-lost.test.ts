import { setTimeout as sleep } from 'node:timers/promises';
import type { Channel } from 'amqplib';
import { afterAll, describe, expect, it } from 'vitest';
import { type RabbitmqOptions, rabbitmq } from '../../src/adapters/rabbitmq/rabbitmq.js';
import { createBus } from '../../src/messaging/driver-bus.js';
import { topic } from '../../src/messaging/topic.js';
import { until } from './eventually.js';
import { Footprints, rabbitConnection, rabbitIsThere } from './rabbit-server.js';

const there = await rabbitIsThere();
const prefix = `lost-${process.pid}`;
const upTo = (count: number) => Array.from({ length: count }, (_, at) => at + 1);

/** What the server does to a channel that held something for too long. */
async function endChannel(channel: Channel): Promise<void> {
  channel.on('error', () => {});
  await channel.checkQueue(`${prefix}-not-there`).catch(() => {});
}

describe.skipIf(!there)('what a bus over a RabbitMQ server does about what it lost, or nobody gets', () => {
  const footprints = new Footprints();
  const ends: (() => Promise<void>)[] = [];
  afterAll(async () => {
    await Promise.all(ends.map(end => end()));
    await footprints.remove();
  }, 60_000);

  const busOf = (options: Partial<RabbitmqOptions> = {}) => {
    const bus = createBus(rabbitmq({ connect: footprints.connect, prefix, ...options }));
    ends.push(() => bus.close());
    return bus;
  };

  it.concurrent('does not let waits for nobody hold up those for somebody', async () => {
    const bus = busOf({ prefix: `${prefix}-nobody` });
    const from = topic<number>('somebody');
    const seen: number[] = [];
    await bus.subscribe(from, { group: 'g' }, ({ data }) => void seen.push(data)).ready;
    // The server moves 32 at a time from queue to queue, and keeps what it can lead to none.
    const sent = upTo(50).map(n => bus.publish(topic<number>('nobody'), n, { delayMs: 100 }));
    await Promise.all(sent);
    await sleep(500);
    await bus.publish(from, 1, { delayMs: 100 });
    await until(() => seen.length === 1);
    const admin = await rabbitConnection();
    const channel = await admin.createChannel();
    const left = await channel.checkQueue(`${prefix}-nobody:wait:0`);
    await admin.close();
    expect(left.messageCount).toBe(0);
  });

  it.concurrent('makes the queue of a wait again that was deleted', async () => {
    const bus = busOf({ prefix: `${prefix}-wait` });
    const from = topic<number>('waiting');
    const seen: number[] = [];
    await bus.subscribe(from, { group: 'g' }, ({ data }) => void seen.push(data)).ready;
    await bus.publish(from, 1, { delayMs: 100 });
    await until(() => seen.length === 1);
    const admin = await rabbitConnection();
    await (await admin.createChannel()).deleteQueue(`${prefix}-wait:wait:0`);
    await admin.close();
    await bus.publish(from, 2, { delayMs: 100 });
    await until(() => seen.length === 2);
  });

  it.concurrent('begins nothing that a connection brought which is lost', async () => {
    const own = new Footprints();
    const bus = busOf({ connect: own.connect });
    const from = topic<number>('begun');
    const seen: number[] = [];
    let goOn = (): void => {};
    const gate = new Promise<void>(resolve => {
      goOn = resolve;
    });
    const options = { group: 'g', concurrency: 1, prefetch: 5 };
    const sub = bus.subscribe(from, options, async ({ data }) => {
      seen.push(data);
      await gate;
    });
    const told: string[] = [];
    sub.on('lost', () => void told.push('lost'));
    await sub.ready;
    sub.on('ready', () => void told.push('ready'));
    for (const n of upTo(5)) await bus.publish(from, n);
    await until(() => sub.snapshot().held === 5);
    own.cut(new Error('cut'));
    footprints.adopt(own);
    await until(() => told.includes('ready'));
    goOn();
    await until(() => seen.length >= 6);
    await sleep(300);
    // The first one was under way; all others were begun once.
    expect(seen.toSorted()).toEqual([1, 1, 2, 3, 4, 5]);
  });

  it.concurrent('keeps the queue of a subscriber without a group when only its channel is lost', async () => {
    const channels: Channel[] = [];
    const queues: string[] = [];
    const bus = busOf({
      prefix: `${prefix}-guest`,
      connect: async () => {
        const connection = await footprints.connect();
        const { createChannel } = connection;
        connection.createChannel = async () => {
          const channel = await createChannel.call(connection);
          const { assertQueue, consume } = channel;
          channel.assertQueue = (name, options) => {
            if (name!.includes(':guest:')) queues.push(name!);
            return assertQueue.call(channel, name, options);
          };
          channel.consume = (queue, ...rest) => {
            channels.push(channel);
            return consume.call(channel, queue, ...rest);
          };
          return channel;
        };
        return connection;
      },
    });
    const from = topic<number>('guest');
    const seen: number[] = [];
    const sub = bus.subscribe(from, { group: null }, ({ data }) => void seen.push(data));
    await sub.ready;
    await until(() => channels.length === 1);
    await endChannel(channels[0]!);
    // Nobody consumes at this moment; it is kept all the same.
    await bus.publish(from, 1);
    await until(() => channels.length === 2);
    await bus.publish(from, 2);
    await until(() => seen.length === 2);
    expect(new Set(queues).size).toBe(1);
    // Nobody has it any more, not even the connection that is still there.
    await endChannel(channels[1]!);
    await sub.close();
    const admin = await rabbitConnection();
    const look = await admin.createChannel();
    look.on('error', () => {});
    await expect(look.checkQueue(queues[0]!)).rejects.toMatchObject({ code: 404 });
    await admin.close();
  });
});
