import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MariadbBarrierStore } from '../../src/adapters/mariadb/barrier.js';
import { mariadbDatabase } from '../../src/adapters/mariadb/database-driver.js';
import { MariadbOutboxStore } from '../../src/adapters/mariadb/outbox-store.js';
import { Inbox } from '../../src/data/inbox.js';
import { Outbox } from '../../src/data/outbox.js';
import { OutboxRelay } from '../../src/data/outbox-relay.js';
import type { OwnershipFinding } from '../../src/data/ownership.js';
import { ServiceDatabase } from '../../src/data/service-database.js';
import { topic } from '../../src/messaging/topic.js';
import { until } from './eventually.js';
import { mariadbLeaks } from './mariadb-leaks.js';
import { MariadbScene, mariadbIsThere, PASSWORD } from './mariadb-server.js';

const there = await mariadbIsThere();
const sent = topic<{ id: number }>('parcels.sent');
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
    const refused = await a.database.verifyOwnership().catch((error: unknown) => error);
    const cause = { code: 'ER_TABLEACCESS_DENIED_ERROR' };
    expect(refused).toMatchObject({ name: 'OwnershipUnseenError', code: 'ERR_OWNERSHIP_UNSEEN', cause });
    expect((refused as Error).message).toContain(`the account ${a.service}_app@% sees its own grants only`);
    expect((refused as Error).message).toContain('an account that may read the database mysql');
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

  it('give the app an outbox to write into and an inbox, the relay the outbox, and nobody more', async () => {
    const c = await scene.service('parcels', { stores: ['outbox', 'inbox'] });
    await c.database.provision(scene.admin);
    expect(await foundBy(c)).toEqual([]);
    const relayPool = scene.pool(`${c.service}_relay`);
    const own = { database: c.own, topology: 'check' } as const;
    const outbox = new Outbox({ store: new MariadbOutboxStore({ client: c.pool, ...own }) });
    const store = new MariadbBarrierStore({ client: c.pool, ...own });
    await store.connect();
    const inbox = new Inbox({ store, consumer: 'parcels', redeliveryMs: 1_000 });
    const { driver } = c;
    const whole = new ServiceDatabase({ driver, outbox, inbox });
    const handle = () =>
      whole.transaction(async ({ sql, outbox: out, inbox: box }) =>
        box.run('m-1', async () => {
          await sql.query('INSERT INTO thing (id) VALUES (5)');
          await out.publish({ topic: sent, data: { id: 5 } });
        }),
      );
    expect([(await handle()).outcome, (await handle()).outcome]).toEqual(['done', 'duplicate']);
    const relayStore = new MariadbOutboxStore({ client: relayPool, ...own });
    const published: unknown[] = [];
    const bus = { publish: async (_: unknown, data: unknown) => void published.push(data) };
    const relay = new OutboxRelay({ store: relayStore, bus, pollMs: 20 });
    await relay.start();
    await until(() => published.length > 0);
    await relay.close();
    expect(published).toEqual([{ id: 5 }]);
    await expect(c.pool.query(`DELETE FROM ${c.own}.outbox`)).rejects.toMatchObject({ errno: 1142 });
    await expect(relayPool.query(`SELECT * FROM ${c.service}.thing`)).rejects.toMatchObject({ errno: 1142 });
    await scene.admin.query(`GRANT DELETE ON ${c.own}.outbox TO '${c.service}_app'@'%'`);
    expect(await foundBy(c)).toMatchObject([{ kind: 'table-grant', role: `'${c.service}_app'@'%'` }]);
  });
});
