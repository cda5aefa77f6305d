import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { redisStreams } from '../../src/adapters/redis/redis-streams.js';
import { createBus } from '../../src/messaging/driver-bus.js';
import { topic } from '../../src/messaging/topic.js';
import { seededRandom } from '../../src/testing/seeded-random.js';
import { type Chore, failsFor, isPoison } from '../fixtures/bus-chores.js';
import { BusPrograms } from '../fixtures/bus-process.js';
import { OwnRedis, redisServerInstalled } from '../fixtures/redis-server.js';

const there = redisServerInstalled();
/** `npm run test:services` takes its time. */
const long = process.env['SERVICES'] === 'long';
const seed = Number(process.env['SERVICES_SEED'] ?? 20_260_101);

const chores = topic<Chore>('chores', { key: ({ key }) => key });

async function ownRedis(): Promise<OwnRedis> {
  const redis = await OwnRedis.make();
  onTestFinished(() => redis.clear());
  return redis;
}

function busOf(redis: OwnRedis, options: { readonly publishTimeoutMs?: number } = {}) {
  const client = redis.client();
  const bus = createBus(redisStreams({ client }), options);
  onTestFinished(async () => {
    await bus.close();
    client.disconnect();
  });
  return { bus, client };
}

async function until(holds: () => boolean | Promise<boolean>, withinMs: number, what: string) {
  const end = performance.now() + withinMs;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`${what}: not within ${withinMs} ms`);
    await sleep(20);
  }
}

/** Publishes until the broker has it: whoever is told that it may be stored says it again under its id. */
async function publishSurely(bus: ReturnType<typeof busOf>['bus'], chore: Chore): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    try {
      await bus.publish(chores, chore, { id: `${chore.key}-${chore.n}` });
      return;
    } catch {
      await sleep(100);
    }
  }
  throw new Error(`${chore.key} ${chore.n} could not be published`);
}

/**
 * A process that had no turn for longer than a lease may do again what another has done: the first time of
 * each is in order.
 */
function expectOrder(done: readonly { readonly key: string; readonly n: number }[], writers: number): void {
  for (let writer = 0; writer < writers; writer++) {
    const ofKey = [...new Set(done.filter(({ key }) => key === `w${writer}`).map(({ n }) => n))];
    const fallen = ofKey.findIndex((n, at) => at > 0 && n < ofKey[at - 1]!);
    expect(fallen, `w${writer}: ${ofKey.slice(Math.max(0, fallen - 3), fallen + 3)}`).toBe(-1);
  }
}

describe.skipIf(!there)('a bus over a Redis that fails', () => {
  it('gives a peer what a killed process was handling, within its lease', async () => {
    const redis = await ownRedis();
    await redis.start();
    const programs = await BusPrograms.of('bus-consumer.ts');
    onTestFinished(() => programs.clear());
    const { bus } = busOf(redis);
    const leaseMs = 1_500;
    const log = join(programs.folder, 'log');
    const url = `redis://127.0.0.1:${redis.port}`;
    const orders = { url, prefix: 'keelson', topic: 'chores', consumers: 1, leaseMs, log };
    const begun = programs.start({ ...orders, hang: true }, 'begun');
    // The group is there when the process has joined it.
    await until(async () => (await bus.publish(chores, { key: 'a', n: 1 })).id !== '', 5_000, 'a publish');
    const publishing = setInterval(() => void bus.publish(chores, { key: 'a', n: 1 }), 200);
    const child = await begun.finally(() => clearInterval(publishing));
    await programs.kill(child);
    const killedAt = performance.now();
    const got: { readonly attempt: number; readonly afterMs: number }[] = [];
    const options = { group: 'g', order: 'key', leaseMs } as const;
    await bus.subscribe(chores, options, ({ attempt }) => {
      got.push({ attempt, afterMs: performance.now() - killedAt });
    }).ready;
    await until(() => got.length > 0, leaseMs + 3_000, 'a redelivery');
    expect(got[0]?.attempt).toBe(2);
    expect(got[0]?.afterMs).toBeLessThan(leaseMs + 1_500);
  });

  it('refuses by its deadline what is published while the server is down: it may be stored', async () => {
    const redis = await ownRedis();
    const { bus, client } = busOf(redis, { publishTimeoutMs: 500 });
    await redis.start();
    await bus.publish(chores, { key: 'a', n: 1 });
    await redis.kill();
    await until(() => client.status !== 'ready', 5_000, 'a lost connection');
    const from = performance.now();
    const error = await bus.publish(chores, { key: 'a', n: 2 }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'ERR_PUBLISH', maybeStored: true, retryable: true });
    expect(performance.now() - from).toBeLessThan(2_500);
    await redis.start();
    await publishSurely(bus, { key: 'a', n: 3 });
  });

  it('becomes ready when a server comes that was not there', async () => {
    const redis = await ownRedis();
    const { bus } = busOf(redis);
    const seen: number[] = [];
    const subscription = bus.subscribe(chores, { group: 'g' }, ({ data }) => void seen.push(data.n));
    expect(await Promise.race([subscription.ready.then(() => 'ready'), sleep(500, 'waits')])).toBe('waits');
    await redis.start();
    await subscription.ready;
    await publishSurely(bus, { key: 'a', n: 1 });
    await until(() => seen.includes(1), 5_000, 'the message');
  });

  it('goes on after a server that has lost everything', async () => {
    const redis = await ownRedis();
    await redis.start();
    const { bus, client } = busOf(redis);
    const seen: number[] = [];
    const told: string[] = [];
    const subscription = bus.subscribe(chores, { group: 'g' }, ({ data }) => void seen.push(data.n));
    subscription.on('lost', ({ error }) => void told.push(String(error)));
    await subscription.ready;
    await client.flushall();
    await publishSurely(bus, { key: 'a', n: 1 });
    await until(() => seen.includes(1), 10_000, 'the message');
    expect(told.join()).toContain('NOGROUP');
  });

  const count = long ? 10_000 : 1_000;
  it(`loses none of ${count} messages while the server is killed twice`, async () => {
    const redis = await ownRedis();
    await redis.start();
    const publishers = Array.from({ length: 4 }, () => busOf(redis).bus);
    const seen = new Set<number>();
    for (let n = 0; n < 3; n++) {
      const { bus } = busOf(redis);
      const options = { group: 'g', concurrency: 20, leaseMs: 2_000 };
      await bus.subscribe(chores, options, ({ data }) => void seen.add(data.n)).ready;
    }
    const restarts = [Math.floor(count / 3), Math.floor(count / 2)];
    let published = 0;
    let restarting = Promise.resolve();
    const restart = async (): Promise<void> => {
      await redis.kill();
      await sleep(200);
      await redis.start();
    };
    const work = publishers.map(async (bus, at) => {
      for (let n = at; n < count; n += publishers.length * 25) {
        const batch = Array.from({ length: 25 }, (_, place) => n + place * publishers.length);
        await Promise.all(
          batch
            .filter(each => each < count)
            .map(async each => {
              await publishSurely(bus, { key: `k${each % 10}`, n: each });
              if (restarts.includes(++published)) restarting = restarting.then(restart);
            }),
        );
      }
    });
    await Promise.all(work);
    await restarting;
    await until(() => seen.size === count, 60_000, `${count} messages, ${seen.size} by now`);
    expect(seen.size).toBe(count);
  });

  const messages = long ? 10_000 : 600;
  it(`handles or buries each of ${messages} once, in order of their keys, whatever fails`, async () => {
    const random = seededRandom(seed);
    const redis = await ownRedis();
    await redis.start();
    const programs = await BusPrograms.of('bus-consumer.ts');
    onTestFinished(() => programs.clear());
    const log = join(programs.folder, 'log');
    writeFileSync(log, '');
    const url = `redis://127.0.0.1:${redis.port}`;
    const leaseMs = 3_000;
    const orders = { url, prefix: 'keelson', topic: 'chores', leaseMs, log, consumers: 5, hang: false };
    const children = await Promise.all([programs.start(orders, 'ready'), programs.start(orders, 'ready')]);
    const { bus } = busOf(redis);
    const writers = 50;
    const each = messages / writers;
    const all = Array.from({ length: messages }, (_, n) => ({ key: `w${n % writers}`, n }));
    const publishing = Array.from({ length: writers }, async (_, writer) => {
      for (let at = 0; at < each; at++) await publishSurely(bus, all[writer + at * writers]!);
    });
    const faults = async (): Promise<void> => {
      for (let kills = long ? 4 : 1; kills > 0; kills--) {
        await sleep(500 + random() * 1_000);
        const place = random() < 0.5 ? 0 : 1;
        await programs.kill(children[place]!);
        children[place] = await programs.start(orders, 'ready');
      }
      await redis.kill();
      await sleep(200);
      await redis.start();
    };
    await Promise.all([...publishing, faults()]);
    const lines = () => readFileSync(log, 'utf8').trimEnd().split('\n');
    const poison = all.filter(isPoison);
    const letters = bus.deadLetters(chores, 'g');
    const handled = () => new Set(lines()).size;
    const expected = messages - poison.length;
    const enough = until(() => handled() >= expected, 150_000, `${expected} handled`);
    await enough.catch((error: Error) => {
      throw new Error(`${error.message}: ${handled()} by now`);
    });
    await until(
      async () => (await letters.list({ limit: 10_000 })).length >= poison.length,
      30_000,
      'letters',
    );
    expect(existsSync(log)).toBe(true);
    const done = lines().map(line => ({ key: line.split(' ')[0]!, n: Number(line.split(' ')[1]) }));
    const dead = (await letters.list({ limit: 10_000 })).map(({ data }) => (data as Chore).n);
    expect([...new Set(done.map(({ n }) => n))].sort((a, b) => a - b)).toEqual(
      all.filter(chore => !isPoison(chore)).map(({ n }) => n),
    );
    // A publish that was said twice is two messages to the broker, and so may be two dead letters.
    expect([...new Set(dead)].sort((a, b) => a - b)).toEqual(poison.map(({ n }) => n));
    expect(done.filter(isPoison)).toEqual([]);
    expect(all.some(chore => failsFor(chore, 1) && !isPoison(chore))).toBe(true);
    expectOrder(done, writers);
  }, 240_000);
});
