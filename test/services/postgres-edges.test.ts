import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { postgresBus } from '../../src/adapters/postgres/bus.js';
import { postgresDriver } from '../../src/adapters/postgres/bus-driver.js';
import type { PostgresBusOptions } from '../../src/adapters/postgres/bus-options.js';
import { type Clock, systemClock } from '../../src/kernel/clock.js';
import { bytesCodec } from '../../src/messaging/codec.js';
import type { Message } from '../../src/messaging/message.js';
import { topic } from '../../src/messaging/topic.js';
import { until } from './eventually.js';
import { poolOf, serverIsThere } from './postgres-server.js';

interface Sample {
  readonly n: number;
}

const there = await serverIsThere();
const schema = `edges_${process.pid}`;
/** What happens now and then happens ten times as often. */
const hasty: Clock = {
  ...systemClock,
  schedule: (ms, callback, keepAlive) => systemClock.schedule(ms / 10, callback, keepAlive),
};
const pass = (ms: number) => new Promise(resolve => setTimeout(resolve, ms));

describe.skipIf(!there)('a bus over PostgreSQL at its edges', () => {
  const pool = poolOf();
  const buses: { close(): Promise<void> }[] = [];
  const open = (options: Partial<PostgresBusOptions> = {}) => {
    const bus = postgresBus({ client: pool, schema, pollMs: 50, ...options });
    buses.push(bus);
    return bus;
  };
  const one = async (text: string, params: unknown[] = []) => (await pool.query(text, params)).rows[0];
  beforeAll(() => open().connect());
  afterAll(async () => {
    await Promise.all(buses.map(bus => bus.close()));
    await pool.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`);
    await pool.end();
  });

  it('is made once by processes that come at the same time', async () => {
    const own = `${schema}_race`;
    const drivers = Array.from({ length: 8 }, () => postgresDriver({ client: pool, schema: own }));
    await Promise.all(drivers.map(driver => driver.connect()));
    await Promise.all(drivers.map(driver => driver.connect()));
    expect(await one(`SELECT version FROM ${own}.component WHERE name = 'bus'`)).toEqual({ version: 3 });
    await Promise.all(drivers.map(driver => driver.close()));
    await pool.query(`DROP SCHEMA ${own} CASCADE`);
  });

  it('only looks, or not even that, where it may not make anything', async () => {
    const none = `${schema}_none`;
    const checks = open({ schema: none, topology: 'check' });
    await expect(checks.connect()).rejects.toMatchObject({ code: 'ERR_TOPOLOGY' });
    const trusts = open({ schema: none, topology: 'none' });
    await expect(trusts.publish(topic('a'), 1)).rejects.toMatchObject({
      code: 'ERR_PUBLISH',
      retryable: false,
    });
    expect(await one(`SELECT to_regnamespace('${none}') AS made`)).toEqual({ made: null });
    const bus = open({ topology: 'check' });
    const sub = bus.subscribe(topic('edges.no-group'), { group: 'nobody', topology: 'check' }, () => {});
    await expect(sub.ready).rejects.toMatchObject({ code: 'ERR_TOPOLOGY' });
    const alone = bus.subscribe(topic('edges.no-group'), { group: null, topology: 'check' }, () => {});
    await alone.ready;
  });

  it('refuses another order of a group, and deletes nothing', async () => {
    const from = topic<Sample>('edges.order');
    const bus = open();
    const first = bus.subscribe(from, { group: 'g', order: 'key' }, () => {});
    await first.ready;
    await first.close();
    await bus.publish(from, { n: 1 });
    const other = bus.subscribe(from, { group: 'g', order: 'none' }, () => {});
    await expect(other.ready).rejects.toThrow('is kept in the order key, this subscription asks for none');
    const left = `SELECT count(*)::int AS left FROM ${schema}.delivery JOIN ${schema}.message USING (pos)
      WHERE topic = $1`;
    expect(await one(left, [from.name])).toEqual({ left: 1 });
  });

  it('carries keys, ids and headers of any characters at all', async () => {
    const from = topic<Sample>('edges.texts');
    const bus = open();
    const seen: Message[] = [];
    await bus.subscribe(from, { group: 'g', order: 'key' }, message => void seen.push(message)).ready;
    const texts = ['\0', 'a\0b', '\ud800', '"quoted"', '😀', "it's; DROP", '\\x00', '{1,2}', ' ', '\u202e'];
    for (const text of texts) await bus.publish(from, { n: 1 }, { id: text, key: text, headers: { text } });
    for (const text of texts) {
      expect(await bus.publish(from, { n: 1 }, { id: text })).toMatchObject({ duplicate: true });
    }
    await until(() => seen.length >= texts.length);
    for (const facts of ['id', 'key'] as const) {
      expect(seen.map(message => message[facts]).sort()).toEqual([...texts].sort());
    }
    expect(seen.map(({ headers }) => headers['text']).sort()).toEqual([...texts].sort());
  });

  it('carries the largest message, and refuses one byte more', async () => {
    const from = topic<Uint8Array>('edges.large');
    const bus = open({ codec: bytesCodec, maxRecordBytes: 65_536 });
    const sizes: number[] = [];
    await bus.subscribe(from, { group: 'g' }, ({ data }) => void sizes.push(data.byteLength)).ready;
    let low = 0;
    let high = 65_536;
    // How much room the headers take is for the bus to say.
    while (low < high) {
      const size = Math.ceil((low + high) / 2);
      const sent = bus.publish(from, new Uint8Array(size), { id: `${size}` });
      if (
        await sent.then(
          () => true,
          () => false,
        )
      )
        low = size;
      else high = size - 1;
    }
    const over = bus.publish(from, new Uint8Array(low + 1), { id: `${low}` });
    await expect(over).rejects.toMatchObject({ code: 'ERR_RECORD_TOO_LARGE' });
    await until(() => sizes.includes(low));
    const large = open({ codec: bytesCodec, maxRecordBytes: 9 * 1_048_576 });
    await large.publish(from, new Uint8Array(8 * 1_048_576));
    await until(() => sizes.includes(8 * 1_048_576));
    expect(low).toBeGreaterThan(65_536 - 1_024);
  });

  it('knows a message again within a batch and across batches, and each topic by itself', async () => {
    const [from, other] = [topic<Sample>('edges.twice'), topic<Sample>('edges.twice-other')];
    const bus = open();
    const seen: number[] = [];
    await bus.subscribe(from, { group: 'g' }, ({ data }) => void seen.push(data.n)).ready;
    const sent = await Promise.all([1, 2].map(n => bus.publish(from, { n }, { id: 'same' })));
    expect(sent.map(({ duplicate }) => duplicate)).toEqual([false, true]);
    expect(await bus.publish(from, { n: 3 }, { id: 'same' })).toMatchObject({ duplicate: true });
    expect(await bus.publish(other, { n: 4 }, { id: 'same' })).toMatchObject({ duplicate: false });
    await until(() => seen.length > 0);
    await pass(200);
    expect(seen).toEqual([1]);
  });

  it('goes round deep lanes: a blocked one starves no other', async () => {
    const from = topic<Sample & { readonly key: string }>('edges.lanes', { key: ({ key }) => key });
    const bus = open();
    const first = bus.subscribe(from, { group: 'g', order: 'key' }, () => {});
    await first.ready;
    await first.close();
    const deep = Array.from({ length: 2_000 }, (_, n) => ({ n, key: 'deep' }));
    await bus.publishAll(from, deep);
    await bus.publishAll(
      from,
      Array.from({ length: 90 }, (_, n) => ({ n, key: `k${n}` })),
    );
    const seen: string[] = [];
    const failure = { redeliver: [60_000] };
    const options = { group: 'g', order: 'key', concurrency: 4, failure } as const;
    await bus.subscribe(from, options, ({ data }) => {
      if (data.key === 'deep') throw new Error('not now');
      seen.push(data.key);
    }).ready;
    await until(() => seen.length >= 90);
    expect(new Set(seen).size).toBe(90);
  });

  it('does not run one lane twice when an earlier position commits later', async () => {
    const from = topic<Sample>('edges.late');
    const bus = open();
    const order: string[] = [];
    const handler = async ({ data }: Message<Sample>) => {
      order.push(`+${data.n}`);
      await pass(400);
      order.push(`-${data.n}`);
    };
    const options = { group: 'g', order: 'key', concurrency: 4 } as const;
    await Promise.all([open(), open()].map(each => each.subscribe(from, options, handler).ready));
    const client = await pool.connect();
    await client.query('BEGIN');
    await bus.publish(from, { n: 1 }, { key: 'k', transaction: client });
    await bus.publish(from, { n: 2 }, { key: 'k' });
    await until(() => order.includes('+2'));
    await client.query('COMMIT');
    client.release();
    await until(() => order.includes('-1'));
    expect(order).toEqual(['+2', '-2', '+1', '-1']);
  });

  it('makes a group again that somebody deleted, and says so', async () => {
    const bus = open({ clock: hasty });
    const from = topic<Sample>('edges.deleted');
    const lost: unknown[] = [];
    const seen: number[] = [];
    const sub = bus.subscribe(from, { group: null }, ({ data }) => void seen.push(data.n));
    sub.on('lost', ({ error }) => void lost.push(error));
    await sub.ready;
    await pool.query(`DELETE FROM ${schema}.member_group WHERE pattern = $1`, [from.name]);
    const exists = async () =>
      (await one(`SELECT count(*)::int AS n FROM ${schema}.member_group WHERE pattern = $1`, [from.name])).n >
      0;
    await until(exists, 40_000);
    await bus.publish(from, { n: 1 });
    await until(() => seen.length > 0);
    expect(lost).toHaveLength(1);
  });

  it('deletes what nobody needs, and nothing else', async () => {
    const own = `${schema}_clean`;
    const bus = open({ schema: own, retainMs: 0, retainDeadLettersMs: 0, clock: hasty });
    const from = topic<Sample>('edges.clean');
    const seen: number[] = [];
    const sub = bus.subscribe(from, { group: 'g' }, ({ data }) => void seen.push(data.n));
    await sub.ready;
    await bus.publishAll(
      from,
      Array.from({ length: 300 }, (_, n) => ({ n })),
    );
    await until(() => seen.length === 300);
    await sub.close();
    await bus.publish(from, { n: 300 });
    await bus.publish(from, { n: 301 }, { ttlMs: 1 });
    await pool.query(`INSERT INTO ${own}.dead_letter (group_name, topic, headers, body, died_at)
      VALUES ('g', 't', '{}', '', now() - interval '1 day')`);
    await pool.query(`INSERT INTO ${own}.member_group (pattern, ordering, alive_until)
      VALUES ('x', 'none', now() - interval '1 hour')`);
    const counts = `SELECT (SELECT count(*)::int FROM ${own}.message) AS messages,
      (SELECT count(*)::int FROM ${own}.delivery) AS deliveries,
      (SELECT count(*)::int FROM ${own}.dead_letter) AS dead,
      (SELECT count(*)::int FROM ${own}.member_group) AS groups`;
    const clean = { messages: 1, deliveries: 1, dead: 0, groups: 1 };
    await until(async () => JSON.stringify(await one(counts)) === JSON.stringify(clean), 60_000);
    const again = bus.subscribe(from, { group: 'g' }, ({ data }) => void seen.push(data.n));
    await until(() => seen.includes(300));
    await again.close();
    await pool.query(`DROP SCHEMA ${own} CASCADE`);
  });

  it('wakes members of other processes by a notification, and does without when it is cut off', async () => {
    const from = topic<Sample>('edges.notified');
    const facts = { notifications: pool, pollMs: 20_000 };
    const [out, into] = [open(facts), open(facts)];
    const seen: number[] = [];
    await into.subscribe(from, { group: 'g' }, ({ data }) => void seen.push(data.n)).ready;
    const listening = `SELECT pid FROM pg_stat_activity WHERE query = 'LISTEN keelson_${schema}'`;
    await until(async () => (await one(listening)) !== undefined);
    // By now it looks every few seconds only.
    await pass(4_000);
    const startedAt = performance.now();
    await out.publish(from, { n: 1 });
    await until(() => seen.length > 0);
    expect(performance.now() - startedAt).toBeLessThan(1_500);
    const { pid } = await one(listening);
    await pool.query('SELECT pg_terminate_backend($1)', [pid]);
    await until(async () => ((await one(listening))?.pid ?? pid) !== pid);
    await out.publish(from, { n: 2 });
    await until(() => seen.length > 1);
  });
});
