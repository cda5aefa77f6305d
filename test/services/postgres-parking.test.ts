import { fork } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { Database } from '../../src/adapters/postgres/database.js';
import { migrate } from '../../src/adapters/postgres/migration.js';
import { PostgresProcessStore } from '../../src/adapters/postgres/process-store.js';
import { processTables } from '../../src/adapters/postgres/process-tables.js';
import { systemClock } from '../../src/kernel/clock.js';
import { changeOf, sent } from '../../src/testing/conformance/process-changes.js';
import { until } from './eventually.js';
import { poolOf, serverConfig, serverIsThere } from './postgres-server.js';

const there = await serverIsThere();
const pool = poolOf();
let schema: string;
let at = 0;
beforeEach(async () => {
  if (!there) return;
  await pool.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`);
  schema = `parking_${process.pid}_${++at}`;
});
afterAll(async () => {
  if (there) await pool.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`);
  await pool.end();
});

const HOUR_MS = 3_600_000;
const error = { name: 'Error', message: 'no' };
const parks = { published: 0, retryMs: 0, fault: { error, counts: true, parks: true } };

/** As the programs of the first version of the tables claim. */
const claimBefore = (s: string): string => `
  WITH head AS (
    SELECT o.pos FROM ${s}.process_outbox o
    WHERE o.kind = $1 AND o.due <= now() AND NOT EXISTS (SELECT FROM ${s}.process_outbox e
      WHERE e.kind = o.kind AND e.key = o.key AND e.pos < o.pos)
    ORDER BY o.due LIMIT $2::int FOR UPDATE OF o SKIP LOCKED
  )
  UPDATE ${s}.process_outbox o SET lease = $4::uuid, attempts = o.attempts + 1,
    due = now() + $3::float8 * interval '1 ms'
  FROM head WHERE o.pos = head.pos RETURNING o.key`;
const lease = '00000000-0000-4000-8000-000000000001';

/** The tables as they were before anything could be parked, and what a program then had written. */
async function tablesBefore(): Promise<void> {
  const before = { name: 'process', steps: processTables.steps.slice(0, 1) };
  await migrate(new Database(pool, schema, systemClock, 10_000), before, 'ensure');
  await pool.query(`INSERT INTO ${schema}.process (kind, key, version, state, timeouts, correlation)
    VALUES ('order', 'a', 1, '{}', '{}', 'c'), ('order', 'b', 1, '{}', '{}', 'c')`);
  await pool.query(`INSERT INTO ${schema}.process_outbox (kind, key, id, body)
    VALUES ('order', 'a', '1', '{}'), ('order', 'a', '2', '{}'), ('order', 'b', '3', '{}')`);
}

describe.skipIf(!there)('the tables of processes that were made before anything was parked', () => {
  it('become those of now, with all that is in them', async () => {
    await tablesBefore();
    const strict = new PostgresProcessStore({ client: pool, schema, topology: 'check' });
    await expect(strict.connect()).rejects.toThrow(
      `the schema ${schema} has version 1 of the tables of process, this program needs 2`,
    );
    // One that an older program was publishing is a suspect, as that of any program that is no more.
    await pool.query(claimBefore(schema), ['order', 1, 0, lease]);
    const store = new PostgresProcessStore({ client: pool, schema });
    await store.connect();
    await strict.connect();
    const runs = [await store.claim('order', 10, HOUR_MS), await store.claim('order', 10, HOUR_MS)].flat();
    const told = runs.map(({ key, alone, crashes, tries, entries }) => ({
      ...{ key, alone, crashes, tries, ids: entries.map(({ id }) => id) },
    }));
    expect(told.sort((a, b) => (a.key < b.key ? -1 : 1))).toEqual([
      { key: 'a', alone: true, crashes: 1, tries: 0, ids: ['1'] },
      { key: 'b', alone: false, crashes: 0, tries: 0, ids: ['3'] },
    ]);
    await store.settle('order', runs.find(({ key }) => key === 'b')!, parks);
    expect(await store.parked('order', { limit: 10 })).toMatchObject([{ key: 'b', id: '3', tries: 1 }]);
  });

  it('are migrated once by many who come at once', async () => {
    await tablesBefore();
    const stores = Array.from({ length: 6 }, () => new PostgresProcessStore({ client: pool, schema }));
    await Promise.all(stores.map(store => store.connect()));
    const { rows } = await pool.query(`SELECT version, cardinality(checksums) FROM ${schema}.component`);
    expect(rows).toEqual([{ version: 2, cardinality: 2 }]);
  });

  it('serve a program that knows nothing of it: it leaves what is parked, and all behind it', async () => {
    const store = new PostgresProcessStore({ client: pool, schema });
    await store.commit(changeOf('a', 0, { sends: sent('1', '2') }));
    await store.commit(changeOf('b', 0, { sends: sent('3') }));
    for (const run of await store.claim('order', 10, HOUR_MS)) {
      await store.settle('order', run, run.key === 'a' ? parks : { published: 0, retryMs: 0 });
    }
    await store.commit(changeOf('a', 1, { sends: sent('4') }));
    const before = await pool.query(claimBefore(schema), ['order', 10, HOUR_MS, lease]);
    expect(before.rows).toEqual([{ key: 'b' }]);
    await store.unpark('order', 'a');
    const after = await pool.query(claimBefore(schema), ['order', 10, HOUR_MS, lease]);
    expect(after.rows).toEqual([{ key: 'a' }]);
  });
});

describe.skipIf(!there)('what is parked', () => {
  it('is decided about once by many at once, and nothing behind it is left behind', async () => {
    const store = new PostgresProcessStore({ client: pool, schema });
    const left: string[] = [];
    for (let round = 0; round < 25; round++) {
      const key = `k-${round}`;
      await store.commit(changeOf(key, 0, { sends: sent('1', '2', '3') }));
      const [run] = await store.claim('order', 10, HOUR_MS);
      const decide = async (): Promise<string> => {
        const [parked] = await store.parked('order', { limit: 1 });
        if (parked === undefined) return 'nothing';
        if (round % 2 === 0) return (await store.unpark('order', key)) === undefined ? 'late' : 'retried';
        return (await store.discard('order', key, '1', 'why')) ? 'discarded' : 'late';
      };
      const parking = store.settle('order', run!, parks);
      const early = await Promise.all([decide(), decide(), decide(), parking]);
      const late = await Promise.all([decide(), decide()]);
      const done = [...early, ...late].filter(each => each === 'retried' || each === 'discarded');
      expect(done).toHaveLength(1);
      for (let turn = 0; turn < 3; turn++) {
        const [next] = await store.claim('order', 10, HOUR_MS);
        if (next !== undefined) await store.settle('order', next, { published: 1, retryMs: 0 });
      }
      const { rows } = await pool.query(`SELECT id FROM ${schema}.process_outbox WHERE key = $1`, [key]);
      left.push(...rows.map(({ id }) => `${key}: ${id}`));
    }
    expect(left).toEqual([]);
  });
});

describe.skipIf(!there)('a command that ends every program that publishes it', () => {
  it('is parked after a few, and everything else is published', async () => {
    const store = new PostgresProcessStore({ client: pool, schema });
    const body = (n: number) => JSON.stringify({ to: 'out', data: { n }, correlationId: 'c' });
    const sends = (...ns: number[]) => ns.map(n => ({ id: `c-${n}`, body: body(n) }));
    const of = (key: string, ...ns: number[]) => changeOf(key, 0, { process: 'test', sends: sends(...ns) });
    for (const change of [of('a', 1, 2, 3), of('b', 4), of('c', 5, 6)]) await store.commit(change);
    const published: number[] = [];
    let ends = 0;
    let over = false;
    const config = JSON.stringify({ config: serverConfig, schema, deadly: 2 });
    const running = (async () => {
      while (!over) {
        const child = fork(join(import.meta.dirname, 'parking-worker.mjs'), [config]);
        child.on('message', ({ n }: { n: number }) => void published.push(n));
        const ended = new Promise(resolve => child.once('exit', resolve));
        const stopped = (async () => {
          while (!over && child.exitCode === null && child.signalCode === null) await sleep(20);
          return child.kill('SIGKILL');
        })();
        await Promise.all([ended, stopped]);
        if (!over) ends++;
      }
    })();
    const isDone = async () =>
      (await store.parked('test', { limit: 10 })).length > 0 && new Set(published).size === 4;
    await until(isDone, 60_000).finally(() => {
      over = true;
    });
    await running;
    // Once with others, when nobody could tell; and then as often as it may.
    expect(ends).toBeGreaterThanOrEqual(3);
    expect(ends).toBeLessThanOrEqual(4);
    expect(new Set(published)).toEqual(new Set([1, 4, 5, 6]));
    const [parked, ...more] = await store.parked('test', { limit: 10 });
    expect(more).toEqual([]);
    expect(parked).toMatchObject({ key: 'a', id: 'c-2', tries: 0, crashes: 3, waiting: 2 });
    expect(await store.discard('test', 'a', 'c-2', 'it ends programs')).toBe(true);
    const [rest] = await store.claim('test', 10, HOUR_MS);
    expect(rest?.entries.map(({ id }) => id)).toEqual(['c-3']);
  });
});
