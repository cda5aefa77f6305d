import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { postgresBus } from '../../src/adapters/postgres/bus.js';
import { topic } from '../../src/messaging/topic.js';
import { until } from './eventually.js';
import { poolOf, serverIsThere } from './postgres-server.js';

const there = await serverIsThere();
const schema = `transactions_${process.pid}`;
const placed = topic<{ readonly n: number }>('orders.placed', { key: ({ n }) => `k${n % 3}` });

describe.skipIf(!there)('publishing within a transaction of the user', () => {
  const pool = poolOf();
  const bus = postgresBus({ client: pool, schema, pollMs: 50 });
  const seen: number[] = [];
  beforeAll(async () => {
    await pool.query(`CREATE SCHEMA ${schema}`);
    await pool.query(`CREATE TABLE ${schema}.orders (n int PRIMARY KEY)`);
    await bus.subscribe(placed, { group: 'billing' }, ({ data }) => void seen.push(data.n)).ready;
  });
  afterAll(async () => {
    await bus.close();
    await pool.query(`DROP SCHEMA ${schema} CASCADE`);
    await pool.end();
  });

  const place = async (n: number, end: 'COMMIT' | 'ROLLBACK') => {
    const client = await pool.connect();
    try {
      await client.query('BEGIN');
      await client.query(`INSERT INTO ${schema}.orders VALUES ($1)`, [n]);
      const published = await bus.publish(placed, { n }, { transaction: client });
      await client.query(end);
      return published;
    } finally {
      client.release();
    }
  };

  it('is there when it commits, and never was when it rolls back', async () => {
    for (let n = 1; n <= 20; n++) await place(n, n % 2 === 0 ? 'COMMIT' : 'ROLLBACK');
    await until(() => seen.length >= 10);
    await new Promise(resolve => setTimeout(resolve, 200));
    const { rows } = await pool.query(`SELECT n FROM ${schema}.orders ORDER BY n`);
    expect(seen.sort((a, b) => a - b)).toEqual(rows.map(({ n }: { n: number }) => n));
    const messages = await pool.query(`SELECT count(*)::int AS count FROM ${schema}.message`);
    expect(messages.rows[0]).toEqual({ count: 10 });
  });

  it('answers with the position, and is not seen before the commit', async () => {
    const client = await pool.connect();
    await client.query('BEGIN');
    const before = seen.length;
    const published = await bus.publish(placed, { n: 100 }, { transaction: client });
    expect(published).toMatchObject({ position: expect.stringMatching(/^\d+$/), duplicate: false });
    await new Promise(resolve => setTimeout(resolve, 300));
    expect(seen).toHaveLength(before);
    await client.query('COMMIT');
    client.release();
    await until(() => seen.includes(100));
  });

  it('writes what comes in one turn in one statement, and in its order', async () => {
    const client = await pool.connect();
    const texts: string[] = [];
    const counted = {
      query: (text: string, params?: unknown[]) => {
        texts.push(text);
        return client.query(text, params);
      },
    };
    await client.query('BEGIN');
    const data = Array.from({ length: 50 }, (_, at) => ({ n: 200 + at }));
    const results = await bus.publishAll(placed, data, { transaction: counted });
    await client.query('COMMIT');
    client.release();
    const positions = results.map(result => (result.ok ? Number(result.position) : 0));
    expect(texts).toHaveLength(1);
    expect(positions).toEqual([...positions].sort((a, b) => a - b));
    await until(() => data.every(({ n }) => seen.includes(n)));
  });

  it('says what ended the transaction, and stores nothing of it', async () => {
    const client = await pool.connect();
    await client.query('BEGIN');
    await client.query('SELECT 1 / 0').catch(() => {});
    const error = await bus
      .publish(placed, { n: 7 }, { transaction: client })
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'ERR_PUBLISH', maybeStored: false, retryable: false });
    expect((error as Error).cause).toMatchObject({ code: '25P02' });
    await client.query('ROLLBACK');
    client.release();
  });

  it('keeps nothing from a group that was made while the transaction was open', async () => {
    const client = await pool.connect();
    await client.query('BEGIN');
    await bus.publish(placed, { n: 500 }, { transaction: client });
    const late: number[] = [];
    const later = bus.subscribe(placed, { group: 'late' }, ({ data }) => void late.push(data.n));
    await later.ready;
    await bus.publish(placed, { n: 501 });
    await until(() => late.includes(501));
    await client.query('COMMIT');
    client.release();
    await until(() => late.includes(500));
    await new Promise(resolve => setTimeout(resolve, 500));
    expect(late).toEqual([501, 500]);
    await later.close();
  });

  it('loses nothing to a group that starts at the earliest while many transactions are open', async () => {
    const all = Array.from({ length: 60 }, (_, at) => 1_000 + at);
    const groups: number[][] = [];
    const joining = (async () => {
      for (let at = 0; at < 5; at++) {
        const got: number[] = [];
        groups.push(got);
        const options = { group: `earliest-${at}`, start: 'earliest', concurrency: 10 } as const;
        await bus.subscribe(placed, options, ({ data }) => void got.push(data.n)).ready;
      }
    })();
    const publish = async (n: number) => {
      const client = await pool.connect();
      await client.query('BEGIN');
      await bus.publish(placed, { n }, { transaction: client });
      await new Promise(resolve => setTimeout(resolve, (n * 37) % 150));
      await client.query('COMMIT');
      client.release();
    };
    for (let at = 0; at < all.length; at += 6) await Promise.all(all.slice(at, at + 6).map(publish));
    await joining;
    await until(() => groups.every(got => all.every(n => got.includes(n))));
    for (const got of groups) {
      const mine = got.filter(n => n >= 1_000);
      expect(mine.sort((a, b) => a - b)).toEqual(all);
    }
  });
});
