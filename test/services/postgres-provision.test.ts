import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { postgresDatabase } from '../../src/adapters/postgres/database-driver.js';
import { ServiceDatabase } from '../../src/data/service-database.js';
import { DatabaseScene } from './database-scene.js';
import { serverIsThere } from './postgres-server.js';

const there = await serverIsThere();
const scene = new DatabaseScene('provision');
type Service = Awaited<ReturnType<DatabaseScene['service']>>;

const acl = (column: string, kind: string, owner: string): string =>
  `ARRAY(SELECT format('%s %s %s', a.grantee, a.privilege_type, a.is_grantable)
    FROM aclexplode(coalesce(${column}, acldefault('${kind}', ${owner}))) a ORDER BY 1)`;

/** All that was granted and set, as text. */
const standing = `SELECT string_agg(line, E'\\n' ORDER BY line) AS text FROM (
  SELECT format('%s %s %s', oid::regclass, relowner, ${acl('relacl', 'r', 'relowner')}) AS line FROM
    pg_class
    WHERE relnamespace::regnamespace::text ~ $1 AND relkind IN ('r', 'v')
  UNION ALL SELECT format('%s %s', oid::regclass, ${acl('relacl', 's', 'relowner')}) FROM pg_class
    WHERE relnamespace::regnamespace::text ~ $1 AND relkind = 'S'
  UNION ALL SELECT format('%s %s %s', nspname, nspowner, ${acl('nspacl', 'n', 'nspowner')}) FROM
    pg_namespace
    WHERE nspname ~ $1
  UNION ALL SELECT format('%s %s', proname, ${acl('proacl', 'f', 'proowner')}) FROM pg_proc
    WHERE pronamespace::regnamespace::text ~ $1
  UNION ALL SELECT format('%s %s %s', defaclrole, defaclobjtype, ${acl('defaclacl', 'r', 'defaclrole')})
    FROM pg_default_acl WHERE defaclrole::regrole::text ~ $1
  UNION ALL SELECT format('%s %s %s %s', rolname, rolconnlimit, rolconfig, rolsuper) FROM pg_roles WHERE
    rolname ~ $1
  UNION ALL SELECT format('%s %s', roleid, member) FROM pg_auth_members WHERE roleid::regrole::text ~ $1
  UNION ALL SELECT format('%s %s', datname, ${acl('datacl', 'd', 'datdba')}) FROM pg_database
    WHERE datname = current_database()) l`;

describe.skipIf(!there)('the place of a service', () => {
  let a: Service;
  let b: Service;
  beforeAll(async () => {
    await scene.create();
    a = await scene.service('orders');
    b = await scene.service('billing');
  });
  afterAll(() => scene.remove());
  const told = async (name: string) =>
    (await scene.admin.query(standing, [`^${name}`])).rows[0].text as string;

  it('is the same when it is made again, by many at once', async () => {
    const before = await told(a.service);
    expect(before).toContain(`${a.service}_app`);
    await Promise.all([1, 2, 3].map(() => a.database.provision(scene.admin)));
    expect(await told(a.service)).toBe(before);
  });

  it('is made as it was by provision, whatever was done to it by hand', async () => {
    const before = await told(a.service);
    const { service } = a;
    await scene.admin.query(`GRANT SELECT ON ${service}.thing TO PUBLIC; GRANT TRUNCATE ON ${service}.thing
      TO ${service}_app; ALTER ROLE ${service}_app SUPERUSER CONNECTION LIMIT -1; GRANT USAGE ON SCHEMA
        ${service}
      TO PUBLIC; GRANT DELETE ON ${service}_keelson.outbox TO ${service}_app; ALTER SCHEMA ${service} OWNER
        TO
      CURRENT_USER; ALTER ROLE ${service}_app SET statement_timeout = 0; GRANT CONNECT ON DATABASE
        ${scene.name}
      TO PUBLIC; REVOKE SELECT ON ${service}.open_thing FROM ${service}_read`);
    await a.database.provision(scene.admin);
    expect(await told(a.service)).toBe(before);
    await a.database.verifyOwnership();
  });

  it('is planned without a server, and the plan is what is run', async () => {
    const driver = postgresDatabase({ service: `planned_${process.pid}`, client: scene.admin });
    const planned = new ServiceDatabase({ driver });
    const { statements, text } = planned.plan();
    expect(text).toContain(`CREATE ROLE planned_${process.pid}_app`);
    expect(text).not.toMatch(/password/i);
    scene.forget(`planned_${process.pid}`);
    for (const { sql } of statements) await scene.admin.query(sql);
    await planned.migrate(scene.admin);
    expect((await planned.inspectOwnership()).findings).toEqual([]);
  });

  it.each([
    'SELECT * FROM $b.thing',
    'INSERT INTO $b.thing (id) VALUES (7)',
    'UPDATE $b.thing SET id = 7',
    'DELETE FROM $b.thing',
    'TRUNCATE $b.thing',
    'SELECT * FROM $b.open_thing',
    `SELECT nextval('$b.thing_n_seq')`,
    'SELECT $b.twice(1)',
    `SELECT 'good'::$b.mood`,
    'SELECT * FROM $b_keelson.outbox',
    'INSERT INTO $b_keelson.outbox DEFAULT VALUES',
    'SELECT * FROM $b_keelson.migration',
    'DO $$ BEGIN LOCK TABLE $b.thing IN SHARE MODE; END $$',
    'ALTER TABLE $b.thing ADD COLUMN x int',
    'DROP TABLE $b.thing',
    'COMMENT ON TABLE $b.thing IS NULL',
    'CREATE TABLE $b.mine (id int)',
    'CREATE TABLE $a.mine (id int)',
    'CREATE TABLE mine (id int)',
    'CREATE TABLE public.mine (id int)',
    'CREATE TEMPORARY TABLE mine (id int)',
    'CREATE SCHEMA mine',
    'ALTER TABLE $a.thing ADD COLUMN x int',
    'DROP TABLE $a.thing',
    'TRUNCATE $a.thing',
    'CREATE INDEX ON $a.thing (n)',
    'CREATE PUBLICATION mine',
    'DELETE FROM $a_keelson.outbox',
    'SELECT * FROM $a_keelson.outbox',
    'SELECT * FROM $a_keelson.outbox_key',
    'DELETE FROM $a_keelson.migration',
    'SET ROLE $b_app',
    'SET ROLE $a_owner',
    'SELECT * FROM pg_catalog.pg_authid',
    'SELECT * FROM pg_catalog.pg_statistic',
    `SELECT pg_read_file('/etc/hostname')`,
    `COPY $a.thing TO PROGRAM 'cat'`,
  ])('refuses the app of it: %s', async text => {
    const said = text.replaceAll('$a', a.service).replaceAll('$b', b.service);
    const error = await a.pool.query(said).then(
      () => ({ code: 'done' }),
      (failure: { code: string }) => failure,
    );
    expect(error.code, said).toBe('42501');
  });

  it('lets the app do what it is for, and each of the others as well', async () => {
    const { service, pool } = a;
    await pool.query('INSERT INTO thing (id, secret) VALUES (2, $1)', ['x']);
    await pool.query('UPDATE thing SET n = twice(n::int) WHERE id = 2');
    expect((await pool.query('SELECT id FROM open_thing ORDER BY id')).rows).toEqual([{ id: 1 }, { id: 2 }]);
    await pool.query('DELETE FROM thing WHERE id = 2');
    const read = scene.pool({ user: `${service}_read` });
    expect((await read.query('SELECT id FROM open_thing')).rows).toEqual([{ id: 1 }]);
    await expect(read.query('SELECT * FROM thing')).rejects.toMatchObject({ code: '42501' });
    const relay = scene.pool({ user: `${service}_relay` });
    expect((await relay.query('SELECT * FROM outbox')).rows).toEqual([]);
    await relay.query('DELETE FROM outbox');
    await expect(relay.query(`SELECT * FROM ${service}.thing`)).rejects.toMatchObject({ code: '42501' });
    await expect(relay.query('SELECT * FROM barrier')).rejects.toMatchObject({ code: '42501' });
  });

  it('shows the app nothing of others where the server can hide it', async () => {
    const seen = async (text: string) => (await a.pool.query(text, [b.service])).rows;
    const where = 'table_schema = $1';
    for (const view of ['tables', 'columns', 'table_privileges', 'views']) {
      expect(await seen(`SELECT * FROM information_schema.${view} WHERE ${where}`), view).toEqual([]);
    }
    await scene.admin.query(`ANALYZE ${b.service}.thing`);
    expect(await seen('SELECT * FROM pg_stats WHERE schemaname = $1')).toEqual([]);
    const busy = b.pool.query("SELECT pg_sleep(0.3), 'secret of billing'");
    const { rows } = await a.pool.query('SELECT query FROM pg_stat_activity WHERE usename = $1', [
      `${b.service}_app`,
    ]);
    await busy;
    expect(JSON.stringify(rows)).not.toContain('secret of billing');
  });

  it('holds its limits for whoever logs in', async () => {
    const names = ['statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout', 'search_path'];
    const { rows } = await a.pool.query('SELECT name, setting FROM pg_settings WHERE name = ANY ($1)', [
      names,
    ]);
    expect(Object.fromEntries(rows.map(({ name, setting }) => [name, setting]))).toEqual({
      statement_timeout: '30000',
      lock_timeout: '5000',
      idle_in_transaction_session_timeout: '30000',
      search_path: a.service,
    });
    const few = await scene.service('few', { connections: { app: 2 } });
    const pool = scene.pool({ user: `${few.service}_app`, max: 3 });
    // One after the other: of three at once the server may refuse two.
    const taken = [await pool.connect(), await pool.connect()];
    await expect(pool.connect()).rejects.toMatchObject({ code: '53300' });
    for (const one of taken) one.release();
  });

  it('can be a database of its own, into which nobody else comes', async () => {
    const alone = await scene.service('alone', { place: 'database' });
    expect((await alone.database.inspectOwnership()).findings).toEqual([]);
    const again = await alone.database.provision(scene.admin, {
      inside: () => scene.pool({ database: alone.service }),
    });
    expect(again.text).toContain(`CREATE DATABASE ${alone.service}`);
    await alone.pool.query('INSERT INTO thing (id) VALUES (5)');
    const guest = scene.pool({ user: `${a.service}_app`, database: alone.service });
    await expect(guest.query('SELECT 1')).rejects.toMatchObject({ code: '42501' });
    await expect(alone.database.provision(scene.admin)).rejects.toMatchObject({ code: 'ERR_PROVISION' });
    const inside = scene.pool({ database: alone.service });
    await inside.query(`GRANT CONNECT ON DATABASE ${alone.service} TO ${a.service}_app`);
    expect((await alone.database.inspectOwnership()).findings).toMatchObject([
      { kind: 'database-grant', role: `${a.service}_app` },
    ]);
    expect((await a.database.inspectOwnership()).findings).toMatchObject([
      { kind: 'foreign-grant', object: alone.service },
    ]);
    await inside.query(`REVOKE CONNECT ON DATABASE ${alone.service} FROM ${a.service}_app`);
  });

  it('is made by who owns the database and may make roles, without being a superuser', async () => {
    const maker = `maker_${process.pid}`;
    scene.forget(maker);
    const own = `made_${process.pid}`;
    scene.forget(own);
    await scene.admin.query(`CREATE ROLE ${maker} LOGIN CREATEROLE PASSWORD 's3cret''of the scene'`);
    await scene.admin.query(`ALTER DATABASE ${scene.name} OWNER TO ${maker}`);
    await scene.admin.query(`ALTER SCHEMA public OWNER TO ${maker}`);
    const pool = scene.pool({ user: maker });
    const made = new ServiceDatabase({ driver: postgresDatabase({ service: own, client: pool }) });
    await made.provision(pool, { passwords: { app: 'one', migrator: 'two' } });
    await made.provision(pool);
    await scene.admin.query(`ALTER DATABASE ${scene.name} OWNER TO CURRENT_USER`);
    await scene.admin.query('ALTER SCHEMA public OWNER TO CURRENT_USER');
    await made.migrate(scene.admin);
    expect((await made.inspectOwnership(scene.admin)).findings).toEqual([]);
  });
});
