import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { mqtt5 } from '../../src/adapters/mqtt/mqtt5.js';
import { createBus } from '../../src/messaging/driver-bus.js';
import { topic } from '../../src/messaging/topic.js';
import { seededRandom } from '../../src/testing/seeded-random.js';
import { type Chore, failsFor, isPoison } from '../fixtures/bus-chores.js';
import { BusPrograms } from '../fixtures/bus-process.js';
import { mosquittoInstalled, OwnMosquitto } from '../fixtures/mosquitto.js';
import { connectTo, retainedBelow } from '../fixtures/mqtt.js';
import { until } from './eventually.js';

const there = mosquittoInstalled();
/** `npm run test:services` takes its time. */
const long = process.env['SERVICES'] === 'long';
const seed = Number(process.env['SERVICES_SEED'] ?? 20_260_101);

const chores = topic<Chore>('chores', { key: ({ key }) => key });
const leaseMs = 1_000;

async function ownBroker(settings: readonly string[] = []): Promise<OwnMosquitto> {
  const broker = await OwnMosquitto.make(settings);
  onTestFinished(() => broker.remove());
  return broker;
}

function busOf(broker: OwnMosquitto, options: { readonly publishTimeoutMs?: number } = {}) {
  const bus = createBus(mqtt5({ connect: connectTo(broker.url) }), options);
  onTestFinished(() => bus.close());
  return bus;
}

async function programsOf(broker: OwnMosquitto) {
  const programs = await BusPrograms.of('mqtt-consumer.ts');
  onTestFinished(() => programs.clear());
  const log = join(programs.folder, 'log');
  writeFileSync(log, '');
  const orders = { url: broker.url, topic: 'chores', consumers: 1, leaseMs, log, hang: false };
  const lines = () => readFileSync(log, 'utf8').split('\n').filter(Boolean);
  return { programs, orders, lines };
}

/** Publishes until the broker has it: whoever is told that it may be stored says it again under its id. */
async function publishSurely(bus: ReturnType<typeof busOf>, chore: Chore): Promise<void> {
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

const seatsOf = async (broker: OwnMosquitto, group: string): Promise<readonly string[]> =>
  [...(await retainedBelow(broker.url, 'keelson~'))]
    .filter(([name]) => name.startsWith(`keelson~/seats/${group}/`))
    .map(([, holder]) => (holder === 'free' ? 'free' : 'taken'))
    .sort();

describe.skipIf(!there)('a bus over an MQTT broker that fails', () => {
  it('gives a peer what a killed process was handling, and its share, when its lease is over', async () => {
    const broker = await ownBroker();
    await broker.start();
    const { programs, orders } = await programsOf(broker);
    const bus = busOf(broker);
    const begun = programs.start({ ...orders, hang: true }, 'begun');
    await until(async () => (await seatsOf(broker, 'g')).length === 1);
    const publishing = setInterval(() => void bus.publish(chores, { key: 'a', n: 1 }), 100);
    const child = await begun.finally(() => clearInterval(publishing));
    const got: { readonly attempt: number; readonly afterMs: number }[] = [];
    let killedAt = performance.now();
    await bus.subscribe(chores, { group: 'g', leaseMs }, ({ attempt }) => {
      got.push({ attempt, afterMs: performance.now() - killedAt });
    }).ready;
    killedAt = performance.now();
    await programs.kill(child);
    await until(() => got.some(({ attempt }) => attempt === 2), leaseMs + 4_000);
    const again = got.find(({ attempt }) => attempt === 2)!;
    expect(again.afterMs).toBeLessThan(leaseMs + 3_000);
    // Emptied, it is given up: nothing goes there any more.
    await until(async () => (await seatsOf(broker, 'g')).join() === 'taken');
  });

  it('takes no word of a process that was away for too long, and that goes on in another seat', async () => {
    const broker = await ownBroker();
    await broker.start();
    const { programs, orders, lines } = await programsOf(broker);
    const bus = busOf(broker);
    const frozen = await programs.start({ ...orders, hang: false }, 'ready');
    const got: number[] = [];
    await bus.subscribe(chores, { group: 'g', leaseMs }, ({ data }) => void got.push(data.n)).ready;
    frozen.kill('SIGSTOP');
    // None of these can never be handled.
    for (let n = 0; n < 20; n++) await bus.publish(chores, { key: 'a', n });
    // The broker misses its ping after a second and a half, and waits for the lease then.
    await until(() => new Set(got).size === 20, 15_000);
    // Emptied, its session has ended.
    await until(async () => (await seatsOf(broker, 'g')).join() === 'taken', 10_000);
    frozen.kill('SIGCONT');
    await until(async () => (await seatsOf(broker, 'g')).join() === 'taken,taken', 10_000);
    for (let n = 20; n < 40; n++) await bus.publish(chores, { key: 'b', n });
    const theirs = () => lines().filter(line => line.startsWith('b'));
    const done = () => new Set([...got, ...lines().map(line => Number(line.split(' ')[1]))]);
    await until(() => theirs().length >= 10 && done().size === 40, 10_000);
  });

  it('refuses by its deadline what is published while the broker is down: it is not stored', async () => {
    const broker = await ownBroker();
    await broker.start();
    const bus = busOf(broker, { publishTimeoutMs: 500 });
    await bus.publish(chores, { key: 'a', n: 1 });
    await broker.stop('crash');
    await sleep(50);
    const from = performance.now();
    const error = await bus.publish(chores, { key: 'a', n: 2 }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'ERR_PUBLISH', maybeStored: false, retryable: true });
    expect(performance.now() - from).toBeLessThan(2_000);
    await broker.start();
    await publishSurely(bus, { key: 'a', n: 3 });
  });

  it('becomes ready when a broker comes that was not there', async () => {
    const broker = await ownBroker();
    const bus = busOf(broker);
    const seen: number[] = [];
    const subscription = bus.subscribe(chores, { group: 'g' }, ({ data }) => void seen.push(data.n));
    expect(await Promise.race([subscription.ready.then(() => 'ready'), sleep(300, 'waits')])).toBe('waits');
    await broker.start();
    await subscription.ready;
    await publishSurely(bus, { key: 'a', n: 1 });
    await until(() => seen.includes(1), 5_000);
  });

  it('goes on after a broker that has lost everything', async () => {
    const broker = await ownBroker(['persistence false']);
    await broker.start();
    const bus = busOf(broker);
    const seen: number[] = [];
    const told: string[] = [];
    const subscription = bus.subscribe(chores, { group: 'g' }, ({ data }) => void seen.push(data.n));
    subscription.on('lost', ({ error }) => void told.push(`lost ${String(error)}`));
    subscription.on('ready', () => void told.push('ready'));
    await subscription.ready;
    const held = busOf(broker);
    const rest: number[] = [];
    const alone = held.subscribe(chores, { group: null }, ({ data }) => void rest.push(data.n));
    await alone.ready;
    await broker.stop('crash');
    await broker.start();
    await until(() => told.at(-1) === 'ready' && told.some(line => line.startsWith('lost')), 10_000);
    await until(() => alone.snapshot().state === 'consuming', 10_000);
    for (let n = 1; !(seen.includes(n - 1) && rest.includes(n - 1)) && n < 50; n++) {
      await publishSurely(bus, { key: 'a', n });
      await sleep(100);
    }
    expect(seen.length).toBeGreaterThan(0);
    expect(rest.length).toBeGreaterThan(0);
  });

  it('learns of a member that died while the broker was down and said nothing of it', async () => {
    // The broker writes down each change, and so knows a seat as taken whose holder is gone.
    const broker = await ownBroker(['autosave_interval 1', 'autosave_on_changes true']);
    await broker.start();
    const { programs, orders } = await programsOf(broker);
    const child = await programs.start(orders, 'ready');
    const bus = busOf(broker);
    const got: number[] = [];
    await bus.subscribe(chores, { group: 'g', leaseMs }, ({ data }) => void got.push(data.n)).ready;
    await bus.publish(chores, { key: 'a', n: 1 });
    await sleep(200);
    child.kill('SIGSTOP');
    await broker.stop('crash');
    await programs.kill(child);
    await broker.start();
    for (let n = 0; n < 20; n++) await publishSurely(bus, { key: 'a', n: 2 + n });
    await until(() => new Set(got.filter(n => n > 1)).size === 20, 15_000);
    await until(async () => (await seatsOf(broker, 'g')).join() === 'taken');
  });

  it('subscribes again, after a restart, for a group of which nobody is there', async () => {
    const broker = await ownBroker();
    await broker.start();
    const first = busOf(broker);
    await first.subscribe(chores, { group: 'g' }, () => {}).ready;
    const bus = busOf(broker);
    await bus.connect();
    await first.close();
    await broker.stop();
    await broker.start();
    await publishSurely(bus, { key: 'a', n: 1 });
    const got: number[] = [];
    await busOf(broker).subscribe(chores, { group: 'g' }, ({ data }) => void got.push(data.n)).ready;
    await until(() => got.length === 1, 5_000);
  });

  const count = long ? 10_000 : 1_000;
  it(`loses none of ${count} messages while the broker is restarted twice`, async () => {
    const broker = await ownBroker();
    await broker.start();
    const publishers = Array.from({ length: 4 }, () => busOf(broker));
    const seen = new Set<number>();
    for (let n = 0; n < 3; n++) {
      const options = { group: 'g', concurrency: 20, leaseMs: 2_000 };
      await busOf(broker).subscribe(chores, options, ({ data }) => void seen.add(data.n)).ready;
    }
    const restarts = [Math.floor(count / 3), Math.floor(count / 2)];
    let published = 0;
    let restarting = Promise.resolve();
    const restart = async (): Promise<void> => {
      await broker.stop();
      await sleep(200);
      await broker.start();
    };
    const publishOne = async (bus: ReturnType<typeof busOf>, n: number): Promise<void> => {
      await publishSurely(bus, { key: `k${n % 10}`, n });
      if (restarts.includes(++published)) restarting = restarting.then(restart);
    };
    const work = publishers.map(async (bus, at) => {
      for (let n = at; n < count; n += 4 * 25) {
        const batch = Array.from({ length: 25 }, (_, place) => n + place * 4).filter(each => each < count);
        await Promise.all(batch.map(each => publishOne(bus, each)));
      }
    });
    await Promise.all(work);
    await restarting;
    await until(() => seen.size === count, 30_000).catch(() => {});
    expect(seen.size).toBe(count);
  });

  const messages = long ? 10_000 : 600;
  it(`handles or buries each of ${messages}, and none of them both ways, whatever fails`, async () => {
    const random = seededRandom(seed);
    const broker = await ownBroker();
    await broker.start();
    const { programs, orders, lines } = await programsOf(broker);
    const five = { ...orders, consumers: 5 };
    const children = [await programs.start(five, 'ready'), await programs.start(five, 'ready')];
    const bus = busOf(broker);
    const dead = new Set<number>();
    const letters = topic<Chore>('chores.g.dlq');
    const undertaker = { group: 'dead-letters', concurrency: 4 } as const;
    await bus.subscribe(letters, undertaker, ({ data }) => void dead.add(data.n)).ready;
    const writers = 50;
    const all = Array.from({ length: messages }, (_, n) => ({ key: `w${n % writers}`, n }));
    const publishing = Array.from({ length: writers }, async (_, writer) => {
      for (let at = writer; at < messages; at += writers) await publishSurely(bus, all[at]!);
    });
    const faults = async (): Promise<void> => {
      for (let kills = long ? 4 : 1; kills > 0; kills--) {
        await sleep(300 + random() * 700);
        const place = random() < 0.5 ? 0 : 1;
        await programs.kill(children[place]!);
        children[place] = await programs.start(five, 'ready');
      }
      await broker.stop();
      await sleep(200);
      await broker.start();
    };
    await Promise.all([...publishing, faults()]);
    const poison = all.filter(isPoison);
    const done = () => new Set(lines().map(line => Number(line.split(' ')[1])));
    await until(() => done().size >= messages - poison.length && dead.size >= poison.length, 90_000).catch(
      () => {},
    );
    const expected = all.filter(chore => !isPoison(chore)).map(({ n }) => n);
    const byNumber = (a: number, b: number) => a - b;
    expect([...done()].sort(byNumber)).toEqual(expected);
    expect([...dead].sort(byNumber)).toEqual(poison.map(({ n }) => n));
    expect([...done()].filter(n => dead.has(n))).toEqual([]);
    expect(all.some(chore => failsFor(chore, 1) && !isPoison(chore))).toBe(true);
  }, 180_000);
});
