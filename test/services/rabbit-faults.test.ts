import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from 'amqplib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rabbitmq } from '../../src/adapters/rabbitmq/rabbitmq.js';
import type { RawDelivery } from '../../src/messaging/driver.js';
import { createBus } from '../../src/messaging/driver-bus.js';
import { type Topic, topic } from '../../src/messaging/topic.js';
import { seededRandom } from '../../src/testing/seeded-random.js';
import { type Chore, isPoison } from '../fixtures/bus-chores.js';
import { BusPrograms } from '../fixtures/bus-process.js';
import { until } from './eventually.js';
import { CONSUMER_TIMEOUT_MS, OwnRabbit } from './own-rabbit.js';
import { rabbitIsThere } from './rabbit-server.js';

const there = await rabbitIsThere();
/** `npm run test:services` takes its time. */
const long = process.env['SERVICES'] === 'long';
const seed = Number(process.env['SERVICES_SEED'] ?? 20_260_101);

describe.skipIf(!there)('a bus over a RabbitMQ that fails', () => {
  const server = new OwnRabbit();
  beforeAll(() => server.create(), 90_000);
  const ends: (() => Promise<void>)[] = [];
  afterAll(async () => {
    await Promise.all(ends.map(end => end()));
    await server.remove();
  }, 30_000);

  const driver = () => rabbitmq({ connect: () => connect(server.url) });
  const busOf = (options: { readonly publishTimeoutMs?: number } = {}) => {
    const bus = createBus(driver(), options);
    ends.push(() => bus.close());
    return bus;
  };
  const programsOf = async () => {
    const programs = await BusPrograms.of('rabbit-consumer.ts');
    ends.push(() => programs.clear());
    return programs;
  };

  it.concurrent('gives a peer what a killed process was handling, at once', async () => {
    const chores = topic<Chore>('killed');
    const programs = await programsOf();
    const bus = busOf();
    // The queue is there before anybody publishes.
    const idle = bus.subscribe(chores, { group: 'g' }, () => {});
    await idle.ready;
    await idle.close();
    await bus.publish(chores, { key: 'a', n: 1 });
    const orders = { url: server.url, topic: 'killed', consumers: 1, log: '', hang: true };
    const child = await programs.start(orders, 'begun');
    const got: number[] = [];
    const peer = bus.subscribe(chores, { group: 'g' }, ({ attempt }) => void got.push(attempt));
    await peer.ready;
    await sleep(300);
    expect(got).toEqual([]);
    await programs.kill(child);
    const killedAt = performance.now();
    await until(() => got.length > 0);
    expect(performance.now() - killedAt).toBeLessThan(3_000);
    expect(got).toEqual([2]);
  });

  it.concurrent('says stale of what the server has taken back for its age, and gets it again', async () => {
    const chores = topic<Chore>('aged');
    const own = driver();
    ends.push(() => own.close());
    const held: RawDelivery[] = [];
    const told: string[] = [];
    const sink = {
      deliver: (delivery: RawDelivery) => void held.push(delivery),
      ready: () => void told.push('ready'),
      lost: (error: unknown) => void told.push(String(error)),
    };
    const spec = { pattern: chores.name, group: 'g', start: 'latest', order: 'none' } as const;
    const subscription = await own.subscribe({ ...spec, leaseMs: 30_000, topology: 'ensure' }, sink);
    subscription.request(2);
    await busOf().publish(chores, { key: 'a', n: 1 });
    await until(() => held.length === 2, CONSUMER_TIMEOUT_MS + 10_000);
    expect(held.map(({ attempt }) => attempt)).toEqual([1, 2]);
    expect(told[1]).toContain('timed out');
    expect(told[2]).toBe('ready');
    expect([await held[0]!.ack(), await held[1]!.ack(), await held[1]!.ack()]).toEqual([
      'stale',
      'done',
      'stale',
    ]);
  });

  it('refuses by its deadline while the server is away, and comes back by itself', async () => {
    const chores = topic<Chore>('away');
    const bus = busOf({ publishTimeoutMs: 1_000 });
    const seen: number[] = [];
    const told: string[] = [];
    const early = bus.subscribe(chores, { group: 'g' }, ({ data }) => void seen.push(data.n));
    early.on('lost', () => void told.push('lost'));
    early.on('ready', () => void told.push('ready'));
    await early.ready;
    await bus.publish(chores, { key: 'a', n: 1 });
    await server.control('stop_app');
    const startedAt = performance.now();
    const error = await bus.publish(chores, { key: 'a', n: 2 }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'ERR_PUBLISH', retryable: true, maybeStored: false });
    expect(performance.now() - startedAt).toBeLessThan(3_000);
    const late = busOf().subscribe(chores, { group: 'late' }, () => {});
    expect(await Promise.race([late.ready.then(() => 'ready'), sleep(300, 'waits')])).toBe('waits');
    await server.control('start_app');
    await late.ready;
    await until(() => told.at(-1) === 'ready' && told.includes('lost'));
    await bus.publish(chores, { key: 'a', n: 3 });
    await until(() => seen.includes(3));
    expect(seen).toEqual([1, 3]);
  });

  it('refuses while the server has no memory to spare, and goes on after it', async () => {
    const chores = topic<Chore>('memory');
    const bus = busOf({ publishTimeoutMs: 1_000 });
    const seen: number[] = [];
    await bus.subscribe(chores, { group: 'g' }, ({ data }) => void seen.push(data.n)).ready;
    await server.control('set_vm_memory_high_watermark', 'absolute', '1000');
    const refusal = (n: number) => bus.publish(chores, { key: 'a', n }).catch((thrown: unknown) => thrown);
    // The first ones are how the server tells it, to those that were quiet.
    await until(async () => String(await refusal(0)).includes('takes nothing in'));
    const error = await refusal(1);
    expect(error).toMatchObject({ code: 'ERR_PUBLISH', retryable: true, maybeStored: false });
    expect(String(error)).toContain('takes nothing in');
    await server.control('set_vm_memory_high_watermark', '0.6');
    await bus.publish(chores, { key: 'a', n: 2 });
    await until(() => seen.includes(2));
    expect(seen).not.toContain(1);
  });

  /**
   * Makes all the queues of a topic. A server that is killed while it makes a quorum queue may not answer for
   * it afterwards; that is not what is tried here.
   */
  const makeQueues = async (chores: Topic<Chore, Chore>) => {
    const bus = busOf();
    const sub = bus.subscribe(chores, { group: 'g', failure: { redeliver: [50] } }, () => {
      throw new Error('for a dead letter');
    });
    await sub.ready;
    await bus.publish(chores, { key: 'a', n: -1 });
    const letters = bus.deadLetters(chores, 'g');
    await until(async () => (await letters.list()).length === 1);
    await (await letters.list())[0]!.discard();
    await sub.close();
  };

  const messages = long ? 10_000 : 800;
  const scene = `${messages} of 50 publishers by 10 consumers`;
  it(`handles or buries each of ${scene}, whoever is killed, the server too`, async () => {
    const chores = topic<Chore>('all');
    const random = seededRandom(seed);
    const programs = await programsOf();
    const log = join(programs.folder, 'log');
    writeFileSync(log, '');
    const orders = { url: server.url, topic: 'all', log, consumers: 5, hang: false };
    let started = 0;
    const startFive = () => programs.start({ ...orders, seed: seed + started++ }, 'ready');
    await makeQueues(chores);
    const children = await Promise.all([startFive(), startFive()]);
    const writers = 50;
    const buses = Array.from({ length: writers }, () => busOf());
    const all = Array.from({ length: messages }, (_, n) => ({ key: `w${n % writers}`, n }));
    // Whoever is told that it may be stored says it again under its id.
    const publishSurely = async (writer: number, chore: Chore): Promise<void> => {
      for (let tries = 0; tries < 300; tries++) {
        try {
          await buses[writer]!.publish(chores, chore, { id: `chore-${chore.n}` });
          return;
        } catch {
          await sleep(100);
        }
      }
      throw new Error(`${chore.n} could not be published`);
    };
    const publishing = buses.map(async (_, writer) => {
      for (let n = writer; n < messages; n += writers) await publishSurely(writer, all[n]!);
    });
    const faults = async (): Promise<void> => {
      for (let kills = long ? 4 : 1; kills > 0; kills--) {
        await sleep(300 + random() * 700);
        const place = random() < 0.5 ? 0 : 1;
        await programs.kill(children[place]!);
        children[place] = await startFive();
      }
      await server.stop('crash');
      await server.start();
    };
    await Promise.all([...publishing, faults()]);
    const lines = () => readFileSync(log, 'utf8').split('\n').filter(Boolean);
    const done = () => lines().map(line => Number(line.split(' ')[1]));
    const poison = all.filter(isPoison).map(({ n }) => n);
    const healthy = all.filter(chore => !isPoison(chore)).map(({ n }) => n);
    const reader = busOf();
    const letters = async () => {
      const dead = await reader.deadLetters(chores, 'g').list({ limit: 10_000 });
      return new Set(dead.map(({ data }) => (data as Chore).n));
    };
    await until(() => new Set(done()).size >= healthy.length, 120_000);
    await until(async () => (await letters()).size >= poison.length, 60_000);
    const sorted = (numbers: Iterable<number>) => [...numbers].sort((a, b) => a - b);
    const dead = await letters();
    expect(sorted(new Set(done()))).toEqual(healthy);
    expect(sorted(dead)).toEqual(poison);
    expect(done().filter(n => dead.has(n))).toEqual([]);
    // Whatever fails twice, and whoever is killed: what has been done is not done over and over.
    expect(done().length).toBeLessThan(healthy.length * 1.2);
  }, 240_000);
});
