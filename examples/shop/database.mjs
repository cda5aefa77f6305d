/** The database of a service: a PGlite of its own, one that several share, or a place on a server. */

import { MariadbBarrierStore } from 'keelson/mariadb';
import { PostgresBarrierStore } from 'keelson/postgres';
import mysql from 'mysql2/promise';
import pg from 'pg';
import { PGlite } from './pglite.mjs';

const { env } = process;
const mariadbUrl = env.MARIADB_URL ?? 'mysql://root@127.0.0.1:3306';
const postgresServer = env.DATABASE_URL
  ? { connectionString: env.DATABASE_URL }
  : { host: env.PGHOST ?? '127.0.0.1', user: env.PGUSER ?? 'root', database: env.PGDATABASE ?? 'test' };

/**
 * @typedef {object} Transaction
 * @property {(text: string, params?: unknown[]) => Promise<{ rows: any[] }>} query
 * @property {any} own What the stores of keelson take for a transaction.
 *
 * @typedef {object} Database
 * @property {(text: string, params?: unknown[]) => Promise<{ rows: any[] }>} query
 * @property {<T>(work: (transaction: Transaction) => Promise<T>) => Promise<T>} transaction
 * @property {any} client
 * @property {() => any} barriers Makes the store for a barrier or an inbox beside the data.
 */

const queryOf =
  client =>
  (text, params = []) =>
    client.query(text, params);

/** A PGlite in this process, which nobody else can open. @returns {Promise<Database>} */
async function ownPglite({ data }) {
  const client = await PGlite.create(data);
  return {
    client,
    query: queryOf(client),
    transaction: work => client.transaction(tx => work({ query: queryOf(tx), own: tx })),
    barriers: () => new PostgresBarrierStore({ client }),
  };
}

/** A PostgreSQL, or what speaks like one. @returns {Database} */
export function sharedDatabase(server, { max = 4, schema = 'keelson' } = {}) {
  const client = new pg.Pool({ ...server, max, connectionTimeoutMillis: 2_000 });
  // It may be restarted: the pool makes new connections then.
  client.on('error', ignore);
  return {
    client,
    query: queryOf(client),
    transaction: work => inTransaction(client, work),
    barriers: () => new PostgresBarrierStore({ client, schema }),
  };
}

async function inTransaction(pool, work) {
  const own = await pool.connect();
  // One that breaks while it is lent says so to whoever waits for its answer.
  own.on('error', ignore);
  let broken;
  try {
    await own.query('BEGIN');
    const answer = await work({ query: queryOf(own), own });
    await own.query('COMMIT');
    return answer;
  } catch (error) {
    await own.query('ROLLBACK').catch(() => {
      broken = true;
    });
    throw error;
  } finally {
    own.off('error', ignore);
    own.release(broken);
  }
}

function ignore() {}

/** A schema of a PostgreSQL server: the tables of the service, and those of keelson beside them. */
export async function ownSchema({ prefix, name }, options = {}) {
  const schema = `${prefix}_${name}`.replaceAll(/\W/g, '_');
  const server = { ...postgresServer, options: `-c search_path=${schema}` };
  const db = sharedDatabase(server, { ...options, schema });
  await db.query(`CREATE SCHEMA IF NOT EXISTS ${schema}`).catch(error => {
    // Two that make it at the same time stand in each other's way; it is there then.
    if (error.code !== '23505') throw error;
  });
  return { ...db, schema };
}

/** A database of a MariaDB server. @returns {Promise<Database>} */
async function ownMariadb({ prefix, name }) {
  const database = `${prefix}_${name}`.replaceAll(/\W/g, '_');
  const admin = await mysql.createConnection({ uri: mariadbUrl });
  await admin.query(`CREATE DATABASE IF NOT EXISTS ${database}`);
  await admin.end();
  const client = mysql.createPool({ uri: mariadbUrl, database, connectionLimit: 6 });
  // It counts its parameters by their place.
  const ask =
    own =>
    async (text, params = []) => {
      const [rows] = await own.query(text.replaceAll(/\$\d+/g, '?'), params);
      return { rows: /** @type {any[]} */ (rows) };
    };
  return {
    client,
    query: ask(client),
    barriers: () => new MariadbBarrierStore({ client, database }),
    async transaction(work) {
      const own = await client.getConnection();
      try {
        await own.beginTransaction();
        const answer = await work({ query: ask(own), own });
        await own.commit();
        return answer;
      } catch (error) {
        await own.rollback().catch(ignore);
        throw error;
      } finally {
        own.release();
      }
    },
  };
}

/**
 * The database of a service. With servers, that of the payments is a MariaDB.
 * @returns {Promise<Database>}
 */
export function openDatabase(told) {
  if (!told.servers) return ownPglite(told);
  return told.name === 'payments' ? ownMariadb(told) : ownSchema(told);
}

/** Takes away what a shop of this prefix has on the servers. */
export async function clearServers({ prefix }) {
  const begin = `${prefix}_`.replaceAll(/\W/g, '_');
  const { query, client } = sharedDatabase(postgresServer);
  const { rows } = await query('SELECT nspname FROM pg_namespace WHERE starts_with(nspname, $1)', [begin]);
  for (const { nspname } of rows) await query(`DROP SCHEMA ${nspname} CASCADE`);
  await client.end();
  const admin = await mysql.createConnection({ uri: mariadbUrl });
  await admin.query(`DROP DATABASE IF EXISTS ${begin}payments`);
  await admin.end();
}

/** Throws where a server does not answer. */
export async function reachServers() {
  const { query, client } = sharedDatabase(postgresServer);
  try {
    await query('SELECT 1');
    await (await mysql.createConnection({ uri: mariadbUrl, connectTimeout: 2_000 })).end();
  } catch (error) {
    const refusal = new Error(`--servers: a server does not answer (${error.code ?? error.message})`);
    throw Object.assign(refusal, { expected: true });
  } finally {
    await client.end();
  }
}
