import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PostgresClient } from '../../src/adapters/postgres/client.js';
import { PostgresEventLog } from '../../src/adapters/postgres/event-log.js';
import { PostgresProjectionStore } from '../../src/adapters/postgres/projection-store.js';
import { Projection } from '../../src/events/projection.js';
import { seededRandom } from '../../src/testing/seeded-random.js';
import { freshPglite } from '../fixtures/pglite.js';
import { inTransaction } from './outbox-storm.js';
import { poolOf, serverConfig, serverIsThere } from './postgres-server.js';

interface Events {
  readonly changed: { readonly key: string; readonly n: number };
}
const there = await serverIsThere();
const pool = poolOf({ ...serverConfig, max: 20 });
const schemaOf = (name: string) => `events_${process.pid}_${name}`;
afterAll(() => pool.end());

const changed = (key: string, n: number) => ({ type: 'changed', data: { key, n } });
const said = (events: readonly { readonly data: unknown }[]) => events.map(({ data }) => Object(data).n);

describe('a log of events in PGlite', () => {
  it('has what was committed, in its order, with version and time', async () => {
    const client = await freshPglite();
    const log = new PostgresEventLog({ client });
    await log.connect();
    expect([await log.read(undefined, 10), await log.last()]).toEqual([[], 0]);
    await client.transaction(tx => log.append(tx, [changed('a', 1), { ...changed('a', 2), version: 3 }]));
    const undone = client.transaction(async tx => {
      await log.append(tx, changed('a', 9));
      throw new Error('changed my mind');
    });
    await expect(undone).rejects.toThrow('changed my mind');
    await log.append(client, changed('b', 3));
    const first = await log.read(undefined, 2);
    expect(first).toMatchObject([
      { position: 1, type: 'changed', version: 1, data: { key: 'a', n: 1 } },
      { position: 2, type: 'changed', version: 3, data: { key: 'a', n: 2 } },
    ]);
    expect(Math.abs(Date.now() - first[0]!.at!)).toBeLessThan(60_000);
    expect(said(await log.read(2, 2))).toEqual([3]);
    expect([await log.last(), await log.purge(2, 1), await log.purge(2), await log.purge(2)]).toEqual([
      3, 1, 1, 0,
    ]);
    expect(said(await log.read(undefined, 10))).toEqual([3]);
    await client.close();
  });
});

describe.skipIf(!there)('a log of events in PostgreSQL', () => {
  const schema = schemaOf('laws');
  const log = new PostgresEventLog({ client: pool, schema, maxBodyBytes: 100, maxEvents: 3 });
  beforeAll(() => log.connect());
  afterAll(async () => void (await pool.query(`DROP SCHEMA ${schema} CASCADE`)));

  it('passes over nothing that commits late, and waits for nothing', async () => {
    const [late, open] = [await pool.connect(), await pool.connect()];
    await open.query('BEGIN; SELECT pg_current_xact_id()');
    await late.query('BEGIN');
    await log.append(late, changed('a', 1));
    await log.append(pool, changed('b', 2));
    const before = await log.last();
    const [seen] = await log.read(undefined, 10);
    expect([seen?.position, said([seen!])]).toEqual([before, [2]]);
    await late.query('COMMIT');
    expect(said(await log.read(before, 10))).toEqual([1]);
    expect(await log.last()).toBe(before + 1);
    await open.query('ROLLBACK');
    late.release();
    open.release();
  });

  it('refuses what it cannot keep within the transaction, which goes on without it', async () => {
    const before = await log.last();
    const circle: Record<string, unknown> = {};
    circle['self'] = circle;
    await inTransaction(pool, async tx => {
      for (const data of [circle, 1n, () => 1, undefined, new Map(), 'x'.repeat(99)]) {
        await expect(log.append(tx, { type: 'changed', data })).rejects.toThrow(/^append: `data` must be /);
      }
      for (const type of ['', 'x'.repeat(256), '\0', 7 as never]) {
        await expect(log.append(tx, { type, data: 1 })).rejects.toThrow(
          'append: `type` must be a text of 1 to',
        );
      }
      await expect(log.append(tx, { type: 'changed', data: 1, version: 0 })).rejects.toThrow('`version`');
      const many = [1, 2, 3, 4].map(n => changed('a', n));
      await expect(log.append(tx, many)).rejects.toThrow('`events` must be a list of at most 3, got 4');
      await log.append(tx, []);
      await log.append(tx, changed('c', 7));
    });
    expect(said(await log.read(before, 10))).toEqual([7]);
  });

  it('gives each position once, without a gap, whoever looks at the same time', async () => {
    const before = await log.last();
    await Promise.all(Array.from({ length: 60 }, (_, n) => log.append(pool, changed('d', n))));
    const looks = await Promise.all(Array.from({ length: 8 }, () => log.read(before, 100)));
    const all = await log.read(before, 100);
    expect(all.map(({ position }) => position)).toEqual(Array.from({ length: 60 }, (_, n) => before + n + 1));
    // Each saw the beginning of it, and nothing else.
    for (const look of looks) expect(look).toEqual(all.slice(0, look.length));
  });

  it.each([
    [{ client: {} }, /`client` must be what has a `query/],
    [{ client: pool, maxBodyBytes: 0 }, /`maxBodyBytes` must be/],
    [{ client: pool, maxEvents: 1.5 }, /`maxEvents` must be/],
    [{ client: pool, retentionMs: 1 }, /`retentionMs`/],
  ])('is refused when it is told what it does not know: %#', (options, words) => {
    expect(() => new PostgresEventLog(options as never)).toThrow(words);
  });
});

/** Sums up by key, and says when an event comes before one that belongs before it. */
function projectionOf(schema: string, log: PostgresEventLog, version: number) {
  const store = new PostgresProjectionStore({ client: pool, schema });
  const add = `INSERT INTO ${schema}.sum_${version} AS s VALUES ($1, $2)
    ON CONFLICT (key) DO UPDATE SET n = $2 WHERE s.n = $2 - 1 RETURNING n`;
  const on = {
    changed: async (
      _: undefined,
      { key, n }: Events['changed'],
      context: { transaction: PostgresClient },
    ) => {
      const { rows } = await context.transaction.query(add, [key, n]);
      if (rows.length === 0) throw new Error(`${n} of ${key} does not follow`);
      return undefined;
    },
  };
  const rules = { name: 'sum', version, feed: log, store, batch: 20, pollMs: 20 };
  return new Projection<Events, undefined, PostgresClient>({ ...rules, init: () => undefined, on });
}

async function produce(
  schema: string,
  log: PostgresEventLog,
  producers: number,
  each: number,
): Promise<void> {
  const random = seededRandom(11);
  const lane = async (): Promise<void> => {
    for (let done = 0; done < each; done++) {
      const [key, early, fails] = [`k${Math.floor(6 * random())}`, random() < 0.5, random() < 0.1];
      await inTransaction(pool, async tx => {
        if (early) {
          await tx.query('SELECT pg_current_xact_id()');
          await sleep(5 * random());
        }
        const next = `UPDATE ${schema}.aggregate SET n = n + 1 WHERE key = $1 RETURNING n`;
        const { rows } = await tx.query<{ n: number }>(next, [key]);
        await log.append(tx, changed(key, rows[0]!.n));
        if (random() < 0.2) await sleep(10 * random());
        if (fails) throw new Error('no');
      }).catch(() => {});
    }
  };
  await Promise.all(Array.from({ length: producers }, lane));
}

describe.skipIf(!there)('projections of a log of events in PostgreSQL', () => {
  it('take each event once and in the order of its key, also while they are rebuilt', async () => {
    const schema = schemaOf('read');
    const log = new PostgresEventLog({ client: pool, schema });
    await log.connect();
    await pool.query(`CREATE TABLE ${schema}.aggregate (key text PRIMARY KEY, n int);
      INSERT INTO ${schema}.aggregate SELECT 'k' || n, 0 FROM generate_series(0, 5) n;
      CREATE TABLE ${schema}.sum_1 (key text PRIMARY KEY, n int);
      CREATE TABLE ${schema}.sum_2 (key text PRIMARY KEY, n int)`);
    const store = new PostgresProjectionStore({ client: pool, schema });
    const old = [projectionOf(schema, log, 1), projectionOf(schema, log, 1)];
    for (const projection of old) projection.start();
    await produce(schema, log, 12, 8);
    await store.reached('sum', await log.last(), { timeoutMs: 60_000 });
    const next = projectionOf(schema, log, 2);
    const taken = new Promise(resolve => next.on('activated', resolve));
    next.start();
    await produce(schema, log, 12, 4);
    await taken;
    await produce(schema, log, 12, 2);
    await store.reached('sum', await log.last(), { timeoutMs: 60_000 });
    expect(await store.active('sum')).toBe(2);
    const rows = async (table: string) =>
      (await pool.query(`SELECT key, n FROM ${schema}.${table} WHERE n > 0 ORDER BY key`)).rows;
    expect(await rows('sum_2')).toEqual(await rows('aggregate'));
    expect((await rows('sum_2')).length).toBeGreaterThan(3);
    expect(next.snapshot()).toMatchObject({ status: 'running', parked: 0, skipped: 0 });
    await Promise.all([...old, next].map(projection => projection.stop().catch(() => {})));
    await pool.query(`DROP SCHEMA ${schema} CASCADE`);
  });
});
