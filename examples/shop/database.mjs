/** The database of a service: its own PGlite in its folder, or one that several processes share. */
import { PGlite } from '@electric-sql/pglite';
import pg from 'pg';

/** A PGlite in this process, which nobody else can open. */
export async function ownDatabase(folder) {
  const client = await PGlite.create(folder);
  return {
    client,
    query: (text, params = []) => client.query(text, params),
    transaction: work => client.transaction(work),
  };
}

/** What another process has, over the protocol of PostgreSQL. */
export function sharedDatabase(server, { max = 4 } = {}) {
  const client = new pg.Pool({ ...server, max, connectionTimeoutMillis: 2_000 });
  // It may be restarted: the pool makes new connections then.
  client.on('error', () => {});
  return {
    client,
    query: (text, params = []) => client.query(text, params),
    transaction: work => inTransaction(client, work),
  };
}

async function inTransaction(pool, work) {
  const client = await pool.connect();
  // One that breaks while it is lent says so to whoever waits for its answer.
  client.on('error', ignore);
  let broken;
  try {
    await client.query('BEGIN');
    const answer = await work(client);
    await client.query('COMMIT');
    return answer;
  } catch (error) {
    await client.query('ROLLBACK').catch(() => {
      broken = true;
    });
    throw error;
  } finally {
    client.off('error', ignore);
    client.release(broken);
  }
}

function ignore() {}
