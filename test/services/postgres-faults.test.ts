import { fork } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { postgresBus } from '../../src/adapters/postgres/bus.js';
import { topic } from '../../src/messaging/topic.js';
import { until } from './eventually.js';
import { OwnPostgres } from './own-postgres.js';
import { poolOf, serverIsThere } from './postgres-server.js';

interface Sample {
  readonly n: number;
  readonly key: string;
}

const long = process.env['SERVICES'] === 'long';
const there = await serverIsThere();
const upTo = (count: number) => Array.from({ length: count }, (_, at) => at + 1);
const pass = (ms: number) => new Promise(resolve => setTimeout(resolve, ms));

describe.skipIf(!there)('a bus over a PostgreSQL that fails', () => {
  const server = new OwnPostgres();
  const folder = mkdtempSync(join(tmpdir(), 'keelson-faults-'));
  const log = (name: string) => join(folder, name);
  const lines = (name: string) => {
    try {
      return readFileSync(log(name), 'utf8').split('\n').filter(Boolean);
    } catch {
      return [];
    }
  };
  beforeAll(() => server.create());
  afterAll(async () => {
    await server.remove();
    rmSync(folder, { recursive: true });
  });

  const consumer = async (name: string, facts: object) => {
    const told = {
      config: server.config,
      schema: 'faults',
      group: 'g',
      order: 'none',
      log: log(name),
      ...facts,
    };
    const child = fork(join(import.meta.dirname, 'postgres-consumer.mjs'), [JSON.stringify(told)]);
    await new Promise((resolve, reject) => {
      child.once('message', resolve);
      child.once('exit', () => reject(new Error('the consumer ended')));
    });
    const ended = new Promise(resolve => child.once('exit', resolve));
    const kill = async () => {
      child.kill('SIGKILL');
      await ended;
    };
    return { kill };
  };

  it('hands to a peer what a killed process was handling, when its lease is over', async () => {
    const from = topic<Sample>('faults.killed');
    const victim = await consumer('victim', { topic: from.name, handlerMs: 60_000, leaseMs: 1_500 });
    const pool = poolOf(server.config);
    const bus = postgresBus({ client: pool, schema: 'faults' });
    await bus.publish(from, { n: 1, key: 'a' });
    await until(() => lines('victim').includes('begun 1'));
    // It extends its lease for as long as it lives.
    await pass(3_000);
    const seen: number[] = [];
    const peer = bus.subscribe(
      from,
      { group: 'g', leaseMs: 1_500 },
      ({ attempt }) => void seen.push(attempt),
    );
    await peer.ready;
    await pass(500);
    expect(seen).toEqual([]);
    const killedAt = performance.now();
    await victim.kill();
    await until(() => seen.length > 0);
    expect(performance.now() - killedAt).toBeLessThan(1_500 + 2_000);
    expect(seen).toEqual([2]);
    await bus.close();
    await pool.end();
  });

  it('loses nothing of 10 000 messages while the server stops and crashes', async () => {
    const count = long ? 10_000 : 2_000;
    const from = topic<Sample>('faults.restarted');
    const pools = [poolOf(server.config), poolOf(server.config)];
    const [out, into] = pools.map(client =>
      postgresBus({ client, schema: 'faults', publishTimeoutMs: 60_000 }),
    );
    const seen = new Set<number>();
    const events: string[] = [];
    const options = { group: 'g', concurrency: 20, leaseMs: 5_000 } as const;
    const sub = into!.subscribe(from, options, ({ data }) => void seen.add(data.n));
    sub.on('lost', () => void events.push('lost'));
    sub.on('ready', () => void events.push('ready'));
    await sub.ready;
    const restart = async (how: 'crash' | 'fast') => {
      await server.stop(how);
      await pass(300);
      await server.start();
    };
    let confirmed = 0;
    const publishing = (async () => {
      for (let n = 1; n <= count; n += 50) {
        const batch = upTo(50).map(at => out!.publish(from, { n: n + at - 1, key: 'a' }));
        confirmed += (await Promise.all(batch)).length;
      }
    })();
    await until(() => confirmed > count / 3, 60_000);
    await restart('fast');
    await until(() => confirmed > count / 2, 60_000);
    await restart('crash');
    await publishing;
    await until(() => seen.size === count, 60_000);
    expect(events.filter(name => name === 'lost').length).toBeGreaterThan(0);
    expect(events.at(-1)).toBe('ready');
    await Promise.all([out!.close(), into!.close()]);
    await Promise.all(pools.map(pool => pool.end()));
  });

  it('rejects by its deadline while the server is down, and comes back by itself', async () => {
    const from = topic<Sample>('faults.down');
    const pool = poolOf(server.config);
    const bus = postgresBus({ client: pool, schema: 'faults', publishTimeoutMs: 1_000 });
    await bus.connect();
    await server.stop();
    const startedAt = performance.now();
    const error = await bus.publish(from, { n: 1, key: 'a' }).catch((thrown: unknown) => thrown);
    expect(performance.now() - startedAt).toBeLessThan(3_000);
    expect(error).toMatchObject({ code: 'ERR_PUBLISH', retryable: true, maybeStored: false });
    const seen: number[] = [];
    const sub = bus.subscribe(from, { group: 'g' }, ({ data }) => void seen.push(data.n));
    let ready = false;
    void sub.ready.then(() => {
      ready = true;
    });
    await pass(500);
    expect(ready).toBe(false);
    await server.start();
    await sub.ready;
    await bus.publish(from, { n: 2, key: 'a' });
    await until(() => seen.length > 0);
    expect(seen).toEqual([2]);
    await bus.close();
    await pool.end();
  });

  it('keeps every promise among 50 publishers, 10 consumers, failures, kills and a crash', async () => {
    const perPublisher = long ? 200 : 30;
    const from = topic<Sample>('faults.all', { key: ({ key }) => key });
    const names = upTo(4).map(n => `all-${n}`);
    const facts = { topic: from.name, order: 'key', handlerMs: 1, leaseMs: 2_000 };
    const children = await Promise.all(names.map(name => consumer(name, facts)));
    const pool = poolOf(server.config);
    const buses = upTo(6).map(() =>
      postgresBus({ client: pool, schema: 'faults', publishTimeoutMs: 60_000 }),
    );
    const handled: { n: number; key: string }[] = [];
    const running = new Set<string>();
    let overlaps = 0;
    const failure = { redeliver: upTo(50).map(() => 20) };
    const options = { group: 'g', order: 'key', concurrency: 8, leaseMs: 2_000, failure } as const;
    const subs = buses.map(bus =>
      bus.subscribe(from, options, async ({ data }) => {
        if (running.has(data.key)) overlaps++;
        running.add(data.key);
        try {
          await pass(1);
          if (Math.random() < 0.05) throw new Error('not this time');
          handled.push(data);
        } finally {
          running.delete(data.key);
        }
      }),
    );
    await Promise.all(subs.map(sub => sub.ready));
    const confirmed: number[] = [];
    const publishers = upTo(50).map(async at => {
      for (const turn of upTo(perPublisher)) {
        const n = at * 1_000 + turn;
        await buses[at % 6]!.publish(from, { n, key: `k${at}` });
        confirmed.push(n);
      }
    });
    const total = 50 * perPublisher;
    await until(() => confirmed.length > total / 4, 60_000);
    await children[0]!.kill();
    await until(() => confirmed.length > total / 2, 60_000);
    await server.stop('crash');
    await pass(200);
    await server.start();
    await children[1]!.kill();
    await Promise.all(publishers);
    const doneOf = (name: string) =>
      lines(name)
        .filter(line => line.startsWith('done '))
        .map(line => Number(line.split(' ')[1]));
    const all = () => new Set([...handled.map(({ n }) => n), ...names.flatMap(doneOf)]);
    await until(() => all().size === total, 100_000);
    await until(async () => {
      const { rows } = await pool.query(
        `SELECT count(*)::int AS left FROM faults.delivery d JOIN faults.message m USING (pos)
         WHERE m.topic = $1`,
        [from.name],
      );
      return rows[0].left === 0;
    });
    expect([...all()].sort((a, b) => a - b)).toEqual([...confirmed].sort((a, b) => a - b));
    const dead = await buses[0]!.deadLetters(from, 'g').list();
    expect(dead).toEqual([]);
    expect(overlaps).toBe(0);
    for (const at of upTo(50)) {
      const mine = handled.filter(({ key }) => key === `k${at}`).map(({ n }) => n);
      // Whatever comes twice stands where it stood: the first time of each is in order.
      const firsts = [...new Set(mine)];
      expect(firsts).toEqual([...firsts].sort((a, b) => a - b));
    }
    await Promise.all(children.map(child => child.kill()));
    await Promise.all(buses.map(bus => bus.close()));
    await pool.end();
  });
});
