import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { postgresDatabase } from '../../src/adapters/postgres/database-driver.js';
import type { Migration } from '../../src/data/migration.js';
import { ServiceDatabase } from '../../src/data/service-database.js';
import { DatabaseScene } from './database-scene.js';
import { serverIsThere } from './postgres-server.js';

const there = await serverIsThere();
const scene = new DatabaseScene('migrate');
type Service = Awaited<ReturnType<DatabaseScene['service']>>;

const one: Migration = { id: '001', sql: 'CREATE TABLE thing (id int);\nINSERT INTO thing VALUES (1)' };
const two: Migration = { id: '002', sql: 'ALTER TABLE thing ADD COLUMN name text' };
const three: Migration = { id: '003', sql: 'CREATE VIEW names AS SELECT name FROM thing' };
const of = ({ driver }: Service, migrations: readonly Migration[]) =>
  new ServiceDatabase({ driver, migrations });
const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => 'done',
    (error: { reason?: string; migration?: string; code?: string }) =>
      `${error.reason ?? error.code} ${error.migration}`,
  );

describe.skipIf(!there)('the migrations of a service', () => {
  let at = 0;
  const fresh = () => scene.service(`m${++at}`, { migrations: [] });
  beforeAll(() => scene.create());
  afterAll(() => scene.remove());

  it('are applied once, each with its grants, by a role that is not that of the app', async () => {
    const service = await fresh();
    const first = of(service, [one, two]);
    expect(await codeOf(first.verifyMigrations())).toBe('pending 001');
    expect(await first.migrate(service.migrator)).toEqual({
      applied: ['001', '002'],
      pending: [],
      newer: [],
    });
    expect(await first.migrate(service.migrator)).toEqual({ applied: [], pending: [], newer: [] });
    expect((await of(service, [one, two, three]).migrate(service.migrator)).applied).toEqual(['003']);
    // A program that is older than the database is no mistake.
    expect(await first.verifyMigrations()).toEqual({ applied: [], pending: [], newer: ['003'] });
    await service.pool.query("INSERT INTO thing VALUES (2, 'b')");
    const read = scene.pool({ user: `${service.service}_read` });
    expect((await read.query('SELECT * FROM names WHERE name IS NOT NULL')).rows).toEqual([{ name: 'b' }]);
    expect((await first.inspectOwnership()).findings).toEqual([]);
  });

  it('are refused when one was edited, left out or moved, and line ends are no edit', async () => {
    const service = await fresh();
    await of(service, [one, two]).migrate(service.migrator);
    const edited = { id: '001', sql: `${one.sql} ` };
    expect(await codeOf(of(service, [edited, two]).migrate(service.migrator))).toBe('edited 001');
    expect(await codeOf(of(service, [edited, two]).verifyMigrations())).toBe('edited 001');
    expect(await codeOf(of(service, [two, one]).migrate(service.migrator))).toBe('order 002');
    expect(await codeOf(of(service, [two]).verifyMigrations())).toBe('order 002');
    expect(await codeOf(of(service, [one, three, two]).migrate(service.migrator))).toBe('order 003');
    const windows = { id: '001', sql: one.sql.replaceAll('\n', '\r\n') };
    expect(await codeOf(of(service, [windows, two]).verifyMigrations())).toBe('done');
    expect((await scene.admin.query(`SELECT to_regclass('${service.schema}.names') AS t`)).rows[0].t).toBe(
      null,
    );
  });

  it('leave nothing of one that failed, keep those before it, and go on when it is mended', async () => {
    const service = await fresh();
    const bad = { id: '002', sql: 'ALTER TABLE thing ADD COLUMN half int; SELECT 1 / 0; DROP TABLE thing' };
    const failed = of(service, [one, bad, three]).migrate(service.migrator);
    await expect(failed).rejects.toMatchObject({
      ...{ code: 'ERR_MIGRATION', reason: 'failed', migration: '002' },
      message: expect.stringContaining('division by zero'),
      cause: expect.objectContaining({ code: '22012' }),
    });
    const { rows } = await scene.admin.query(
      'SELECT column_name FROM information_schema.columns WHERE table_schema = $1',
      [service.schema],
    );
    expect(rows).toEqual([{ column_name: 'id' }]);
    expect((await of(service, [one, two, three]).migrate(service.migrator)).applied).toEqual(['002', '003']);
  });

  it('are applied once by many programs at once, on connections of their own', async () => {
    for (let round = 0; round < 3; round++) {
      const service = await fresh();
      const programs = Array.from({ length: 6 }, () => scene.pool({ max: 1 }));
      const outcomes = await Promise.all(programs.map(pool => of(service, [one, two, three]).migrate(pool)));
      expect(outcomes.flatMap(({ applied }) => applied).sort()).toEqual(['001', '002', '003']);
      const ledger = await scene.admin.query(`SELECT place, id FROM ${service.own}.migration ORDER BY
        place`);
      expect(ledger.rows.map(({ place, id }) => `${place} ${id}`)).toEqual(['1 001', '2 002', '3 003']);
      const rows = await scene.admin.query(`SELECT id FROM ${service.schema}.thing`);
      expect(rows.rows).toEqual([{ id: 1 }]);
    }
  });

  it('of two versions that come at once end in one of them, and the other is told', async () => {
    const outcomes = new Set<string>();
    for (let round = 0; round < 4; round++) {
      const service = await fresh();
      const other = { id: '002', sql: 'ALTER TABLE thing ADD COLUMN title text' };
      const told = await Promise.all([
        codeOf(of(service, [one, two, three]).migrate(scene.pool({ max: 1 }))),
        codeOf(of(service, [one, other]).migrate(scene.pool({ max: 1 }))),
      ]);
      outcomes.add(told.join());
      expect(
        told.filter(one => one === 'done'),
        told.join(),
      ).toHaveLength(1);
      const { rows } = await scene.admin.query(
        `SELECT string_agg(column_name, ',' ORDER BY column_name) AS names FROM information_schema.columns
          WHERE table_schema = $1 AND table_name = 'thing'`,
        [service.schema],
      );
      expect(['id,name', 'id,title']).toContain(rows[0].names);
    }
    for (const told of outcomes) expect(told).toMatch(/edited 002/);
  });

  it('leave nothing when the connection is ended in the middle of one', async () => {
    const service = await fresh();
    const slow = { id: '002', sql: 'CREATE TABLE half (id int); SELECT pg_sleep(60)' };
    const pool = scene.pool({ max: 1 });
    const running = codeOf(of(service, [one, slow]).migrate(pool));
    let pid: number | undefined;
    while (pid === undefined) {
      const { rows } = await scene.admin.query(
        "SELECT pid FROM pg_stat_activity WHERE datname = $1 AND query LIKE 'CREATE TABLE half%'",
        [scene.name],
      );
      pid = rows[0]?.pid;
    }
    await scene.admin.query('SELECT pg_terminate_backend($1)', [pid]);
    expect(await running).toBe('failed 002');
    expect((await scene.admin.query(`SELECT to_regclass('${service.schema}.half') AS t`)).rows[0].t).toBe(
      null,
    );
    expect((await of(service, [one, two]).migrate(service.migrator)).applied).toEqual(['002']);
  });

  it('do not wait for a lock for long, since all others wait behind them', async () => {
    const service = await scene.service('impatient', { migrations: [one], lockTimeoutMs: 300 });
    const holder = await scene.admin.connect();
    await holder.query(`BEGIN; SELECT * FROM ${service.schema}.thing`);
    expect(await codeOf(of(service, [one, two]).migrate(service.migrator))).toBe('failed 002');
    await holder.query('COMMIT');
    holder.release();
    expect((await of(service, [one, two]).migrate(service.migrator)).applied).toEqual(['002']);
  });

  it('are refused when they end their transaction, in whatever way', async () => {
    const service = await fresh();
    const hidden = { id: '001', sql: "CREATE TABLE t (id int); DO 'BEGIN COMMIT; END'" };
    expect(await codeOf(of(service, [hidden]).migrate(service.migrator))).toBe('failed 001');
    expect(
      (
        await scene.admin.query(`SELECT to_regclass('${service.schema}.t') AS
      t`)
      ).rows[0].t,
    ).toBe(null);
    expect(() => of(service, [{ id: '001', sql: 'CREATE TABLE t (id int); commit; SELECT 1' }])).toThrow(
      /would end the transaction/,
    );
  });

  it('cannot be applied by the app, which only looks', async () => {
    const service = await fresh();
    await expect(of(service, [one]).migrate(service.pool)).rejects.toMatchObject({ code: '42501' });
    const driver = postgresDatabase({ service: service.service, client: service.pool });
    expect(await new ServiceDatabase({ driver }).verifyMigrations()).toEqual({
      ...{ applied: [], pending: [], newer: [] },
    });
  });
});
