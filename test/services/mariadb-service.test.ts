import type { Pool } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mariadbDatabase } from '../../src/adapters/mariadb/database-driver.js';
import { nativeHash } from '../../src/adapters/mariadb/provision-run.js';
import { ServiceDatabase } from '../../src/data/service-database.js';
import { pipeline } from '../../src/kernel/pipeline.js';
import { Bulkhead } from '../../src/resilience/bulkhead.js';
import { CircuitBreaker } from '../../src/resilience/circuit-breaker.js';
import { Timeout } from '../../src/resilience/timeout.js';
import { until } from './eventually.js';
import { MariadbScene, mariadbIsThere, PASSWORD } from './mariadb-server.js';

const there = await mariadbIsThere();
const scene = new MariadbScene();
type Service = Awaited<ReturnType<MariadbScene['service']>>;
afterAll(() => (there ? scene.remove() : scene.admin.end()));

const rows = async (pool: Pool, text: string) => (await pool.query(text))[0] as Record<string, unknown>[];
const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => 'done',
    (error: { reason?: string; migration?: string; code?: string }) =>
      error.reason === undefined ? String(error.code) : `${error.reason} ${error.migration}`,
  );

describe.skipIf(!there)('the place of a service in a MariaDB', () => {
  const service = `made_${process.pid}`;
  const grants = async () => {
    const all = ['app', 'migrator', 'read'].map(async user => {
      const account = `'${service}_${user}'@'%'`;
      return [
        ...(await rows(scene.admin, `SHOW GRANTS FOR ${account}`)),
        ...(await rows(scene.admin, `SHOW CREATE USER ${account}`)),
      ];
    });
    return JSON.stringify(await Promise.all(all));
  };

  it('is the same when it is made again, and lets nobody in before there is a password', async () => {
    const made = await scene.service('made');
    await made.database.provision(scene.admin);
    const before = await grants();
    expect(before).toContain('open_thing');
    await Promise.all([1, 2, 3].map(() => made.database.provision(scene.admin)));
    expect(await grants()).toBe(before);
    expect(made.database.plan().text).not.toMatch(/password\b(?! USING 'invalid')/i);
    const { driver } = made;
    const bare = mariadbDatabase({ service: 'x', client: made.pool });
    expect(bare.plan().text).toContain("IDENTIFIED VIA mysql_native_password USING 'invalid'");
    expect(JSON.stringify(driver.describe())).not.toContain(PASSWORD);
  });

  it('is given passwords by their hashes, which are those of the server, and no error has them', async () => {
    const [row] = await rows(scene.admin, "SELECT PASSWORD('c0rrect h0rse') AS hash");
    expect(await nativeHash('c0rrect h0rse')).toBe(row!['hash']);
    const sent: string[] = [];
    const breaking = {
      query: scene.admin.query.bind(scene.admin) as Pool['query'],
      async getConnection() {
        const connection = await scene.admin.getConnection();
        const query = async (text: string, params?: unknown[]) => {
          sent.push(text);
          if (!text.includes('ALTER USER') || !text.includes('USING')) return connection.query(text, params);
          throw Object.assign(new Error(`near ${text}`), { code: 'ER_PARSE_ERROR', sql: text });
        };
        return { query, release: () => connection.release(), destroy: () => connection.destroy() };
      },
    };
    const made = await scene.service('made');
    const failed = await made.database
      .provision(breaking as never, { passwords: { app: 'c0rrect h0rse' } })
      .catch((error: unknown) => error);
    expect(failed).toMatchObject({ code: 'ERR_PROVISION', message: expect.stringContaining('***') });
    const all = JSON.stringify(Object.getOwnPropertyDescriptors(failed)) + String((failed as Error).cause);
    expect(all).not.toContain('c0rrect');
    expect(all).not.toContain(row!['hash']);
    expect(sent.join('\n')).not.toContain('c0rrect');
    await expect(made.database.provision(scene.admin, { passwords: { relay: 'x' } })).rejects.toThrow(
      TypeError,
    );
  });

  it('holds its limits', async () => {
    const few = await scene.service('few', { connections: { app: 2 }, statementTimeoutMs: 300 });
    const pool = scene.pool(`${few.service}_app`, few.service, 3);
    const taken = await Promise.allSettled([1, 2, 3].map(() => pool.getConnection()));
    for (const one of taken) if (one.status === 'fulfilled') one.value.release();
    const refused = taken.flatMap(one => (one.status === 'rejected' ? [one.reason.code] : []));
    expect(refused).toEqual(['ER_USER_LIMIT_REACHED']);
    await expect(pool.query('SELECT SLEEP(20)')).rejects.toMatchObject({ errno: 1969 });
  });
});

describe.skipIf(!there)('a transaction of a service in a MariaDB', () => {
  let a: Service;
  beforeAll(async () => {
    a = await scene.service('trade');
  });
  const ids = async () => (await rows(a.pool, 'SELECT id FROM thing ORDER BY id')).map(({ id }) => id);

  it('commits, or rolls back, and leaves the connection as it was', async () => {
    await a.database.transaction(({ sql }) => sql.query('INSERT INTO thing (id) VALUES (?)', [10]));
    const failing = a.database.transaction(async ({ sql }) => {
      await sql.query('INSERT INTO thing (id) VALUES (11)');
      throw new Error('changed my mind');
    });
    await expect(failing).rejects.toThrow('changed my mind');
    expect(await ids()).toEqual([1, 10]);
    const single = scene.pool(`${a.service}_app`, a.service, 1);
    const driver = mariadbDatabase({ service: a.service, client: single });
    await new ServiceDatabase({ driver }).transaction(({ sql }) => sql.query('SELECT 1'));
    expect(await rows(single, 'SELECT @@autocommit AS a, @@in_transaction AS t')).toEqual([{ a: 1, t: 0 }]);
  });

  it('is what it was asked to be', async () => {
    const asked = { isolation: 'serializable', readOnly: true } as const;
    const writing = a.database.transaction(({ sql }) => sql.query('DELETE FROM thing'), asked);
    await expect(writing).rejects.toMatchObject({ errno: 1792 });
    const [level] = await a.database.transaction(
      async ({ sql }) => {
        const text = `SELECT trx_isolation_level AS level FROM information_schema.INNODB_TRX
          WHERE trx_mysql_thread_id = CONNECTION_ID()`;
        const connection = await sql.query('SELECT CONNECTION_ID() AS id, (SELECT count(*) FROM thing) AS n');
        const [{ id }] = connection[0] as [{ id: number }];
        return rows(scene.admin, text.replace('CONNECTION_ID()', String(id)));
      },
      { isolation: 'serializable' },
    );
    expect(level).toEqual({ level: 'SERIALIZABLE' });
  });

  it('does not go on by halves after a deadlock that was caught', async () => {
    await a.pool.query('INSERT INTO thing (id) VALUES (20), (21)');
    const touch = (id: number) => `UPDATE thing SET secret = 'x' WHERE id = ${id}`;
    let gate = (): void => {};
    const open = new Promise<void>(resolve => (gate = resolve));
    let come = 0;
    const play = (first: number, second: number, own: number) =>
      codeOf(
        a.database.transaction(async ({ sql }) => {
          await sql.query(`INSERT INTO thing (id) VALUES (${own})`);
          await sql.query(touch(first));
          if (++come === 2) gate();
          await open;
          await sql.query(touch(second)).then(undefined, () => {});
          await sql.query(`INSERT INTO thing (id) VALUES (${own + 1})`);
        }),
      );
    const outcomes = await Promise.all([play(20, 21, 30), play(21, 20, 40)]);
    expect([...outcomes].sort()).toEqual(['ERR_TRANSACTION_ABORTED', 'done']);
    const won = outcomes[0] === 'done' ? 30 : 40;
    expect((await ids()).filter(id => Number(id) >= 30)).toEqual([won, won + 1]);
  });

  it('says so when a statement has committed by itself', async () => {
    const maker = mariadbDatabase({ service: a.service, client: a.migrator });
    const committed = new ServiceDatabase({ driver: maker }).transaction(async ({ sql }) => {
      await sql.query('INSERT INTO thing (id) VALUES (50)');
      await sql.query('CREATE TABLE side (id int)');
      await sql.query('INSERT INTO side VALUES (1)');
    });
    await expect(committed).rejects.toMatchObject({ code: 'ERR_TRANSACTION_ABORTED' });
    expect(await rows(a.pool, 'SELECT * FROM side')).toEqual([]);
  });

  it('says so when nobody knows whether it was committed, and survives a connection that ends', async () => {
    const losing = {
      query: a.pool.query.bind(a.pool) as Pool['query'],
      async getConnection() {
        const connection = await a.pool.getConnection();
        const query = async (text: string, params?: unknown[]) => {
          const answer = await connection.query(text, params);
          if (text === 'COMMIT')
            throw Object.assign(new Error('lost'), { code: 'PROTOCOL_CONNECTION_LOST', fatal: true });
          return answer;
        };
        return { query, release: () => connection.release(), destroy: () => connection.destroy() };
      },
    };
    const driver = mariadbDatabase({ service: a.service, client: losing as never });
    const lost = new ServiceDatabase({ driver }).transaction(({ sql }) =>
      sql.query('INSERT INTO thing (id) VALUES (60)'),
    );
    await expect(lost).rejects.toMatchObject({ code: 'ERR_COMMIT_UNKNOWN' });
    expect(await ids()).toContain(60);
    const broken = a.database.transaction(async ({ sql }) => {
      const [[row]] = (await sql.query('SELECT CONNECTION_ID() AS id')) as unknown as [[{ id: number }]];
      await scene.admin.query(`KILL ${row.id}`);
      const text = `SELECT * FROM information_schema.PROCESSLIST WHERE ID = ${row.id}`;
      await until(async () => (await rows(scene.admin, text)).length === 0, 30_000);
      await new Promise(resolve => setTimeout(resolve, 50));
      await sql.query('SELECT 1');
    });
    await expect(broken).rejects.toThrow();
    expect(await a.database.transaction(async () => 'goes on')).toBe('goes on');
  });

  it('behind policies keeps the process going while the database hangs', async () => {
    const breaker = new CircuitBreaker({
      minCalls: 5,
      failureRatio: 0.5,
      openMs: 300,
      window: { calls: 10 },
    });
    const pool = scene.pool(`${a.service}_app`, a.service, 4);
    const driver = mariadbDatabase({ service: a.service, client: pool, lockTimeoutMs: 1_000 });
    const policy = pipeline(breaker, new Bulkhead({ slots: 4, queue: 4 }), new Timeout({ timeoutMs: 400 }));
    const guarded = new ServiceDatabase({ driver, policy });
    const touch = () =>
      codeOf(guarded.transaction(({ sql }) => sql.query("UPDATE thing SET secret = 'y' WHERE id = 1")));
    await until(async () => (await touch()) === 'done', 30_000);
    const holder = await scene.admin.getConnection();
    await holder.query(`LOCK TABLES ${a.service}.thing WRITE`);
    const first = await Promise.all(Array.from({ length: 60 }, touch));
    expect(first.filter(one => one === 'ERR_BULKHEAD_FULL')).toHaveLength(52);
    for (let i = 0; i < 20 && (await touch()) !== 'ERR_CIRCUIT_OPEN'; i++);
    expect(breaker.state).toBe('open');
    await holder.query('UNLOCK TABLES');
    holder.release();
    await until(async () => (await touch()) === 'done' && breaker.state === 'closed', 60_000);
  });
});
