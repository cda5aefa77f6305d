import type { Pool } from 'mysql2/promise';
import { afterAll, describe, expect, it } from 'vitest';
import type { Migration } from '../../src/data/migration.js';
import { ServiceDatabase } from '../../src/data/service-database.js';
import { until } from './eventually.js';
import { MariadbScene, mariadbIsThere } from './mariadb-server.js';

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
