import { setTimeout as sleep } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type RedisStreamsOptions, redisStreams } from '../../src/adapters/redis/redis-streams.js';
import { bytesCodec } from '../../src/messaging/codec.js';
import type { RawDelivery } from '../../src/messaging/driver.js';
import { createBus } from '../../src/messaging/driver-bus.js';
import { topic } from '../../src/messaging/topic.js';
import { redisAnswers, redisForTest } from '../fixtures/redis.js';

const there = await redisAnswers();
const placed = topic<{ readonly n: number }>('orders.placed');

function scene() {
  const { client, prefix: name } = redisForTest();
  const prefix = name.slice(0, -1);
  const bus = (options: Partial<RedisStreamsOptions> = {}) => {
    const made = createBus(redisStreams({ client, prefix, ...options }));
    onTestFinished(() => made.close());
    return made;
  };
  return { client, prefix, bus };
}

async function until(holds: () => boolean | Promise<boolean>, withinMs = 5_000): Promise<void> {
  const end = performance.now() + withinMs;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`it never held: ${holds}`);
    await sleep(10);
  }
}

const keysOf = async (client: Redis, prefix: string): Promise<string[]> =>
  (await client.keys(`${prefix}:*`)).map(key => key.slice(prefix.length + 1)).sort();

async function hold(
  driver: ReturnType<typeof redisStreams>,
  group: string,
  credit: number,
  leaseMs = 30_000,
) {
  const held: RawDelivery[] = [];
  const spec = { pattern: placed.name, group, start: 'latest', order: 'none', topology: 'ensure' } as const;
  const sink = { deliver: (delivery: RawDelivery) => void held.push(delivery), ready() {}, lost() {} };
  const subscription = await driver.subscribe({ ...spec, leaseMs }, sink);
  subscription.request(credit);
  return { held, subscription };
}

describe.skipIf(!there)('the streams of a bus', () => {
  it('hold an entry until the last group has dealt with it, and nothing but empty streams then', async () => {
    const { client, prefix, bus } = scene();
    const driver = redisStreams({ client, prefix });
    onTestFinished(() => driver.close());
    const [one, two] = [await hold(driver, 'one', 9), await hold(driver, 'two', 9)];
    await bus().publish(placed, { n: 1 });
    await until(() => one.held.length + two.held.length === 2);
    const stream = `${prefix}:stream:orders.placed`;
    expect(await one.held[0]?.ack()).toBe('done');
    expect(await client.xlen(stream)).toBe(1);
    expect(await two.held[0]?.ack()).toBe('done');
    expect(await client.xlen(stream)).toBe(0);
    expect(await keysOf(client, prefix)).toEqual(['rules:orders.placed', 'stream:orders.placed']);
  });

  it('take no word of an older delivery, not even of the member that has the new one', async () => {
    const { client, prefix } = scene();
    const driver = redisStreams({ client, prefix });
    onTestFinished(() => driver.close());
    const { held } = await hold(driver, 'g', 2, 200);
    await driver.publish([recordOf('a')]);
    await until(() => held.length === 2);
    const [first, second] = held;
    expect([first?.attempt, second?.attempt]).toEqual([1, 2]);
    await second?.extend?.(30_000);
    expect(await first?.ack()).toBe('stale');
    expect(await first?.extend?.(30_000)).toBe('stale');
    expect(await second?.ack()).toBe('done');
  });

  it('know their members by name only as long as they are there', async () => {
    const { client, prefix } = scene();
    const driver = redisStreams({ client, prefix });
    onTestFinished(() => driver.close());
    const { held, subscription } = await hold(driver, 'g', 1);
    const [outcome] = await driver.publish([recordOf('a')]);
    await until(() => held.length === 1);
    const members = async () =>
      (await client.xinfo('CONSUMERS', `${prefix}:stream:orders.placed`, 'g')) as string[][];
    expect(await members()).toHaveLength(1);
    await subscription.close();
    // What it held is not lost with its name: Redis itself would drop it in silence.
    expect((await members()).map(member => [member[1], member[3]])).toEqual([['waiting', 1]]);
    const next = await hold(driver, 'g', 1);
    await until(() => next.held.length === 1);
    expect(next.held[0]?.position).toBe(outcome?.ok === true && outcome.position);
  });

  it('take no more for a group that is behind by `maxLength`, and go on when it has caught up', async () => {
    const { bus } = scene();
    const full = bus({ maxLength: 5 });
    const slow = full.subscribe(placed, { group: 'g' }, () => {});
    await slow.ready;
    slow.pause();
    await sleep(20);
    for (let n = 1; n <= 5; n++) await full.publish(placed, { n });
    const sixth = full.publish(placed, { n: 6 });
    expect(await Promise.race([sixth.then(() => 'published'), sleep(300, 'waits')])).toBe('waits');
    slow.resume();
    expect(await sixth).toMatchObject({ duplicate: false });
  });

  it('lose the oldest where no group reads them, and end after a day without a word', async () => {
    const { client, prefix, bus } = scene();
    const publisher = bus({ maxLength: 100 });
    await publisher.publishAll(
      placed,
      Array.from({ length: 1_000 }, (_, n) => ({ n })),
    );
    const stream = `${prefix}:stream:orders.placed`;
    expect(await client.xlen(stream)).toBeLessThan(300);
    expect(await client.pttl(stream)).toBeGreaterThan(80_000_000);
    await publisher.subscribe(placed, { group: 'g', start: 'earliest' }, () => {}).ready;
    expect(await client.pttl(stream)).toBe(-1);
  });

  it('keep what was dealt with for `retainMs`, for groups that start at `earliest`', async () => {
    for (const [retainMs, expected] of [
      [60_000, [1, 2]],
      [0, []],
    ] as const) {
      const { bus } = scene();
      const kept = bus({ retainMs });
      const first: number[] = [];
      await kept.subscribe(placed, { group: 'first' }, ({ data }) => void first.push(data.n)).ready;
      for (const n of [1, 2]) await kept.publish(placed, { n });
      await until(() => first.length === 2);
      await sleep(50);
      const later: number[] = [];
      const options = { group: 'later', start: 'earliest' } as const;
      await kept.subscribe(placed, options, ({ data }) => void later.push(data.n)).ready;
      await sleep(200);
      expect(later).toEqual(expected);
    }
  });

  it('drop the group of somebody without a group who is gone without a word', async () => {
    const { client, prefix, bus } = scene();
    const guests = `${prefix}:guests:orders.placed`;
    const stream = `${prefix}:stream:orders.placed`;
    await bus().subscribe(placed, { group: null }, () => {}).ready;
    await until(async () => (await client.zcard(guests)) === 1);
    await client.xgroup('CREATE', stream, 'guest-gone', '$');
    await client.zadd(guests, 1, 'guest-gone');
    const seen: number[] = [];
    await bus().subscribe(placed, { group: null }, ({ data }) => void seen.push(data.n)).ready;
    await until(async () => ((await client.xinfo('GROUPS', stream)) as unknown[]).length === 2);
    await bus().publish(placed, { n: 1 });
    await until(async () => seen.length === 1 && (await client.xlen(stream)) === 0);
  });

  it('are gone with the last reader of a topic, or of a pattern, that no group reads', async () => {
    const { client, prefix } = scene();
    const bus = createBus(redisStreams({ client, prefix }));
    await bus.subscribe('orders.*', { group: null }, () => {}).ready;
    await bus.respond(placed, { group: null }, () => 7).ready;
    expect(await bus.request(placed, { n: 1 })).toBe(7);
    expect((await keysOf(client, prefix)).length).toBeGreaterThan(4);
    await bus.close();
    expect(await keysOf(client, prefix)).toEqual([]);
  });

  it('carry what somebody else has written there to the dead letters as it is', async () => {
    const { client, prefix, bus } = scene();
    const reader = bus();
    await reader.subscribe(placed, { group: 'g' }, () => {}).ready;
    const stream = `${prefix}:stream:orders.placed`;
    const strange = ['price', '7', 'headers', '{"a":1,"b":"text"}', 'body', Buffer.from([0xff])];
    await client.xadd(stream, '*', ...strange);
    await client.xadd(stream, '*', 'headers', 'not JSON', 'body', 'nor this');
    const letters = reader.deadLetters(placed, 'g');
    await until(async () => (await letters.list()).length === 2);
    expect((await letters.list()).map(({ reason, message }) => [reason, message.headers])).toEqual([
      ['undecodable', { b: 'text' }],
      ['undecodable', {}],
    ]);
    const [first] = await client.xrange(`${prefix}:dead:orders.placed:g`, '-', '+');
    expect(first?.[1].slice(0, 2)).toEqual(['price', '7']);
  });

  it('take bodies and headers up to the bound, of any text, and refuse one byte more', async () => {
    const { client, prefix, bus } = scene();
    const raw = topic<Uint8Array>('raw');
    const driver = redisStreams({ client, prefix, maxRecordBytes: 10_000 });
    const limited = createBus(driver, { codec: bytesCodec });
    onTestFinished(() => limited.close());
    const seen: { readonly data: Uint8Array; readonly headers: Readonly<Record<string, string>> }[] = [];
    await limited.subscribe(raw, { group: 'g' }, message => void seen.push(message)).ready;
    const headers = { odd: 'a\u0000b \ud800 \u{1f980} "\\', empty: '' };
    const sizeOf = async (body: Uint8Array) =>
      limited.publish(raw, body, { id: 'i', headers }).then(
        () => 'sent',
        (error: { readonly code?: string }) => error.code,
      );
    let most = 10_000;
    while ((await sizeOf(new Uint8Array(most))) !== 'sent') most--;
    expect(await sizeOf(new Uint8Array(most + 1))).toBe('ERR_RECORD_TOO_LARGE');
    await until(() => seen.length === 1);
    expect(seen[0]?.headers).toEqual(headers);
    expect(seen[0]?.data).toHaveLength(most);
    expect(most).toBeGreaterThan(9_000);
    expect(bus().capabilities.maxRecordBytes).toBe(1_048_576);
  });
});

function recordOf(id: string) {
  const nothing = { key: undefined, headers: {}, notBefore: undefined, expiresAt: undefined };
  return { ...nothing, id, topic: placed.name, body: Uint8Array.from([1]), priority: 0, group: undefined };
}

describe.skipIf(!there)('what stands at the server otherwise', () => {
  const codeOf = (ready: Promise<void>): Promise<unknown> =>
    ready.then(
      () => 'ready',
      (error: { readonly code?: string; readonly message: string }) => [error.code, error.message],
    );

  it('is a typed error, and stays as it was', async () => {
    const { client, prefix, bus } = scene();
    const stream = `${prefix}:stream:orders.placed`;
    await client.set(stream, 'precious');
    const one = bus();
    expect(await codeOf(one.subscribe(placed, { group: 'g' }, () => {}).ready)).toEqual([
      'ERR_TOPOLOGY',
      'redis: the stream of orders.placed is a string',
    ]);
    await expect(one.publish(placed, { n: 1 })).rejects.toMatchObject({
      code: 'ERR_PUBLISH',
      maybeStored: false,
      retryable: false,
    });
    expect(await client.get(stream)).toBe('precious');
  });

  it('is another order of the same group', async () => {
    const { bus } = scene();
    await bus().subscribe(placed, { group: 'g', order: 'key' }, () => {}).ready;
    expect(await codeOf(bus().subscribe(placed, { group: 'g' }, () => {}).ready)).toEqual([
      'ERR_TOPOLOGY',
      "redis: the group g of orders.placed keeps the order 'key', not 'none'",
    ]);
  });

  it('is no group where it may only be looked for', async () => {
    const { client, prefix, bus } = scene();
    for (const topology of ['check', 'none'] as const) {
      expect(await codeOf(bus().subscribe(placed, { group: 'g', topology }, () => {}).ready)).toEqual([
        'ERR_TOPOLOGY',
        'redis: the group g of orders.placed is not there',
      ]);
    }
    expect(await keysOf(client, prefix)).toEqual([]);
    await bus().subscribe(placed, { group: 'g' }, () => {}).ready;
    const checked = bus().subscribe(placed, { group: 'g', topology: 'check' }, () => {});
    expect(await codeOf(checked.ready)).toBe('ready');
  });

  it('is nothing from before a pattern was subscribed to', async () => {
    const { bus } = scene();
    const ready = bus().subscribe('orders.>', { group: 'g', start: 'earliest' }, () => {}).ready;
    expect(await codeOf(ready)).toEqual([
      'ERR_UNSUPPORTED',
      "redis: `start` must be 'latest' for the pattern orders.>: its stream begins with its first group",
    ]);
  });

  it('is no such group of a dead letter that is to come back', async () => {
    const { client, prefix, bus } = scene();
    const one = bus();
    const failure = { redeliver: [] };
    const broken = one.subscribe(placed, { group: 'g', failure }, () => Promise.reject(new Error('broken')));
    await broken.ready;
    await one.publish(placed, { n: 1 });
    const letters = one.deadLetters(placed, 'g');
    await until(async () => (await letters.list()).length === 1);
    await broken.close();
    await client.xgroup('DESTROY', `${prefix}:stream:orders.placed`, 'g');
    const [letter] = await letters.list();
    await expect(letter?.replay()).rejects.toThrow('NOGROUP there is no group g of orders.placed');
    expect(await letters.list()).toHaveLength(1);
  });

  it('is a script that a server has forgotten: it is taken there again', async () => {
    const { client, bus } = scene();
    const one = bus();
    await one.publish(placed, { n: 1 });
    await client.script('FLUSH');
    await one.publish(placed, { n: 2 });
  });
});
