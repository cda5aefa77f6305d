import type { Pool } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mariadbDatabase } from '../../src/adapters/mariadb/database-driver.js';
import { nativeHash } from '../../src/adapters/mariadb/provision-run.js';
import type { Migration } from '../../src/data/migration.js';
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

const one: Migration = { id: '001', sql: 'CREATE TABLE t (id int); INSERT INTO t VALUES (1) -- a ; here\n' };
const two: Migration = { id: '002', sql: 'ALTER TABLE t ADD COLUMN name text' };
const code: Migration = {
  id: '003',
  sql: `CREATE PROCEDURE fill(n int) BEGIN
      DECLARE i int DEFAULT 0;
      WHILE i < n DO IF i > 0 THEN INSERT INTO t (id) VALUES (i); END IF; SET i = i + 1; END WHILE;
    END; CALL fill(3)`,
};

describe.skipIf(!there)('the migrations of a service in a MariaDB', () => {
  let at = 0;
  const fresh = () => scene.service(`moved${++at}`, { migrations: [] });
  const of = ({ driver }: Service, migrations: readonly Migration[]) =>
    new ServiceDatabase({ driver, migrations });

  it('are applied once, statement by statement, routines included', async () => {
    const service = await fresh();
    const all = of(service, [one, two, code]);
    expect(await codeOf(all.verifyMigrations())).toBe('pending 001');
    expect((await all.migrate(service.migrator)).applied).toEqual(['001', '002', '003']);
    expect((await all.migrate(service.migrator)).applied).toEqual([]);
    expect((await of(service, [one]).verifyMigrations()).newer).toEqual(['002', '003']);
    expect(await rows(service.pool, 'SELECT id FROM t ORDER BY id')).toEqual([
      { id: 1 },
      { id: 1 },
      { id: 2 },
    ]);
  });

  it('are refused when one was edited or moved, or ends its transaction', async () => {
    const service = await fresh();
    await of(service, [one, two]).migrate(service.migrator);
    expect(await codeOf(of(service, [{ ...one, sql: `${one.sql} ` }]).migrate(service.migrator))).toBe(
      'edited 001',
    );
    expect(await codeOf(of(service, [two, one]).verifyMigrations())).toBe('order 002');
    expect(() => of(service, [{ id: '001', sql: 'SELECT 1; COMMIT' }])).toThrow(/would end the transaction/);
    expect(() => of(service, [{ id: '001', sql: 'INSERT INTO `crm`.`person` VALUES (1)' }])).toThrow(
      /crm.person/,
    );
  });

  it('stop at the statement that failed, and keep it in mind what was done before', async () => {
    const service = await fresh();
    const made = 'CREATE TABLE u (id int)';
    const bad = { id: '002', sql: `${made}; ALTER TABLE nowhere ADD COLUMN x int; INSERT INTO u VALUES (1)` };
    const failed = of(service, [one, bad]).migrate(service.migrator);
    await expect(failed).rejects.toMatchObject({
      reason: 'failed',
      message: expect.stringContaining('statement 2'),
    });
    expect(await codeOf(of(service, [one, bad]).verifyMigrations())).toBe('pending 002');
    const other = { id: '002', sql: 'CREATE TABLE v (id int); SELECT 1' };
    expect(await codeOf(of(service, [one, other]).migrate(service.migrator))).toBe('edited 002');
    expect(await codeOf(of(service, [one, two]).migrate(service.migrator))).toBe('edited 002');
  });

  it('go on at that statement, with what was done before it left as it is', async () => {
    const service = await fresh();
    const start = 'CREATE TABLE u (id int); INSERT INTO u VALUES (1);';
    const bad = { id: '001', sql: `${start} INSERT INTO nowhere VALUES (1)` };
    expect(await codeOf(of(service, [bad]).migrate(service.migrator))).toBe('failed 001');
    const mended = { id: '001', sql: `${start} INSERT INTO u VALUES (2)` };
    expect((await of(service, [mended]).migrate(service.migrator)).applied).toEqual(['001']);
    expect(await rows(service.pool, 'SELECT id FROM u ORDER BY id')).toEqual([{ id: 1 }, { id: 2 }]);
    expect(await codeOf(of(service, [mended]).verifyMigrations())).toBe('done');
  });

  it('ask a person when nobody knows whether a statement was done', async () => {
    const service = await fresh();
    const slow = { id: '001', sql: 'CREATE TABLE w (id int); DO SLEEP(60)' };
    const running = codeOf(of(service, [slow]).migrate(service.migrator));
    const text = "SELECT ID AS id FROM information_schema.PROCESSLIST WHERE INFO = 'DO SLEEP(60)'";
    await until(async () => (await rows(scene.admin, text)).length > 0, 30_000);
    const [row] = await rows(scene.admin, text);
    await scene.admin.query(`KILL ${String(row!['id'])}`);
    expect(await running).not.toBe('done');
    expect(await codeOf(of(service, [slow]).migrate(service.migrator))).toBe('uncertain 001');
    await scene.admin.query(
      `UPDATE ${service.own}.migration SET done = 2, begun = 2, prefix = '' WHERE id = '001'`,
    );
    expect((await of(service, [slow]).migrate(service.migrator)).applied).toEqual(['001']);
  });

  it('are applied once by many programs, and of two versions one wins', async () => {
    const service = await fresh();
    const programs = Array.from({ length: 5 }, () => scene.admin);
    const outcomes = await Promise.all(programs.map(pool => of(service, [one, two, code]).migrate(pool)));
    expect(outcomes.flatMap(({ applied }) => applied).sort()).toEqual(['001', '002', '003']);
    for (let round = 0; round < 3; round++) {
      const own = await fresh();
      const other = { id: '002', sql: 'ALTER TABLE t ADD COLUMN title text' };
      const told = await Promise.all([
        codeOf(of(own, [one, two]).migrate(scene.admin)),
        codeOf(of(own, [one, other]).migrate(scene.admin)),
      ]);
      expect([...told].sort()).toEqual(['done', 'edited 002']);
    }
  });

  it('wait for each other no longer than they may', async () => {
    const service = await scene.service('busy', { migrations: [], migrationWaitMs: 1_000 });
    const holder = await scene.admin.getConnection();
    await holder.query(`SELECT GET_LOCK('keelson migrations ${service.service}', 1)`);
    expect(await codeOf(of(service, [one]).migrate(service.migrator))).toBe('locked ');
    holder.destroy();
  });
});
