import { createPool, type Pool } from 'mysql2/promise';
import { mariadbDatabase } from '../../src/adapters/mariadb/database-driver.js';
import type { MariadbDatabaseOptions } from '../../src/adapters/mariadb/provision-place.js';
import type { Migration } from '../../src/data/migration.js';
import { ServiceDatabase } from '../../src/data/service-database.js';

/** The server of this machine, or the one that the variable names. */
export const mariadbUrl = process.env['MARIADB_URL'] ?? 'mysql://root@127.0.0.1:3306';

export const PASSWORD = "s3cret'of \\the scene";

/** Whether the server is there. Where it is not, that is said, and a failure in CI. */
export async function mariadbIsThere(): Promise<boolean> {
  const pool = createPool({ uri: mariadbUrl, connectTimeout: 5_000 });
  try {
    await pool.query('SELECT 1');
    return true;
  } catch (error) {
    const why = `skipped: no MariaDB at ${new URL(mariadbUrl).host} (MARIADB_URL): ${String(error)}`;
    if (process.env['CI'] === 'true') throw new Error(why, { cause: error });
    console.warn(why);
    return false;
  } finally {
    await pool.end();
  }
}

const things: readonly Migration[] = [
  {
    id: '001-things',
    sql: `CREATE TABLE thing (id int PRIMARY KEY, secret text);
      CREATE VIEW open_thing AS SELECT id FROM thing;
      INSERT INTO thing (id) VALUES (1)`,
  },
];

/** Services on the server, each with its databases and accounts; all of it goes at the end. */
export class MariadbScene {
  readonly admin: Pool = createPool({ uri: mariadbUrl, connectionLimit: 10, multipleStatements: true });
  readonly #pools: Pool[] = [this.admin];
  readonly #services = new Set<string>();
  readonly #more: string[] = [];

  pool(user: string, database?: string, connectionLimit = 4): Pool {
    const { hostname, port } = new URL(mariadbUrl);
    const where = { host: hostname, port: Number(port || 3306), user, password: PASSWORD };
    const pool = createPool({ ...where, connectionLimit, ...(database === undefined ? {} : { database }) });
    this.#pools.push(pool);
    return pool;
  }

  async service(
    name: string,
    more: Partial<MariadbDatabaseOptions> & { migrations?: readonly Migration[] } = {},
  ) {
    const { migrations = things, ...options } = more;
    const service = `${name}_${process.pid}`;
    this.#services.add(service);
    const pool = this.pool(`${service}_app`, service);
    const migrator = this.pool(`${service}_migrator`, service, 1);
    const driver = mariadbDatabase({ service, client: pool, ...options });
    const database = new ServiceDatabase({ driver, migrations });
    const relay = options.stores?.includes('outbox') === true ? { relay: PASSWORD } : {};
    await database.provision(this.admin, {
      passwords: { app: PASSWORD, migrator: PASSWORD, read: PASSWORD, ...relay },
    });
    await database.migrate(migrator);
    return { service, own: `${service}_keelson`, database, driver, pool, migrator };
  }

  /** A statement that is run at the end, whatever else happens. */
  finally(sql: string): void {
    this.#more.push(sql);
  }

  async remove(): Promise<void> {
    for (const sql of this.#more) await this.admin.query(sql);
    for (const service of this.#services) {
      for (const name of [service, `${service}_keelson`])
        await this.admin.query(`DROP DATABASE IF EXISTS ${name}`);
      for (const user of ['app', 'migrator', 'relay', 'read']) {
        await this.admin.query(`DROP USER IF EXISTS '${service}_${user}'@'%'`);
      }
    }
    await Promise.all(this.#pools.map(pool => pool.end()));
  }
}
