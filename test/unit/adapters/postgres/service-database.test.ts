import { afterAll, describe, expect, it } from 'vitest';
import type { PostgresClient } from '../../../../src/adapters/postgres/client.js';
import { postgresDatabase } from '../../../../src/adapters/postgres/database-driver.js';
import { PostgresLocalCopyStore } from '../../../../src/adapters/postgres/local-copy-store.js';
import { PostgresOutboxStore } from '../../../../src/adapters/postgres/outbox-store.js';
import { LocalCopy } from '../../../../src/data/local-copy.js';
import { Outbox } from '../../../../src/data/outbox.js';
import { ServiceDatabase } from '../../../../src/data/service-database.js';
import { topic } from '../../../../src/messaging/topic.js';
import { freshPglite } from '../../../fixtures/pglite.js';

const placed = topic<{ id: number }>('things.placed');
const migrations = [
  { id: '001', sql: 'CREATE TABLE thing (id int PRIMARY KEY); CREATE VIEW v AS TABLE thing' },
];

const client = await freshPglite();

describe('the place of a service in a PGlite', () => {
  const driver = postgresDatabase({
    service: 'orders',
    client,
    asRole: true,
    stores: ['outbox', 'inbox', 'copies', 'sagas', 'processes'],
  });
  const outbox = new Outbox({
    store: new PostgresOutboxStore({ client, schema: 'orders_keelson', topology: 'check' }),
  });
  const orders = new ServiceDatabase({ driver, migrations, outbox });
  afterAll(() => client.close());

  it('is made, migrated and found to be its own', { timeout: 60_000 }, async () => {
    await orders.provision(client, { passwords: { app: 'secret' } });
    await orders.provision(client);
    expect((await orders.migrate(client)).applied).toEqual(['001']);
    expect((await orders.migrate(client)).applied).toEqual([]);
    expect((await orders.inspectOwnership()).findings).toEqual([]);
    await client.exec('GRANT SELECT ON orders.thing TO PUBLIC');
    await expect(orders.verifyOwnership()).rejects.toMatchObject({
      report: { findings: [{ kind: 'table-grant', object: 'orders.thing', role: 'PUBLIC' }] },
    });
    await client.exec('REVOKE SELECT ON orders.thing FROM PUBLIC');
  });

  it('keeps copies of the data of others, in transactions of the app', async () => {
    const store = new PostgresLocalCopyStore({ client, schema: 'orders_keelson', topology: 'check' });
    const copy = new LocalCopy<number, PostgresClient>({ name: 'prices', store, redeliveryMs: 1_000 });
    const change = { key: 'tea', version: 1, value: 450 };
    expect(await orders.transaction(({ sql }) => copy.apply(change, sql))).toBe(true);
    expect(await orders.transaction(({ sql }) => copy.apply(change, sql))).toBe(false);
    await orders.transaction(({ sql }) => copy.heartbeat(1, '', sql));
    expect(await copy.get('tea')).toMatchObject({ value: 450 });
  });

  it('has transactions of the app: all of it or nothing, and no more than the app may', async () => {
    await orders.transaction(async ({ sql, outbox: out }) => {
      await sql.query('INSERT INTO thing VALUES (1)');
      await out.publish({ topic: placed, data: { id: 1 } });
    });
    const undone = orders.transaction(async ({ sql, outbox: out }) => {
      await sql.query('INSERT INTO thing VALUES (2)');
      await out.publish({ topic: placed, data: { id: 2 } });
      throw new Error('no');
    });
    await expect(undone).rejects.toThrow('no');
    const { rows } = await orders.transaction(({ sql }) => sql.query('SELECT id FROM thing'), {
      readOnly: true,
    });
    expect(rows).toEqual([{ id: 1 }]);
    expect((await outbox.lag()).messages).toBe(1);
    const maker = orders.transaction(({ sql }) => sql.query('CREATE TABLE orders.mine (id int)'));
    await expect(maker).rejects.toMatchObject({ code: '42501' });
  });

  it('does not call a transaction a success that had failed, nor one that was given up', async () => {
    const caught = orders.transaction(({ sql }) => sql.query('SELECT 1 / 0').then(undefined, () => 1));
    await expect(caught).rejects.toMatchObject({ code: 'ERR_TRANSACTION_ABORTED' });
    const giveUp = new AbortController();
    const given = orders.transaction(
      async ({ sql }) => {
        await sql.query('INSERT INTO thing VALUES (3)');
        giveUp.abort(new Error('late'));
      },
      { signal: giveUp.signal },
    );
    await expect(given).rejects.toThrow('late');
    expect((await client.query('SELECT id FROM orders.thing')).rows).toEqual([{ id: 1 }]);
  });

  it('keeps nothing of a migration that failed', async () => {
    const bad = [...migrations, { id: '002', sql: 'CREATE TABLE half (id int); SELECT 1 / 0' }];
    const failing = new ServiceDatabase({ driver, migrations: bad });
    await expect(failing.migrate(client)).rejects.toMatchObject({ reason: 'failed', migration: '002' });
    expect((await client.query("SELECT to_regclass('orders.half') AS t")).rows).toEqual([{ t: null }]);
    await expect(failing.verifyMigrations()).rejects.toMatchObject({ reason: 'pending' });
  });

  it.each([
    [{ service: 'Orders' }, '`service` must be a name of a-z 0-9 _'],
    [{ service: 'pg_orders' }, '`service` must be a name'],
    [{ client: {} }, '`client` must be a Pool or a PGlite'],
    [{ place: 'server' }, "`place` must be 'schema' or 'database'"],
    [{ rolePrefix: '' }, '`rolePrefix` must be a name'],
    [{ stores: ['bus'] }, '`stores` must be an array of outbox, inbox, copies, sagas, processes'],
    [{ shared: ['Ext'] }, '`shared` must be an array of names'],
    [{ trust: 'backup' }, '`trust` must be an array of names of roles'],
    [{ connections: { app: 0 } }, '`connections.app` must be an integer >= 1'],
    [{ connections: { apps: 1 } }, 'unknown option `apps`'],
    [{ lockTimeoutMs: 0 }, '`lockTimeoutMs` must be an integer >= 1'],
    [{ asRole: 1 }, '`asRole` must be true or false'],
    [{ schema: 'x' }, 'unknown option `schema`'],
  ])('refuses options by name: %o', (more, message) => {
    expect(() => postgresDatabase({ service: 'orders', client, ...(more as object) })).toThrow(message);
  });
});
