import { describe, expect, it, onTestFinished } from 'vitest';
import { natsAnswers } from '../fixtures/nats.js';
import { until } from './eventually.js';
import { holdAt, jetStreamScene, placed, recordOf } from './nats-scene.js';

const there = await natsAnswers();

const codeOf = (ready: Promise<unknown>): Promise<unknown> =>
  ready.then(
    () => 'fine',
    (error: { readonly code?: string; readonly message: string }) => [error.code, error.message],
  );

describe.skipIf(!there)('what stands at the server', () => {
  it('is two streams, a consumer for each group, and none of one without when it ends', async () => {
    const { bus, manager, prefix } = await jetStreamScene();
    const one = bus();
    const guest = one.subscribe(placed, { group: null }, () => {});
    await guest.ready;
    await one.subscribe('orders.>', { group: 'audit' }, () => {}).ready;
    const names = async () => {
      const all = await manager.consumers.list(prefix).next();
      return all.map(({ name }) => name.replace(/guest-.*/, 'guest')).sort();
    };
    expect(await names()).toEqual(['audit,orders+~', 'guest']);
    await guest.close();
    expect(await names()).toEqual(['audit,orders+~']);
    await Promise.all([one.close(), one.close()]);
    expect(await names()).toEqual(['audit,orders+~']);
  });

  it('does not keep a bus from its end when the connection was closed before it', async () => {
    const { client, bus } = await jetStreamScene();
    const one = bus();
    const lost: unknown[] = [];
    const consume = one.subscribe(placed, { group: null }, () => {});
    consume.on('lost', ({ error }) => void lost.push(error));
    await consume.ready;
    await client.close();
    const error = await one.publish(placed, { n: 1 }).catch((thrown: unknown) => thrown);
    // It is no message that the broker does not take: whoever has an outbox keeps it for later.
    expect(error).toMatchObject({ code: 'ERR_BUS_CLOSED', message: 'nats: the connection is closed' });
    const late = one.subscribe(placed, { group: 'late' }, () => {});
    await expect(late.ready).rejects.toMatchObject({ code: 'ERR_BUS_CLOSED' });
    const from = performance.now();
    await one.close();
    expect(performance.now() - from).toBeLessThan(1_000);
    expect(lost).toHaveLength(1);
  });

  it('is a typed error where a stream is otherwise, and stays as it was', async () => {
    const { bus, manager, prefix } = await jetStreamScene();
    const subjects = [`${prefix}.>`];
    await manager.streams.add({ name: prefix, subjects, discard: 'old', max_bytes: 1_048_576 });
    expect(await codeOf(bus().connect())).toEqual([
      'ERR_TOPOLOGY',
      `nats: \`discard\` of the stream ${prefix} must be new, is old`,
    ]);
    await manager.streams.delete(prefix);
    await manager.streams.add({ name: prefix, subjects, discard: 'new' });
    expect(await codeOf(bus().connect())).toEqual([
      'ERR_TOPOLOGY',
      `nats: \`max_bytes\` of the stream ${prefix} must be a bound, is -1`,
    ]);
    await manager.streams.delete(prefix);
    await manager.streams.add({ name: `${prefix}-other`, subjects, max_bytes: 1_048_576 });
    onTestFinished(async () => void (await manager.streams.delete(`${prefix}-other`)));
    expect((await codeOf(bus().connect())) as unknown[]).toEqual([
      'ERR_TOPOLOGY',
      expect.stringContaining(`nats: the stream ${prefix} cannot be made: nats: subjects overlap`),
    ]);
    expect((await manager.streams.info(`${prefix}-other`)).config.subjects).toEqual(subjects);
  });

  it('is no stream where it may only be looked for', async () => {
    const { bus, prefix } = await jetStreamScene();
    for (const topology of ['check', 'none'] as const) {
      const missing = ['ERR_TOPOLOGY', `nats: the stream ${prefix} is not there`];
      expect(await codeOf(bus({ topology }).connect())).toEqual(missing);
    }
    await bus().connect();
    expect(await codeOf(bus({ topology: 'check' }).connect())).toBe('fine');
  });

  it('is no group where it may only be looked for, and nothing is made', async () => {
    const { bus, manager, prefix } = await jetStreamScene();
    const one = bus();
    for (const topology of ['check', 'none'] as const) {
      expect(await codeOf(one.subscribe(placed, { group: 'g', topology }, () => {}).ready)).toEqual([
        'ERR_TOPOLOGY',
        'nats: the group g of orders.placed is not there',
      ]);
    }
    expect(await manager.consumers.list(prefix).next()).toEqual([]);
    await one.subscribe(placed, { group: 'g' }, () => {}).ready;
    const checked = bus().subscribe(placed, { group: 'g', topology: 'check' }, () => {});
    expect(await codeOf(checked.ready)).toBe('fine');
  });

  it('is another order of the same group', async () => {
    const { bus } = await jetStreamScene();
    await bus().subscribe(placed, { group: 'g', order: 'topic' }, () => {}).ready;
    expect(await codeOf(bus().subscribe(placed, { group: 'g' }, () => {}).ready)).toEqual([
      'ERR_TOPOLOGY',
      "nats: the group g of orders.placed keeps the order 'topic', not 'none'",
    ]);
  });

  it('is a lease that is made longer for whoever needs that, and never shorter', async () => {
    const { bus, manager, prefix } = await jetStreamScene();
    const leaseMs = async () => {
      const { config } = await manager.consumers.info(prefix, 'g,orders+placed');
      return config.ack_wait! / 1_000_000;
    };
    const join = (ms: number, topology: 'ensure' | 'check' = 'ensure') =>
      codeOf(bus().subscribe(placed, { group: 'g', leaseMs: ms, topology }, () => {}).ready);
    const told: unknown[] = [];
    for (const ms of [2_000, 5_000, 1_000]) told.push(await join(ms), await leaseMs());
    expect(told).toEqual(['fine', 2_000, 'fine', 5_000, 'fine', 5_000]);
    expect(await join(6_000, 'check')).toEqual([
      'ERR_TOPOLOGY',
      'nats: the group g of orders.placed has leases of 5000 ms, not of 6000 ms',
    ]);
  });
});

describe.skipIf(!there)('JetStream', () => {
  it('takes a settlement from whoever, so that a lease ends a little early for who holds it', async () => {
    const { client, driver } = await jetStreamScene();
    const one = driver();
    const first = await holdAt(one, 1, { leaseMs: 600 });
    const replies: string[] = [];
    const request = client.request.bind(client);
    client.request = (subject, ...rest) => {
      replies.push(subject);
      return request(subject, ...rest);
    };
    await one.publish([recordOf('a')]);
    await until(() => first.held.length === 1);
    await new Promise(resolve => setTimeout(resolve, 570));
    replies.length = 0;
    expect(await first.held[0]?.ack()).toBe('stale');
    expect(replies).toEqual([]);
  });

  it('hands over nothing that was not asked for, and nothing after a pause', async () => {
    const { driver } = await jetStreamScene();
    const one = driver();
    const { held, subscription } = await holdAt(one, 2);
    await one.publish(Array.from({ length: 5 }, (_, n) => recordOf(`r${n}`)));
    await until(() => held.length === 2);
    subscription.request(3);
    await subscription.pause();
    const had = held.length;
    await one.publish([recordOf('later')]);
    await new Promise(resolve => setTimeout(resolve, 200));
    expect(held.length).toBe(had);
    subscription.request(10);
    await until(() => new Set(held.map(({ position }) => position)).size === 6);
  });

  it('holds back what comes after in an ordered group, while one waits', async () => {
    const { driver } = await jetStreamScene();
    const one = driver();
    const { held } = await holdAt(one, 10, { order: 'topic' });
    await one.publish(['a', 'b'].map(id => recordOf(id)));
    await until(() => held.length === 1);
    const from = performance.now();
    expect(await held[0]?.nack(300)).toBe('done');
    await until(() => held.length === 2);
    expect(performance.now() - from).toBeGreaterThanOrEqual(299);
    expect(held.map(({ position, attempt }) => [position, attempt])).toEqual([
      ['1', 1],
      ['1', 2],
    ]);
  });
});
