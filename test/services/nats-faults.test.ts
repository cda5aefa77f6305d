import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { jetstreamManager } from '@nats-io/jetstream';
import { describe, expect, it, onTestFinished } from 'vitest';
import { jetStream } from '../../src/adapters/nats/jetstream.js';
import { createBus } from '../../src/messaging/driver-bus.js';
import { topic } from '../../src/messaging/topic.js';
import { seededRandom } from '../../src/testing/seeded-random.js';
import { type Chore, isPoison } from '../fixtures/bus-chores.js';
import { BusPrograms } from '../fixtures/bus-process.js';
import { natsServerInstalled, OwnNats } from '../fixtures/nats-server.js';
import { until } from './eventually.js';

const there = natsServerInstalled();
/** `npm run test:services` takes its time. */
const long = process.env['SERVICES'] === 'long';
const seed = Number(process.env['SERVICES_SEED'] ?? 20_260_101);

const chores = topic<Chore>('chores', { key: ({ key }) => key });

async function ownNats(): Promise<OwnNats> {
  const nats = await OwnNats.make();
  onTestFinished(() => nats.clear());
  await nats.start();
  return nats;
}

async function busOf(nats: OwnNats, options: { readonly publishTimeoutMs?: number } = {}) {
  const client = await nats.client();
  const bus = createBus(jetStream({ client }), options);
  onTestFinished(async () => {
    await bus.close();
    await client.close();
  });
  return { bus, client };
}

type Bus = Awaited<ReturnType<typeof busOf>>['bus'];

const isDown = (client: { readonly info?: unknown }): boolean => client.info === undefined;

/** Publishes until the broker has it: whoever is told that it may be stored says it again under its id. */
async function publishSurely(bus: Bus, chore: Chore): Promise<void> {
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

describe.skipIf(!there)('a bus over a JetStream that fails', () => {
  it('gives a peer what a killed process was handling, within its lease', async () => {
    const nats = await ownNats();
    const programs = await BusPrograms.of('nats-consumer.ts');
    onTestFinished(() => programs.clear());
    const { bus } = await busOf(nats);
    const leaseMs = 1_500;
    const orders = { url: nats.url, topic: 'chores', leaseMs, log: join(programs.folder, 'log') };
    const begun = programs.start({ ...orders, consumers: 1, hang: true }, 'begun');
    // The group is there when the process has joined it.
    const publishing = setInterval(() => void bus.publish(chores, { key: 'a', n: 1 }), 200);
    const child = await begun.finally(() => clearInterval(publishing));
    await programs.kill(child);
    const killedAt = performance.now();
    const got: { readonly attempt: number; readonly afterMs: number }[] = [];
    await bus.subscribe(chores, { group: 'g', leaseMs }, ({ attempt }) => {
      if (attempt > 1) got.push({ attempt, afterMs: performance.now() - killedAt });
    }).ready;
    await until(() => got.length > 0, leaseMs + 3_000);
    expect(got[0]?.attempt).toBe(2);
    expect(got[0]?.afterMs).toBeLessThan(leaseMs + 1_500);
  });

  it('refuses what is published while the server is down by its deadline, and never sends it', async () => {
    const nats = await ownNats();
    const { bus, client } = await busOf(nats, { publishTimeoutMs: 500 });
    await bus.publish(chores, { key: 'a', n: 1 });
    await nats.stop();
    await until(() => isDown(client));
    const from = performance.now();
    const error = await bus.publish(chores, { key: 'a', n: 2 }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'ERR_PUBLISH', maybeStored: false, retryable: true });
    expect(performance.now() - from).toBeLessThan(1_500);
    await nats.start();
    await publishSurely(bus, { key: 'a', n: 3 });
    const { state } = await (await jetstreamManager(client)).streams.info('keelson');
    expect(state.messages).toBe(2);
  });

  it('says of what a server does not answer to that it may be stored, and stores it once', async () => {
    const nats = await ownNats();
    const { bus, client } = await busOf(nats, { publishTimeoutMs: 500 });
    await bus.publish(chores, { key: 'a', n: 1 });
    await nats.freeze(true);
    const chore = { key: 'a', n: 2 };
    const error = await bus.publish(chores, chore, { id: 'once' }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'ERR_PUBLISH', maybeStored: true, retryable: true });
    await nats.freeze(false);
    expect(await bus.publish(chores, chore, { id: 'once' })).toMatchObject({ duplicate: true });
    const { state } = await (await jetstreamManager(client)).streams.info('keelson');
    expect(state.messages).toBe(2);
  });

  it('becomes ready when the server comes back, and tells of it', async () => {
    const nats = await ownNats();
    const { bus, client } = await busOf(nats);
    await bus.connect();
    const told: string[] = [];
    const seen: number[] = [];
    const before = bus.subscribe(chores, { group: 'before' }, ({ data }) => void seen.push(data.n));
    before.on('lost', () => void told.push('lost'));
    before.on('ready', () => void told.push('ready'));
    await before.ready;
    await nats.stop();
    await until(() => isDown(client));
    const late = bus.subscribe(chores, { group: 'late' }, ({ data }) => void seen.push(data.n));
    expect(await Promise.race([late.ready.then(() => 'ready'), sleep(300, 'waits')])).toBe('waits');
    await nats.start();
    await late.ready;
    await publishSurely(bus, { key: 'a', n: 1 });
    await until(() => seen.length === 2);
    expect(told).toEqual(['ready', 'lost', 'ready']);
  });

  it('settles after a restart what was handed over before it', async () => {
    const nats = await ownNats();
    const { bus, client } = await busOf(nats);
    let goOn = (): void => {};
    const attempts: number[] = [];
    const consume = bus.subscribe(chores, { group: 'g' }, async ({ attempt }) => {
      attempts.push(attempt);
      await new Promise<void>(resolve => {
        goOn = resolve;
      });
    });
    const unsettled: unknown[] = [];
    consume.on('unsettled', ({ error }) => void unsettled.push(error));
    await consume.ready;
    await bus.publish(chores, { key: 'a', n: 1 });
    await until(() => attempts.length === 1);
    const manager = await jetstreamManager(client);
    await nats.stop('SIGTERM');
    await until(() => isDown(client));
    goOn();
    await sleep(100);
    await nats.start();
    await until(() => !isDown(client));
    await until(async () => {
      const info = await manager.consumers.info('keelson', 'g,chores').catch(() => undefined);
      return info?.num_ack_pending === 0 && info.ack_floor.stream_seq === 1;
    });
    expect([attempts, unsettled]).toEqual([[1], []]);
  });

  it('goes on after a server that has lost everything, with a group and without', async () => {
    const nats = await ownNats();
    const { bus, client } = await busOf(nats);
    const seen: string[] = [];
    for (const group of ['g', null]) {
      await bus.subscribe(chores, { group }, ({ data }) => void seen.push(`${group} ${data.n}`)).ready;
    }
    for (const n of [1, 2, 3]) await publishSurely(bus, { key: 'a', n });
    await until(() => seen.length === 6);
    await nats.stop();
    await until(() => isDown(client));
    await nats.forget();
    await nats.start();
    await publishSurely(bus, { key: 'a', n: 4 });
    await until(() => seen.length === 8);
    expect(seen.slice(6).sort()).toEqual(['g 4', 'null 4']);
  });

  it('makes a consumer again that somebody has deleted, where it was', async () => {
    const nats = await ownNats();
    const { bus, client } = await busOf(nats);
    const seen: number[] = [];
    const told: string[] = [];
    const consume = bus.subscribe(chores, { group: 'g' }, ({ data }) => void seen.push(data.n));
    consume.on('lost', ({ error }) => void told.push(String(error)));
    await consume.ready;
    for (const n of [1, 2]) await bus.publish(chores, { key: 'a', n });
    await until(() => seen.length === 2);
    const { consumers } = await jetstreamManager(client);
    // Whoever has just settled has not asked for more yet, and is told of nothing.
    await until(async () => {
      const { num_waiting: asking, num_ack_pending: open } = await consumers.info('keelson', 'g,chores');
      return asking > 0 && open === 0;
    });
    await consumers.delete('keelson', 'g,chores');
    await bus.publish(chores, { key: 'a', n: 3 });
    await until(() => seen.length >= 3, 20_000);
    expect(seen).toEqual([1, 2, 3]);
    expect(told.join()).toContain('409');
  });

  const count = long ? 10_000 : 1_000;
  it(`loses none of ${count} messages while the server is killed twice`, async () => {
    const nats = await ownNats();
    const publishers: Bus[] = [];
    for (let n = 0; n < 4; n++) publishers.push((await busOf(nats)).bus);
    const seen = new Set<number>();
    for (let n = 0; n < 3; n++) {
      const { bus } = await busOf(nats);
      const options = { group: 'g', concurrency: 20, leaseMs: 2_000 };
      await bus.subscribe(chores, options, ({ data }) => void seen.add(data.n)).ready;
    }
    const restarts = [Math.floor(count / 3), Math.floor(count / 2)];
    let published = 0;
    let restarting = Promise.resolve();
    const restart = async (): Promise<void> => {
      await nats.stop();
      await sleep(200);
      await nats.start();
    };
    const work = publishers.map(async (bus, at) => {
      for (let n = at; n < count; n += publishers.length * 25) {
        const batch = Array.from({ length: 25 }, (_, place) => n + place * publishers.length);
        const sent = batch
          .filter(each => each < count)
          .map(async each => {
            await publishSurely(bus, { key: `k${each % 10}`, n: each });
            if (restarts.includes(++published)) restarting = restarting.then(restart);
          });
        await Promise.all(sent);
      }
    });
    await Promise.all(work);
    await restarting;
    await until(() => seen.size === count, 60_000);
    expect(seen.size).toBe(count);
  });

  const messages = long ? 10_000 : 600;
  it(`handles or buries each of ${messages}, whatever fails`, async () => {
    const random = seededRandom(seed);
    const nats = await ownNats();
    const programs = await BusPrograms.of('nats-consumer.ts');
    onTestFinished(() => programs.clear());
    const log = join(programs.folder, 'log');
    writeFileSync(log, '');
    const orders = { url: nats.url, topic: 'chores', leaseMs: 3_000, log, consumers: 5, hang: false };
    const children = await Promise.all([programs.start(orders, 'ready'), programs.start(orders, 'ready')]);
    const { bus } = await busOf(nats);
    const writers = 50;
    const each = messages / writers;
    const all = Array.from({ length: messages }, (_, n) => ({ key: `w${n % writers}`, n }));
    const publishing = Array.from({ length: writers }, async (_, writer) => {
      for (let at = 0; at < each; at++) await publishSurely(bus, all[writer + at * writers]!);
    });
    const faults = async (): Promise<void> => {
      for (let kills = long ? 4 : 1; kills > 0; kills--) {
        await sleep(100 + random() * 500);
        const place = random() < 0.5 ? 0 : 1;
        await programs.kill(children[place]!);
        children[place] = await programs.start(orders, 'ready');
      }
      await nats.stop();
      await sleep(200);
      await nats.start();
    };
    await Promise.all([...publishing, faults()]);
    const lines = () => readFileSync(log, 'utf8').trimEnd().split('\n');
    const poison = all.filter(isPoison);
    const letters = bus.deadLetters(chores, 'g');
    await until(() => new Set(lines()).size >= messages - poison.length, 90_000);
    // The client may still be on its way back to the server.
    const buried = () => letters.list({ limit: 10_000 }).catch(() => []);
    await until(async () => (await buried()).length >= poison.length, 30_000);
    const done = lines().map(line => Number(line.split(' ')[1]));
    const dead = (await letters.list({ limit: 10_000 })).map(({ data }) => (data as Chore).n);
    expect([...new Set(done)].sort((a, b) => a - b)).toEqual(
      all.filter(chore => !isPoison(chore)).map(({ n }) => n),
    );
    // What is published, or copied, twice is known again by its id.
    expect(dead.sort((a, b) => a - b)).toEqual(poison.map(({ n }) => n));
  });
});
