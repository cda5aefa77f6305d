import type { Pool } from 'pg';
import { postgresDatabase } from '../../src/adapters/postgres/database-driver.js';
import type { PostgresDatabaseOptions } from '../../src/adapters/postgres/provision-place.js';
import type { Migration } from '../../src/data/migration.js';
import { ServiceDatabase } from '../../src/data/service-database.js';
import { poolOf, serverConfig } from './postgres-server.js';

const migrations: readonly Migration[] = [
  {
    id: '001-things',
    sql: `CREATE TABLE thing (id int PRIMARY KEY, n bigserial, secret text);
      CREATE VIEW open_thing AS SELECT id FROM thing;
      CREATE FUNCTION twice(n int) RETURNS int LANGUAGE sql AS 'SELECT 2 * n';
      CREATE TYPE mood AS ENUM ('good', 'bad');
      INSERT INTO thing (id) VALUES (1)`,
  },
];

/**
 * A database of its own on the server, in which services are given their places; all of it goes at the end.
 */
export class DatabaseScene {
  readonly name: string;
  readonly #pools: Pool[] = [];
  readonly #prefixes = new Set<string>();
  readonly #databases = new Set<string>();
  #admin: Pool | undefined;

  constructor(name: string) {
    this.name = `keelson_${name}_${process.pid}`;
  }

  /** Everything may be done by it, in the database of the scene. */
  get admin(): Pool {
    return this.#admin!;
  }

  async create(): Promise<void> {
    await this.#onServer(async server => void (await server.query(`CREATE DATABASE ${this.name}`)));
    this.#admin = this.pool({ max: 10 });
  }

  /** A pool in the database of the scene, as whoever is named. */
  pool(config: { readonly user?: string; readonly max?: number; readonly database?: string } = {}): Pool {
    const { user, max = 4, database = this.name } = config;
    const where =
      serverConfig.connectionString === undefined
        ? { ...serverConfig, database }
        : { connectionString: urlOf(serverConfig.connectionString, database, user) };
    const made = poolOf({ ...where, max, ...(user === undefined ? {} : { user, password: PASSWORD }) });
    this.#pools.push(made);
    return made;
  }

  /** A service that was given its place, with its first tables. */
  async service(
    name: string,
    more: Partial<PostgresDatabaseOptions> & { migrations?: readonly Migration[] } = {},
  ) {
    const { migrations: own = migrations, ...options } = more;
    const service = `${name}_${process.pid}`;
    this.#prefixes.add(options.rolePrefix ?? service);
    const database = options.place === 'database' ? service : this.name;
    if (options.place === 'database') this.#databases.add(service);
    const pool = this.pool({ user: `${options.rolePrefix ?? service}_app`, database });
    const migrator = this.pool({ user: `${options.rolePrefix ?? service}_migrator`, database, max: 1 });
    const driver = postgresDatabase({ service, client: pool, ...options });
    const made = new ServiceDatabase({ driver, migrations: own });
    const passwords = { app: PASSWORD, migrator: PASSWORD, relay: PASSWORD, read: PASSWORD };
    const inside = () => this.pool({ database });
    await made.provision(this.admin, { passwords, inside });
    await made.migrate(migrator);
    return { service, database: made, driver, pool, migrator, schema: service, own: `${service}_keelson` };
  }

  /** Roles of the server that go with the scene. */
  forget(role: string): void {
    this.#prefixes.add(role);
  }

  async remove(): Promise<void> {
    await Promise.all(this.#pools.map(pool => pool.end()));
    await this.#onServer(async server => {
      for (const database of [this.name, ...this.#databases]) {
        await server.query(`DROP DATABASE IF EXISTS ${database} WITH (FORCE)`);
      }
      const parts = ['owner', 'migrator', 'app', 'relay', 'read'];
      for (const prefix of this.#prefixes) {
        for (const role of [...parts.map(part => `${prefix}_${part}`), prefix]) {
          await server.query(`DROP ROLE IF EXISTS ${role}`);
        }
      }
    });
  }

  async #onServer(work: (server: Pool) => Promise<void>): Promise<void> {
    const server = poolOf({ ...serverConfig, max: 1 });
    try {
      await work(server);
    } finally {
      await server.end();
    }
  }
}

const PASSWORD = "s3cret'of the scene";

function urlOf(url: string, database: string, user: string | undefined): string {
  const made = new URL(url);
  made.pathname = `/${database}`;
  if (user !== undefined) {
    made.username = user;
    made.password = PASSWORD;
  }
  return made.href;
}
