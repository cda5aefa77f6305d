import { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';
import type { RabbitConnection } from '../../../../src/adapters/rabbitmq/rabbit-client.js';
import { rabbitmq } from '../../../../src/adapters/rabbitmq/rabbitmq.js';
import type { OutRecord, RawDelivery } from '../../../../src/messaging/driver.js';

/** What the client throws when a channel is closed. */
const closed = () => Object.assign(new Error('Channel closed'), { name: 'IllegalOperationError' });

class FakeChannel extends EventEmitter {
  readonly dead: boolean;

  constructor(dead: boolean) {
    super();
    this.dead = dead;
  }

  async assertExchange(): Promise<void> {}
  async assertQueue(): Promise<{ messageCount: number }> {
    return { messageCount: 0 };
  }
  async bindQueue(): Promise<void> {}
  async close(): Promise<void> {}

  async prefetch(): Promise<void> {
    if (this.dead) throw closed();
  }

  async consume(): Promise<{ consumerTag: string }> {
    return { consumerTag: 'tag' };
  }

  publish(...[, , , , confirm]: [unknown, unknown, unknown, unknown, (error: unknown) => void]): boolean {
    if (this.dead) throw closed();
    queueMicrotask(() => confirm(null));
    return true;
  }
}

/** Its channels are closed when they come, and do not say so: all but those from `from` on. */
function connectionOf(from: number) {
  let made = 0;
  const channel = async () => new FakeChannel(++made < from);
  return Object.assign(new EventEmitter(), {
    createChannel: async () => new FakeChannel(false),
    createConfirmChannel: channel,
    close: async () => {},
  }) as unknown as RabbitConnection;
}

const record: OutRecord = {
  topic: 'a',
  id: '1',
  key: undefined,
  headers: {},
  body: new Uint8Array(0),
  notBefore: undefined,
  expiresAt: undefined,
  priority: 0,
  group: undefined,
};

const spec = {
  pattern: 'a',
  group: 'g',
  start: 'latest',
  order: 'none',
  leaseMs: 30_000,
  topology: 'none',
} as const;

describe('a channel that was closed before anybody listened to it', () => {
  it('is given up by those who publish', async () => {
    const driver = rabbitmq({ connect: async () => connectionOf(2) });
    const [first] = await driver.publish([record]);
    expect(first).toMatchObject({ ok: false, retryable: true, maybeStored: false });
    expect(await driver.publish([record])).toEqual([{ ok: true }]);
    await driver.close();
  });

  it('is given up by those who consume', async () => {
    let made = 0;
    const connection = Object.assign(new EventEmitter(), {
      createChannel: async () => Object.assign(new FakeChannel(++made === 1), { checkQueue: async () => {} }),
      close: async () => {},
    }) as unknown as RabbitConnection;
    const driver = rabbitmq({ connect: async () => connection, topology: 'none' });
    const told: string[] = [];
    const deliver = (_delivery: RawDelivery): void => {};
    const again = new Promise<void>(resolve => {
      const sink = {
        deliver,
        lost: (error: unknown) => void told.push(String((error as Error).message)),
        ready: () => {
          told.push('ready');
          if (told.length === 3) resolve();
        },
      };
      void driver.subscribe(spec, sink).then(subscription => subscription.request(1));
    });
    await again;
    expect(told).toEqual(['ready', 'Channel closed', 'ready']);
    await driver.close();
  });
});
