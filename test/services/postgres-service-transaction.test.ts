import type { Pool } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PostgresBarrierStore } from '../../src/adapters/postgres/barrier.js';
import type { PostgresClient } from '../../src/adapters/postgres/client.js';
import { postgresDatabase } from '../../src/adapters/postgres/database-driver.js';
import { PostgresOutboxStore } from '../../src/adapters/postgres/outbox-store.js';
import type { PostgresPool } from '../../src/adapters/postgres/provision-place.js';
import { Inbox } from '../../src/data/inbox.js';
import { Outbox } from '../../src/data/outbox.js';
import { OutboxRelay } from '../../src/data/outbox-relay.js';
import { ServiceDatabase } from '../../src/data/service-database.js';
import { pipeline } from '../../src/kernel/pipeline.js';
import { InMemoryBus } from '../../src/messaging/in-memory-bus.js';
import { topic } from '../../src/messaging/topic.js';
import { Bulkhead } from '../../src/resilience/bulkhead.js';
import { CircuitBreaker } from '../../src/resilience/circuit-breaker.js';
import { Timeout } from '../../src/resilience/timeout.js';
import { DatabaseScene } from './database-scene.js';
import { until } from './eventually.js';
import { serverIsThere } from './postgres-server.js';

const there = await serverIsThere();
const scene = new DatabaseScene('transaction');
type Service = Awaited<ReturnType<DatabaseScene['service']>>;
const placed = topic<{ id: number }>('things.placed');

describe.skipIf(!there)('a transaction of a service', () => {
  let a: Service;
  let b: Service;
  let full: ServiceDatabase<PostgresPool, PostgresClient>;
  beforeAll(async () => {
    await scene.create();
    a = await scene.service('orders');
    b = await scene.service('billing');
    const stores = { client: a.pool, schema: a.own, topology: 'check' } as const;
    const outbox = new Outbox({ store: new PostgresOutboxStore(stores) });
    const inbox = new Inbox({
      store: new PostgresBarrierStore(stores),
      consumer: 'orders',
      redeliveryMs: 60_000,
    });
    full = new ServiceDatabase({ driver: a.driver, outbox, inbox });
  });
  afterAll(() => scene.remove());

  const idsOf = async () =>
    (await scene.admin.query(`SELECT id FROM ${a.schema}.thing ORDER BY id`)).rows.map(({ id }) => id);
  const waiting = async () =>
    Number((await scene.admin.query(`SELECT count(*) FROM ${a.own}.outbox`)).rows[0].count);

  it('commits what it wrote and what it publishes together, or neither', async () => {
    await full.transaction(async ({ sql, outbox: out }) => {
      await sql.query('INSERT INTO thing (id) VALUES (10)');
      await out.publish({ topic: placed, data: { id: 10 } });
    });
    const failing = full.transaction(async ({ sql, outbox: out }) => {
      await sql.query('INSERT INTO thing (id) VALUES (11)');
      await out.publishAll([{ topic: placed, data: { id: 11 } }]);
      throw new Error('changed my mind');
    });
    await expect(failing).rejects.toThrow('changed my mind');
    expect(await idsOf()).toEqual([1, 10]);
    expect(await waiting()).toBe(1);
  });

  it('has what it publishes brought to a bus, by a relay that has no other rights', async () => {
    const client = scene.pool({ user: `${a.service}_relay` });
    const store = new PostgresOutboxStore({ client, schema: a.own, topology: 'check' });
    const bus = new InMemoryBus();
    const seen: number[] = [];
    await bus.subscribe(placed, { group: 'all' }, ({ data }) => void seen.push(data.id)).ready;
    const relay = new OutboxRelay({ store, bus, pollMs: 50 });
    await relay.start();
    await until(() => seen.length > 0, 30_000);
    await relay.close();
    await bus.close();
    expect(seen).toEqual([10]);
    expect(await waiting()).toBe(0);
  });

  it('handles a message once, by rights of the app alone', async () => {
    const handle = () =>
      full.transaction(({ sql, inbox }) =>
        inbox.run('m-1', async () => {
          await sql.query('INSERT INTO thing (id) VALUES (20)');
          return 'done';
        }),
      );
    const outcomes = await Promise.all([handle(), handle(), handle()]);
    expect(outcomes.map(({ outcome }) => outcome).sort()).toEqual(['done', 'duplicate', 'duplicate']);
    expect(await idsOf()).toEqual([1, 10, 20]);
  });

  it('is what it was asked to be', async () => {
    const asked = { isolation: 'serializable', readOnly: true } as const;
    const { rows } = await a.database.transaction(
      ({ sql }) => sql.query("SELECT current_setting('transaction_isolation') AS level"),
      asked,
    );
    expect(rows).toEqual([{ level: 'serializable' }]);
    const writing = a.database.transaction(({ sql }) => sql.query('DELETE FROM thing'), asked);
    await expect(writing).rejects.toMatchObject({ code: '25006' });
  });

  it('does not call it a success when an error was caught that had ended it', async () => {
    const caught = a.database.transaction(async ({ sql }) => {
      await sql.query('INSERT INTO thing (id) VALUES (30)');
      await sql.query('SELECT * FROM nowhere').then(undefined, () => {});
    });
    await expect(caught).rejects.toMatchObject({ code: 'ERR_TRANSACTION_ABORTED', rejected: true });
    expect(await idsOf()).not.toContain(30);
  });

  it('fails by the words of the database when its commit does, and the connection goes on', async () => {
    await scene.admin.query(`CREATE TABLE ${a.schema}.late (id int UNIQUE DEFERRABLE INITIALLY DEFERRED);
      ALTER TABLE ${a.schema}.late OWNER TO ${a.service}_owner; GRANT INSERT ON ${a.schema}.late TO
      ${a.service}_app`);
    const twice = a.database.transaction(({ sql }) => sql.query('INSERT INTO late VALUES (1), (1)'));
    await expect(twice).rejects.toMatchObject({ code: '23505' });
    await a.database.transaction(({ sql }) => sql.query('INSERT INTO late VALUES (1)'));
  });

  it('survives a connection that is ended between two statements, and so does the process', async () => {
    const broken = a.database.transaction(async ({ sql }) => {
      const { rows } = await sql.query('SELECT pg_backend_pid() AS pid');
      const { pid } = rows[0] as { pid: number };
      await scene.admin.query('SELECT pg_terminate_backend($1)', [pid]);
      await until(async () => {
        const alive = await scene.admin.query('SELECT FROM pg_stat_activity WHERE pid = $1', [pid]);
        return alive.rows.length === 0;
      }, 30_000);
      await new Promise(resolve => setTimeout(resolve, 50));
      await sql.query('SELECT 1');
    });
    await expect(broken).rejects.toThrow();
    expect(await a.database.transaction(async () => 'goes on')).toBe('goes on');
  });

  it('says so when nobody knows whether it was committed', async () => {
    const driver = postgresDatabase({
      service: a.service,
      client: {
        query: a.pool.query.bind(a.pool) as Pool['query'],
        async connect() {
          const connection = await a.pool.connect();
          const query = async (text: string, params?: unknown[]) => {
            const answer = await connection.query(text, params);
            // The server has done it, and its answer is lost.
            if (text === 'COMMIT') throw Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });
            return answer;
          };
          return { query, release: (destroy?: boolean) => connection.release(destroy) };
        },
      },
    });
    const lost = new ServiceDatabase({ driver }).transaction(({ sql }) =>
      sql.query('INSERT INTO thing (id) VALUES (40)'),
    );
    await expect(lost).rejects.toMatchObject({ code: 'ERR_COMMIT_UNKNOWN', cause: { code: 'ECONNRESET' } });
    expect(await idsOf()).toContain(40);
  });

  it('rolls back when its caller gives it up, and is over for whoever kept it', async () => {
    const giveUp = new AbortController();
    let kept: { readonly sql: unknown } | undefined;
    const given = a.database.transaction(
      async tx => {
        kept = tx;
        await tx.sql.query('INSERT INTO thing (id) VALUES (50)');
        giveUp.abort(new Error('nobody waits'));
        await tx.sql.query('SELECT pg_sleep(60)');
      },
      { signal: giveUp.signal },
    );
    await expect(given).rejects.toThrow('nobody waits');
    await until(() => {
      try {
        return kept!.sql === undefined;
      } catch {
        return true;
      }
    });
    expect(() => kept!.sql).toThrow(/is over/);
    expect(await idsOf()).not.toContain(50);
  });

  it('behind policies keeps the process and other services going while the database hangs', async () => {
    const breaker = new CircuitBreaker({
      ...{ minCalls: 5, failureRatio: 0.5, openMs: 300, window: { calls: 10 } },
    });
    const pool = scene.pool({ user: `${a.service}_app`, max: 4 });
    const driver = postgresDatabase({ service: a.service, client: pool });
    const policy = pipeline(breaker, new Bulkhead({ slots: 4, queue: 4 }), new Timeout({ timeoutMs: 400 }));
    const guarded = new ServiceDatabase({ driver, policy });
    const touch = () =>
      guarded
        .transaction(({ sql }) => sql.query('UPDATE thing SET n = n + 1 WHERE id = 1'))
        .then(
          () => 'done',
          (error: { code: string }) => error.code,
        );
    expect(await touch()).toBe('done');

    const holder = await scene.admin.connect();
    await holder.query(`BEGIN; LOCK TABLE ${a.schema}.thing IN ACCESS EXCLUSIVE MODE`);
    const first = await Promise.all(Array.from({ length: 60 }, touch));
    const count = (code: string) => first.filter(one => one === code).length;
    // So many ran or waited, and no more; all others were told at once.
    expect(count('ERR_TIMEOUT') + count('ERR_CIRCUIT_OPEN')).toBeLessThanOrEqual(8);
    expect(count('ERR_TIMEOUT')).toBeGreaterThanOrEqual(4);
    expect(count('ERR_BULKHEAD_FULL')).toBe(52);
    for (let i = 0; i < 20 && (await touch()) !== 'ERR_CIRCUIT_OPEN'; i++);
    expect(breaker.state).toBe('open');
    expect(await touch()).toBe('ERR_CIRCUIT_OPEN');
    // The other service does not notice, in the same process and on the same server.
    const others = Array.from({ length: 20 }, () =>
      b.database.transaction(({ sql }) => sql.query('UPDATE thing SET n = n + 1 WHERE id = 1')),
    );
    await Promise.all(others);
    const { rows } = await scene.admin.query(`SELECT n FROM ${b.schema}.thing WHERE id = 1`);
    expect(Number(rows[0].n)).toBe(21);

    // What was given up does not stand at the server for as long as the lock is held.
    const waiters = 'SELECT FROM pg_stat_activity WHERE usename = $1 AND wait_event_type = $2';
    await until(async () => {
      const { rows: still } = await scene.admin.query(waiters, [`${a.service}_app`, 'Lock']);
      return still.length === 0;
    }, 60_000);

    await holder.query('COMMIT');
    holder.release();
    await until(async () => (await touch()) === 'done' && breaker.state === 'closed', 60_000);
    expect(pool.totalCount).toBeLessThanOrEqual(4);
  });
});
