import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mariadbDatabase } from '../../src/adapters/mariadb/database-driver.js';
import type { OwnershipFinding } from '../../src/data/ownership.js';
import { ServiceDatabase } from '../../src/data/service-database.js';
import { mariadbLeaks } from './mariadb-leaks.js';
import { MariadbScene, mariadbIsThere, PASSWORD } from './mariadb-server.js';

const there = await mariadbIsThere();
type Service = Awaited<ReturnType<MariadbScene['service']>>;

describe.skipIf(!there)('the places of two services in one MariaDB', () => {
  const scene = new MariadbScene();
  const stranger = `stranger_${process.pid}`;
  const group = `group_${process.pid}`;
  let a: Service;
  let b: Service;
  let admin: string;
  let before: readonly OwnershipFinding[];
  beforeAll(async () => {
    const nobody = mariadbDatabase({ service: `nobody_${process.pid}`, client: scene.admin });
    const all = await new ServiceDatabase({ driver: nobody }).inspectOwnership(scene.admin);
    before = all.findings.filter(({ kind }) => kind === 'public-reach' || kind === 'global-grant');
    a = await scene.service('orders');
    b = await scene.service('billing');
    for (const user of [stranger, a.service]) scene.finally(`DROP USER IF EXISTS '${user}'@'%'`);
    scene.finally(`DROP USER IF EXISTS '${a.service}_app'@'192.0.2.1'`);
    scene.finally(`DROP ROLE IF EXISTS '${group}'`);
    await scene.admin.query(
      `CREATE USER '${stranger}'@'%' IDENTIFIED VIA mysql_native_password USING 'invalid'`,
    );
    const [rows] = await scene.admin.query('SELECT CURRENT_USER() AS name');
    admin = (rows as { name: string }[])[0]!.name;
  });
  afterAll(() => scene.remove());

  const escaped = (service: string) => service.replaceAll('_', '\\_');
  const said = (text: string): string =>
    text
      .replaceAll('$admin', admin)
      .replaceAll('$stranger', stranger)
      .replaceAll('$group', group)
      .replaceAll('$ea', escaped(a.service))
      .replaceAll('$eb', escaped(b.service))
      .replaceAll('$a', a.service)
      .replaceAll('$b', b.service);
  /** Without what the server has had before: a database for everybody, say. */
  const foundBy = async ({ database }: Service) => {
    const { findings } = await database.inspectOwnership(scene.admin);
    return findings.filter(one => !before.some(old => old.object === one.object && old.role === one.role));
  };
  const found = () => foundBy(a);

  it('are their own', async () => {
    expect(await found()).toEqual([]);
    expect(await foundBy(b)).toEqual([]);
  });

  it.each(mariadbLeaks)('have a leak that is found by its name, and mended as it says: $name', async leak => {
    await scene.admin.query(said(leak.plant));
    const findings = await found();
    const names = findings.map(one => `${one.kind} ${one.object} ${one.role}`);
    const wanted = said(leak.finding);
    expect(names).toContain(wanted);
    await expect(a.database.verifyOwnership(scene.admin)).rejects.toMatchObject({ code: 'ERR_OWNERSHIP' });
    await scene.admin.query(
      leak.undo === undefined ? findings[names.indexOf(wanted)]!.mend : said(leak.undo),
    );
    expect(await found()).toEqual([]);
  });

  it('are not looked at by who may not see all grants, which is said', async () => {
    await expect(a.database.verifyOwnership()).rejects.toMatchObject({ code: 'ER_TABLEACCESS_DENIED_ERROR' });
  });

  it.each([
    ['SELECT * FROM `$b`.`thing`', 'ER_TABLEACCESS_DENIED_ERROR'],
    ['INSERT INTO `$b`.`thing` (id) VALUES (9)', 'ER_TABLEACCESS_DENIED_ERROR'],
    ['UPDATE `$b`.`thing` SET id = 9', 'ER_TABLEACCESS_DENIED_ERROR'],
    ['DELETE FROM `$b`.`thing`', 'ER_TABLEACCESS_DENIED_ERROR'],
    ['TRUNCATE `$b`.`thing`', 'ER_TABLEACCESS_DENIED_ERROR'],
    ['SELECT * FROM `$b`.`open_thing`', 'ER_TABLEACCESS_DENIED_ERROR'],
    ['USE `$b`', 'ER_DBACCESS_DENIED_ERROR'],
    ['CREATE TABLE `$b`.`mine` (id int)', 'ER_TABLEACCESS_DENIED_ERROR'],
    ['SHOW TABLES FROM `$b`', 'ER_DBACCESS_DENIED_ERROR'],
    ['SHOW CREATE TABLE `$b`.`thing`', 'ER_TABLEACCESS_DENIED_ERROR'],
    ['CREATE TABLE mine (id int)', 'ER_TABLEACCESS_DENIED_ERROR'],
    ['ALTER TABLE thing ADD COLUMN x int', 'ER_TABLEACCESS_DENIED_ERROR'],
    ['DROP TABLE thing', 'ER_TABLEACCESS_DENIED_ERROR'],
    ['CREATE INDEX i ON thing (id)', 'ER_TABLEACCESS_DENIED_ERROR'],
    ['CREATE DATABASE mine', 'ER_DBACCESS_DENIED_ERROR'],
    ['DELETE FROM `$a_keelson`.`migration`', 'ER_TABLEACCESS_DENIED_ERROR'],
    ['SELECT * FROM mysql.user', 'ER_TABLEACCESS_DENIED_ERROR'],
    ["SELECT 1 INTO OUTFILE 'keelson'", 'ER_SPECIFIC_ACCESS_DENIED_ERROR'],
  ])('refuse the app of one of them: %s', async (text, code) => {
    await expect(a.pool.query(said(text))).rejects.toMatchObject({ code });
  });

  it('show the app nothing of others', async () => {
    for (const table of ['TABLES', 'COLUMNS', 'SCHEMATA', 'VIEWS', 'ROUTINES']) {
      const where = { SCHEMATA: 'SCHEMA_NAME', ROUTINES: 'ROUTINE_SCHEMA' }[table] ?? 'TABLE_SCHEMA';
      const [rows] = await a.pool.query(`SELECT * FROM information_schema.${table} WHERE ${where} = ?`, [
        b.service,
      ]);
      expect(rows, table).toEqual([]);
    }
  });

  it('let the app and the reader do what they are for', async () => {
    await a.pool.query('INSERT INTO thing (id) VALUES (7)');
    await a.pool.query('DELETE FROM thing WHERE id = 7');
    // Views are granted by who may grant: provision does so for those that are there.
    await a.database.provision(scene.admin, { passwords: { read: PASSWORD } });
    const read = scene.pool(`${a.service}_read`);
    const [rows] = await read.query(`SELECT * FROM ${a.service}.open_thing`);
    expect(rows).toEqual([{ id: 1 }]);
    await expect(read.query(`SELECT * FROM ${a.service}.thing`)).rejects.toMatchObject({ errno: 1142 });
    expect(await found()).toEqual([]);
  });
});
