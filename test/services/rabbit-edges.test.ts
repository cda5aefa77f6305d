import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { type RabbitmqOptions, rabbitmq } from '../../src/adapters/rabbitmq/rabbitmq.js';
import { bytesCodec } from '../../src/messaging/codec.js';
import type { OutRecord, RawDelivery } from '../../src/messaging/driver.js';
import { createBus } from '../../src/messaging/driver-bus.js';
import { topic } from '../../src/messaging/topic.js';
import { until } from './eventually.js';
import { Footprints, rabbitConnection, rabbitIsThere } from './rabbit-server.js';

const there = await rabbitIsThere();
const prefix = `edges-${process.pid}`;
const upTo = (count: number) => Array.from({ length: count }, (_, at) => at + 1);

interface Sample {
  readonly n: number;
}

function recordOf(name: string, facts: Partial<OutRecord> = {}): OutRecord {
  const rest = { key: undefined, notBefore: undefined, expiresAt: undefined, group: undefined, priority: 0 };
  return { topic: name, id: 'id', headers: {}, body: Uint8Array.of(123, 125), ...rest, ...facts };
}

const spec = { group: 'g', start: 'latest', order: 'none', leaseMs: 30_000, topology: 'ensure' } as const;

describe.skipIf(!there)('a bus over a RabbitMQ server, at its edges', () => {
  const footprints = new Footprints();
  const ends: (() => Promise<void>)[] = [];
  afterAll(async () => {
    await Promise.all(ends.map(end => end()));
    await footprints.remove();
  }, 60_000);

  const driverOf = (options: Partial<RabbitmqOptions> = {}) => {
    const driver = rabbitmq({ connect: footprints.connect, prefix, ...options });
    ends.push(() => driver.close());
    return driver;
  };
  const busOf = (options: Partial<RabbitmqOptions> = {}, publishTimeoutMs = 5_000) =>
    createBus(driverOf(options), { publishTimeoutMs });
  const codeOf = (sent: Promise<unknown>) =>
    sent.then(
      () => 'done',
      (error: { readonly code?: string }) => error.code,
    );
  const hold = async (name: string, credit: number, driver = driverOf(), more: object = {}) => {
    const held: RawDelivery[] = [];
    const told: string[] = [];
    const sink = {
      deliver: (delivery: RawDelivery) => void held.push(delivery),
      ready: () => void told.push('ready'),
      lost: (error: unknown) => void told.push(String(error)),
    };
    const subscription = await driver.subscribe({ ...spec, pattern: name, ...more }, sink);
    subscription.request(credit);
    return { held, told, subscription };
  };

  it.concurrent('makes nothing where it may only look, and changes nothing that is otherwise', async () => {
    const from = topic<Sample>('topology.made');
    const subscribe = (options: object) =>
      codeOf(busOf().subscribe(from, { group: 'g', ...options }, () => {}).ready);
    expect(await subscribe({ topology: 'check' })).toBe('ERR_TOPOLOGY');
    expect(await subscribe({ topology: 'none' })).toBe('ERR_TOPOLOGY');
    expect(await subscribe({})).toBe('done');
    expect(await subscribe({ topology: 'check' })).toBe('done');
    expect(await subscribe({ topology: 'none' })).toBe('done');
    expect(await subscribe({ order: 'topic' })).toBe('ERR_TOPOLOGY');
    expect(await subscribe({ order: 'topic', topology: 'check' })).toBe('ERR_TOPOLOGY');
    const other = busOf({ maxLength: 5 }).subscribe(from, { group: 'g' }, () => {});
    expect(await codeOf(other.ready)).toBe('ERR_TOPOLOGY');
    expect(await subscribe({ topology: 'check' })).toBe('done');
    expect(await codeOf(busOf({ prefix: `${prefix}-no`, topology: 'check' }).connect())).toBe('ERR_TOPOLOGY');
  });

  it.concurrent('publishes to nobody without an error, unless somebody has to get it', async () => {
    const [heard, unheard] = [topic<Sample>('mandatory.heard'), topic<Sample>('mandatory.unheard')];
    await busOf().subscribe(heard, { group: 'g' }, () => {}).ready;
    await busOf().publish(unheard, { n: 1 });
    const strict = busOf({ mandatory: true });
    await strict.publish(heard, { n: 1 });
    const error = await strict.publish(unheard, { n: 1 }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'ERR_PUBLISH', retryable: false, maybeStored: false });
    expect(String(error)).toContain('mandatory.unheard');
    const toGroup = await driverOf().publish([recordOf('mandatory.heard', { group: 'nobody' })]);
    expect(toGroup[0]).toMatchObject({ ok: false, retryable: false, maybeStored: false });
  });

  it.concurrent('refuses what would not arrive as it is, and sends its neighbours', async () => {
    const driver = driverOf();
    const { held } = await hold('refused', 9, driver);
    const outcomes = await driver.publish([
      recordOf('refused', { id: '1' }),
      recordOf('refused', { headers: { a: '\ud800' } }),
      recordOf('refused', { headers: { a: 'b'.repeat(70_000) } }),
      recordOf('refused', { notBefore: Date.now() + 2 ** 40 }),
      recordOf('refused', { id: '2', key: 'ключ', headers: { a: 'b'.repeat(59_000) } }),
    ]);
    expect(outcomes.map(({ ok }) => ok)).toEqual([true, false, false, false, true]);
    for (const outcome of outcomes.slice(1, 4)) {
      expect(outcome).toMatchObject({ retryable: false, maybeStored: false });
    }
    await until(() => held.length === 2);
    expect(held.map(({ position }) => position)).toEqual(['1', '2']);
    expect(held[1]!.record.key).toBe('ключ');
  });

  it.concurrent('says of a queue that is full that others may have got the message', async () => {
    const from = topic<Sample>('full');
    const bus = busOf({ maxLength: 3 });
    const sub = bus.subscribe(from, { group: 'g' }, () => {});
    await sub.ready;
    await sub.close();
    const answers: unknown[] = [];
    // The bound is not a sharp one.
    for (let n = 0; n < 20 && answers.length === 0; n++) {
      await bus.publish(from, { n }).catch((error: unknown) => answers.push(error));
      await sleep(20);
    }
    expect(answers[0]).toMatchObject({ code: 'ERR_PUBLISH', retryable: true, maybeStored: true });
  });

  it.concurrent('lets a short wait overtake a long one, and neither come early', async () => {
    const from = topic<Sample>('waits');
    const bus = busOf();
    const got: (readonly [number, number])[] = [];
    const startedAt = performance.now();
    const sub = bus.subscribe(from, { group: 'g' }, ({ data }) => {
      got.push([data.n, performance.now() - startedAt]);
    });
    await sub.ready;
    const delays = [1_500, 300, 900, 100];
    await Promise.all(delays.map(delayMs => bus.publish(from, { n: delayMs }, { delayMs })));
    await until(() => got.length === delays.length);
    expect(got.map(([n]) => n)).toEqual([100, 300, 900, 1_500]);
    for (const [n, afterMs] of got) expect(afterMs).toBeGreaterThanOrEqual(n);
  });

  it.concurrent('comes back from a lost connection, and takes no word for what came before', async () => {
    const own = new Footprints();
    const driver = driverOf({ connect: own.connect });
    const { held, told, subscription } = await hold('cut', 2, driver);
    footprints.adopt(own);
    await driver.publish([recordOf('cut')]);
    await until(() => held.length === 1);
    own.cut(new Error('cut'));
    await until(() => held.length === 2);
    expect(told).toHaveLength(3);
    expect(told[2]).toBe('ready');
    expect(held.map(({ attempt }) => attempt)).toEqual([1, 2]);
    expect(await held[0]!.ack()).toBe('stale');
    expect(await held[0]!.nack(0)).toBe('stale');
    expect(await held[1]!.ack()).toBe('done');
    const [again] = await driver.publish([recordOf('cut')]);
    expect(again).toEqual({ ok: true });
    subscription.request(1);
    await until(() => held.length === 3);
    await subscription.close();
    await subscription.close();
    expect(await held[2]!.ack()).toBe('stale');
  });

  it.concurrent('ends in time over connections that have died in silence', async () => {
    const own = new Footprints();
    const driver = driverOf({ connect: own.connect });
    await driver.connect();
    await hold('silent', 2, driver);
    footprints.adopt(own);
    own.cut();
    const from = performance.now();
    await driver.close();
    expect(performance.now() - from).toBeLessThan(15_000);
  });

  it.concurrent('makes a queue again that was deleted under its consumer', async () => {
    const from = topic<Sample>('deleted');
    const bus = busOf();
    const seen: number[] = [];
    const sub = bus.subscribe(from, { group: 'g' }, ({ data }) => void seen.push(data.n));
    const told: string[] = [];
    sub.on('lost', () => void told.push('lost'));
    await sub.ready;
    sub.on('ready', () => void told.push('ready'));
    const admin = await rabbitConnection();
    await (await admin.createChannel()).deleteQueue(`${prefix}:group:g:deleted`);
    await admin.close();
    await until(() => told.join() === 'lost,ready');
    await bus.publish(from, { n: 1 });
    await until(() => seen.length === 1);
  });

  it.concurrent('looks through dead letters in their order, page by page, two at a time', async () => {
    const from = topic<Sample>('dead');
    const [one, two] = [busOf(), busOf()];
    const failure = { redeliver: [] };
    const sub = one.subscribe(from, { group: 'g', failure }, () => {
      throw new Error('never');
    });
    await sub.ready;
    // More than are taken out at a time.
    const numbers = upTo(300);
    for (const n of numbers) await one.publish(from, { n });
    const letters = [one, two].map(bus => bus.deadLetters(from, 'g'));
    const listed = async (at: number) => {
      const all: number[] = [];
      for await (const { data } of letters[at]!) all.push((data as Sample).n);
      return all;
    };
    await until(async () => (await letters[0]!.list({ limit: 1_000 })).length === 300);
    expect(await Promise.all([listed(0), listed(1)])).toEqual([numbers, numbers]);
    const deep = (await letters[1]!.list({ limit: 1_000 })).at(-2)!;
    expect([await deep.discard(), await deep.discard()]).toEqual([true, false]);
    expect(await listed(0)).toEqual(numbers.filter(n => n !== 299));
    expect(await busOf().deadLetters(topic('dead.none'), 'g').list()).toEqual([]);
  });

  it.concurrent('brings a dead letter of a pattern back to the queue of that pattern only', async () => {
    const from = topic<Sample>('shop.eu.placed');
    const bus = busOf();
    let healthy = false;
    const seen: string[] = [];
    const failure = { redeliver: [] };
    await bus.subscribe('shop.>', { group: 'g', failure }, ({ topic: name, attempt, replays, headers }) => {
      if (!healthy) throw new Error('sick');
      seen.push(`${name} ${attempt} ${replays} ${Object.keys(headers)}`);
    }).ready;
    await bus.subscribe('shop.*.placed', { group: 'g' }, () => void seen.push('the other one')).ready;
    await bus.publish(from, { n: 1 });
    const letters = bus.deadLetters(from, 'g');
    await until(async () => (await letters.list()).length === 1);
    healthy = true;
    seen.length = 0;
    const [letter] = await letters.list();
    await letter!.replay();
    await until(() => seen.length > 0);
    await sleep(200);
    expect(seen).toEqual(['shop.eu.placed 1 1 ']);
  });

  it.concurrent('reads what others publish to its exchange', async () => {
    const from = topic<Uint8Array>('foreign');
    const bus = createBus(driverOf(), { codec: bytesCodec });
    const seen: unknown[] = [];
    await bus.subscribe(from, { group: 'g' }, ({ data, id, topic: name, headers }) => {
      seen.push([...data], id, name, headers);
    }).ready;
    const admin = await rabbitConnection();
    const channel = await admin.createConfirmChannel();
    const headers = { tenant: 7, nested: { a: 1 } };
    channel.publish(prefix, 'foreign', Buffer.of(0, 255), { messageId: 'm-1', headers });
    await channel.waitForConfirms();
    await admin.close();
    await until(() => seen.length > 0);
    expect(seen).toEqual([[0, 255], 'm-1', 'foreign', { tenant: '7' }]);
  });

  it.concurrent('gives back what it was handed and nobody asked for, without counting it', async () => {
    const first = await hold('pausing', 5);
    await driverOf().publish(upTo(3).map(n => recordOf('pausing', { id: `${n}` })));
    await until(() => first.held.length === 3);
    await first.subscription.pause();
    expect(await Promise.all(first.held.map(delivery => delivery.release!()))).toEqual(
      upTo(3).map(() => 'done'),
    );
    const second = await hold('pausing', 3);
    await until(() => second.held.length === 3);
    expect(second.held.map(({ attempt }) => attempt)).toEqual([1, 1, 1]);
    await second.held[0]!.nack(0);
    await second.subscription.pause();
    first.subscription.request(1);
    await until(() => first.held.length === 4);
    expect(first.held[3]!.attempt).toBe(2);
  });

  it.concurrent('keeps the order of a topic when its active member leaves in the middle', async () => {
    const order = { order: 'topic' } as const;
    const [one, two] = [
      await hold('ordered', 5, driverOf(), order),
      await hold('ordered', 5, driverOf(), order),
    ];
    await driverOf().publish(upTo(4).map(n => recordOf('ordered', { id: `${n}` })));
    await until(() => one.held.length === 1);
    await one.held[0]!.ack();
    await until(() => one.held.length === 2);
    await one.subscription.pause();
    expect(await one.held[1]!.release!()).toBe('done');
    await sleep(200);
    expect(two.held).toEqual([]);
    await one.subscription.close();
    for (const n of upTo(3)) {
      await until(() => two.held.length === n);
      await two.held[n - 1]!.ack();
    }
    expect(two.held.map(({ position }) => position)).toEqual(['2', '3', '4']);
  });
});
