import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import type { PostgresClient } from '../../src/adapters/postgres/client.js';
import { PostgresLocalCopyStore } from '../../src/adapters/postgres/local-copy-store.js';
import { LocalCopy } from '../../src/data/local-copy.js';
import { keepsCopies } from '../fixtures/local-copy.js';
import { until } from './eventually.js';
import { poolOf, serverConfig, serverIsThere } from './postgres-server.js';

const there = await serverIsThere();
const schema = `copies_${process.pid}`;
const pool = poolOf({ ...serverConfig, max: 10 });
afterAll(async () => {
  if (there) await pool.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`);
  await pool.end();
});

async function transaction<Result>(work: (transaction: PostgresClient) => Promise<Result>): Promise<Result> {
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    const result = await work(client);
    await client.query('COMMIT');
    return result;
  } catch (error) {
    await client.query('ROLLBACK');
    throw error;
  } finally {
    client.release();
  }
}

/** A transaction that stays open after its work until it is told to commit, or the tests are over. */
function held(work: (transaction: PostgresClient) => Promise<unknown>) {
  let commit = (): void => {};
  const told = new Promise<void>(resolve => {
    commit = resolve;
  });
  onTestFinished(commit);
  let reached = (_: unknown): void => {};
  const done = new Promise(resolve => {
    reached = resolve;
  });
  const ended = transaction(async tx => {
    await work(tx).finally(() => reached(undefined));
    await told;
  });
  return { done, ended, commit };
}

const age = async (ms: number): Promise<void> => {
  const text = `UPDATE ${schema}.copy_row SET deleted_at = deleted_at - $1::float8 * interval '1 ms'`;
  await pool.query(text, [ms]);
};

describe.skipIf(!there)('a copy in PostgreSQL', () => {
  const store = new PostgresLocalCopyStore({ client: pool, schema });
  keepsCopies(() => ({ store, transaction, age }), 5);

  it('begins no load while a change is under way, and so sweeps nothing that is there', async () => {
    const copy = new LocalCopy<number, PostgresClient>({ name: 'race', store, redeliveryMs: 1_000 });
    await copy.apply({ key: 'a', version: 0, value: 0 });
    const holder = held(tx => copy.apply({ key: 'a', version: 1, value: 1 }, tx));
    await holder.done;
    let read = false;
    const loading = copy.load({
      subscribe: () => {},
      read: () => {
        read = true;
        return [{ key: 'a', version: 1, value: 1 }];
      },
    });
    const waits = `SELECT 1 FROM pg_stat_activity
      WHERE wait_event_type = 'Lock' AND query LIKE '%${schema}.copy c %'`;
    await until(async () => (await pool.query(waits)).rows.length > 0);
    expect(read).toBe(false);
    holder.commit();
    await holder.ended;
    expect(await loading).toEqual({ read: 1, applied: 0, swept: 0 });
    // One that comes after the load has begun is seen in it, though it is not in what was read.
    const next = copy.load({
      subscribe: () => {},
      read: async function* () {
        yield { key: 'a', version: 1, value: 1 };
        await copy.apply({ key: 'b', version: 1, value: 2 });
      },
      again: true,
    });
    expect(await next).toEqual({ read: 1, applied: 0, swept: 0 });
    expect((await copy.page()).map(({ key }) => key)).toEqual(['a', 'b']);
  });

  it('keeps the newest of changes that come at once, by many connections', async () => {
    const copy = new LocalCopy<number, PostgresClient>({ name: 'crowd', store, redeliveryMs: 1_000 });
    const versions = Array.from({ length: 40 }, (_, at) => (at * 17) % 41);
    const answers = await Promise.all(
      versions.map(version => transaction(tx => copy.apply({ key: 'a', version, value: version }, tx))),
    );
    expect(answers.filter(Boolean).length).toBeGreaterThan(0);
    expect(await copy.get('a')).toMatchObject({
      version: Math.max(...versions),
      value: Math.max(...versions),
    });
  });
});
