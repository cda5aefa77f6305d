import { sql as piece } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/node-postgres';
import knexOf from 'knex';
import { CompiledQuery, Kysely, PostgresDialect } from 'kysely';
import postgres from 'postgres';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PostgresClient } from '../../src/adapters/postgres/client.js';
import { PostgresOutboxStore } from '../../src/adapters/postgres/outbox-store.js';
import { Outbox } from '../../src/data/outbox.js';
import { topic } from '../../src/messaging/topic.js';
import { poolOf, serverConfig, serverIsThere } from './postgres-server.js';

const there = await serverIsThere();
const placed = topic<{ id: string; note: string }>('orders.placed', { key: order => order.id });

/** Runs a transaction: `work` gets what an outbox takes, and a way to insert by the builder's own words. */
type InTransaction = (
  work: (tx: PostgresClient, insert: (id: string) => Promise<unknown>) => Promise<void>,
) => Promise<unknown>;

describe.skipIf(!there)('an outbox in the transaction of', () => {
  const schema = `builders_${process.pid}`;
  const pool = poolOf({ ...serverConfig, max: 4 });
  const store = new PostgresOutboxStore({ client: pool, schema });
  const outbox = new Outbox({ store });
  const ends: (() => Promise<unknown>)[] = [() => pool.end()];

  beforeAll(async () => {
    await store.connect();
    await pool.query(`CREATE TABLE ${schema}.orders (id text)`);
  });
  afterAll(async () => {
    await pool.query(`DROP SCHEMA ${schema} CASCADE`);
    for (const end of ends.reverse()) await end();
  });

  const builders: Readonly<Record<string, () => InTransaction>> = {
    drizzle: () => {
      const db = drizzle({ client: pool });
      return work =>
        db.transaction(async tx => {
          const query = (text: string, params: unknown[] = []) => {
            const parts = text.split(/\$(\d+)/);
            const bound = parts.map((part, at) =>
              at % 2 ? piece`${params[Number(part) - 1]}` : piece.raw(part),
            );
            return tx.execute(piece.join(bound));
          };
          await work({ query }, id =>
            tx.execute(piece`INSERT INTO ${piece.raw(schema)}.orders VALUES (${id})`),
          );
        });
    },
    knex: () => {
      const connection = serverConfig.connectionString ?? { ...serverConfig };
      const db = knexOf({ client: 'pg', connection: connection as string, pool: { min: 0, max: 2 } });
      ends.push(() => db.destroy());
      return work =>
        db.transaction(async trx => {
          const client = (await trx.client.acquireConnection()) as PostgresClient;
          await work(client, id => trx.withSchema(schema).insert({ id }).into('orders').then());
        });
    },
    kysely: () => {
      const db = new Kysely<{ orders: { id: string } }>({ dialect: new PostgresDialect({ pool }) });
      return work =>
        db.transaction().execute(async trx => {
          const query = (text: string, params: unknown[] = []) =>
            trx.executeQuery(CompiledQuery.raw(text, params));
          await work({ query }, id => trx.withSchema(schema).insertInto('orders').values({ id }).execute());
        });
    },
    'postgres.js': () => {
      const { host, port, user, database, connectionString } = serverConfig;
      const options = { max: 2, onnotice: () => {} };
      const db =
        connectionString === undefined
          ? postgres({ ...options, host: host!, port: port!, username: String(user), database: database! })
          : postgres(connectionString, options);
      ends.push(() => db.end());
      return work =>
        db.begin(async trx => {
          const query = async (text: string, params: unknown[] = []) => ({
            rows: await trx.unsafe(text, params as never[]),
          });
          await work({ query }, id => trx`INSERT INTO ${trx(schema)}.orders VALUES (${id})`);
        });
    },
  };

  const stands = async () => {
    const orders = await pool.query(`SELECT id FROM ${schema}.orders ORDER BY id`);
    const waiting = await pool.query(`SELECT key, body FROM ${schema}.outbox ORDER BY id`);
    return {
      orders: orders.rows.map(({ id }) => id as string),
      waiting: waiting.rows.map(({ key, body }) => `${key} ${body}`),
    };
  };

  it.each(Object.keys(builders))(
    '%s is there when that commits, and never was when it rolls back',
    async name => {
      await pool.query(`TRUNCATE ${schema}.orders; DELETE FROM ${schema}.outbox`);
      const inTransaction = builders[name]!();
      const note = `it's $1, "quoted", ünd ${name}?`;
      await inTransaction(async (tx, insert) => {
        await insert('o-1');
        await outbox.publish(tx, { topic: placed, data: { id: 'o-1', note } });
        await outbox.publishAll(tx, [
          { topic: placed, data: { id: 'o-2', note } },
          { topic: placed, data: { id: 'o-3', note } },
        ]);
      });
      const undone = inTransaction(async (tx, insert) => {
        await insert('o-9');
        await outbox.publish(tx, { topic: placed, data: { id: 'o-9', note } });
        expect((await stands()).waiting).toHaveLength(3);
        throw new Error('changed my mind');
      });
      await expect(undone).rejects.toThrow('changed my mind');
      const of = (id: string) => `${id} ${JSON.stringify({ id, note })}`;
      expect(await stands()).toEqual({ orders: ['o-1'], waiting: ['o-1', 'o-2', 'o-3'].map(of) });
    },
  );
});
