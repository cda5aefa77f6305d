import { Pool, type PoolConfig } from 'pg';

/** The server of this machine, by the variables that `pg` knows, or the one that is usual here. */
export const serverConfig: PoolConfig =
  process.env['DATABASE_URL'] === undefined
    ? {
        host: process.env['PGHOST'] ?? '127.0.0.1',
        port: Number(process.env['PGPORT'] ?? 5432),
        user: process.env['PGUSER'] ?? 'root',
        database: process.env['PGDATABASE'] ?? 'test',
      }
    : { connectionString: process.env['DATABASE_URL'] };

/** A pool whose idle connections may break without a word. */
export function poolOf(config: PoolConfig = serverConfig): Pool {
  const pool = new Pool({ max: 10, connectionTimeoutMillis: 5_000, ...config });
  pool.on('error', () => {});
  return pool;
}

/** Whether the server is there. Where it is not, that is said, and a failure in CI. */
export async function serverIsThere(): Promise<boolean> {
  const pool = poolOf();
  try {
    await pool.query('SELECT 1');
    return true;
  } catch (error) {
    const why = `skipped: no PostgreSQL at ${JSON.stringify(serverConfig)}: ${(error as Error).message}`;
    if (process.env['CI'] === 'true') throw new Error(why, { cause: error });
    console.warn(why);
    return false;
  } finally {
    await pool.end();
  }
}
