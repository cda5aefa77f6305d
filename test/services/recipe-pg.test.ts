import { randomUUID } from 'node:crypto';
import type { Pool, PoolClient, QueryResult } from 'pg';
import { expect, it, onTestFinished } from 'vitest';
import type { Bulkhead } from '../../src/resilience/bulkhead.js';
import type { CircuitBreaker } from '../../src/resilience/circuit-breaker.js';
import { moduleOfPage } from '../fixtures/page-module.js';
import { TcpRelay } from '../fixtures/tcp-relay.js';
import { poolOf, serverConfig, serverIsThere } from './postgres-server.js';

type Query = (text: string, values?: readonly unknown[]) => Promise<QueryResult>;

/** What the page exports. */
interface Recipe {
  guardedPool(
    pool: Pool,
    options?: { timeoutMs?: number; queue?: number },
  ): {
    readonly breaker: CircuitBreaker;
    readonly bulkhead: Bulkhead;
    readonly read: Query;
    readonly write: Query;
    transaction<T>(work: (client: PoolClient) => Promise<T>): Promise<T>;
  };
}

const hasServer = await serverIsThere();
const codeOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'answered',
    (error: { code?: unknown }) => error.code,
  );

async function scene(options: { timeoutMs?: number; queue?: number } = {}, config: object = {}) {
  const { guardedPool } = await moduleOfPage<Recipe>('docs/adapters/pg-recipe.md');
  const pool = poolOf({ ...serverConfig, max: 2, ...config });
  const schema = `recipe_${randomUUID().replaceAll('-', '')}`;
  const plain = poolOf();
  await plain.query(`CREATE SCHEMA ${schema}`);
  await plain.query(`CREATE TABLE ${schema}.stock (sku text PRIMARY KEY, count int)`);
  onTestFinished(async () => {
    await pool.end();
    await plain.query(`DROP SCHEMA ${schema} CASCADE`);
    await plain.end();
  });
  return { ...guardedPool(pool, options), pool, stock: `${schema}.stock` };
}

it.skipIf(!hasServer)('queries answer, and what the server refuses is no failure of it', async () => {
  const { read, write, breaker, stock } = await scene();
  await write(`INSERT INTO ${stock} VALUES ($1, $2)`, ['tea', 12]);
  expect((await read(`SELECT count FROM ${stock}`)).rows).toEqual([{ count: 12 }]);
  for (let again = 0; again < 30; again++) {
    expect(await codeOf(write(`INSERT INTO ${stock} VALUES ('tea', 1)`))).toBe('23505');
    expect(await codeOf(read('SELECT nonsense'))).toBe('42703');
  }
  expect(breaker.state).toBe('closed');
});

it.skipIf(!hasServer)('a query that takes too long is given up, and its slot is free at once', async () => {
  const { read, bulkhead, pool } = await scene({ timeoutMs: 200 });
  expect(await codeOf(read('SELECT pg_sleep(30)'))).toBe('ERR_TIMEOUT');
  await expect.poll(() => [bulkhead.snapshot().taken, pool.totalCount]).toEqual([0, 0]);
  expect((await read('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
});

it.skipIf(!hasServer)(
  'no more queries run than there are connections, and no more wait than may',
  async () => {
    const { read, bulkhead, pool } = await scene({ queue: 3, timeoutMs: 5_000 });
    const all = Array.from({ length: 8 }, () => codeOf(read('SELECT pg_sleep(0.2)')));
    expect(bulkhead.snapshot()).toMatchObject({ taken: 2, waiting: 3 });
    expect(pool.waitingCount).toBeLessThanOrEqual(2);
    expect((await Promise.all(all)).toSorted()).toEqual([
      ...Array(3).fill('ERR_BULKHEAD_FULL'),
      ...Array(5).fill('answered'),
    ]);
  },
);

it.skipIf(!hasServer)('reads go on over a connection that breaks; writes do not', async () => {
  const relay = await TcpRelay.make(Number(serverConfig.port ?? 5432));
  onTestFinished(() => relay.close());
  const { read, write } = await scene({}, { host: '127.0.0.1', port: relay.port });
  const reading = read('SELECT pg_sleep(0.3), 7 AS seven');
  const writing = write('SELECT pg_sleep(0.3)').then(
    () => 'answered',
    () => 'failed',
  );
  await expect.poll(() => relay.ends).toBe(4);
  await new Promise(resolve => setTimeout(resolve, 100));
  relay.cut();
  expect((await reading).rows).toMatchObject([{ seven: 7 }]);
  expect(await writing).toBe('failed');
});

it.skipIf(!hasServer)('the breaker opens while the server is away, and closes when it is back', async () => {
  const relay = await TcpRelay.make(Number(serverConfig.port ?? 5432));
  onTestFinished(() => relay.close());
  const { write, breaker } = await scene({}, { host: '127.0.0.1', port: relay.port });
  relay.cut(true);
  await expect
    .poll(() => codeOf(write('SELECT 1')), { timeout: 20_000, interval: 1 })
    .toBe('ERR_CIRCUIT_OPEN');
  expect(breaker.state).toBe('open');
});

it.skipIf(!hasServer)('transactions that meet are run again, so that none is lost', async () => {
  const { transaction, write, read, breaker, stock } = await scene({}, { max: 4 });
  await write(`INSERT INTO ${stock} VALUES ('tea', 0)`);
  let runs = 0;
  const increment = () =>
    transaction(async client => {
      runs++;
      const { rows } = await client.query(`SELECT count FROM ${stock} WHERE sku = 'tea'`);
      await new Promise(resolve => setTimeout(resolve, 20));
      await client.query(`UPDATE ${stock} SET count = $1 WHERE sku = 'tea'`, [rows[0].count + 1]);
    });
  const codes = await Promise.all([increment(), increment(), increment()].map(codeOf));
  const done = codes.filter(code => code === 'answered').length;
  expect(done).toBeGreaterThan(1);
  expect(runs).toBeGreaterThan(3);
  expect((await read(`SELECT count FROM ${stock}`)).rows).toEqual([{ count: done }]);
  expect(breaker.state).toBe('closed');
});
