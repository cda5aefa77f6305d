import type { DatabaseDriver } from '../../data/service-database-driver.js';
import type { PostgresClient } from './client.js';
import { footprintOf, migratePlace } from './database-migration.js';
import { asApp, inTransaction } from './database-transaction.js';
import { inspectPlace } from './ownership-look.js';
import { checkPlace, type PostgresDatabaseOptions, type PostgresPool } from './provision-place.js';
import { provisionPlace } from './provision-run.js';
import { planOf } from './provision-statements.js';

/**
 * The place of one service in a PostgreSQL, 13 or later, or a PGlite, for a `ServiceDatabase`: a schema or a
 * database of its own, roles with no more rights than they need, and limits.
 *
 * @throws TypeError or RangeError that names the option, the rule and the value.
 *
 * @example
 * ```ts
 * import { ServiceDatabase } from 'keelson/data';
 * import { postgresDatabase } from 'keelson/postgres';
 * import { Pool } from 'pg';
 *
 * const client = new Pool({ user: 'orders_app', max: 10 });
 * client.on('error', error => console.error(error));
 * const orders = new ServiceDatabase({ driver: postgresDatabase({ service: 'orders', client }) });
 * console.log(orders.plan().text);
 * ```
 */
export function postgresDatabase(
  options: PostgresDatabaseOptions,
): DatabaseDriver<PostgresPool, PostgresClient> {
  const place = checkPlace(options);
  const { client } = options;
  const { service, schema, own, shared } = place;
  return {
    product: 'postgres',
    dialect: 'postgres',
    service,
    schemas: [schema, own, ...shared],
    plan: () => planOf(place),
    provision: (admin, how) => provisionPlace(admin, place, how),
    inspect: (other, limit) => inspectPlace(other ?? client, place, limit),
    migrate: (migrator, migrations) => migratePlace(migrator, place, migrations),
    footprint: (other, migrations) => footprintOf(other ?? client, place, migrations),
    transaction: (work, mode, signal) => inTransaction(client, { mode, script: asApp(place) }, work, signal),
    describe: () => ({ product: 'postgres', ...place }),
  };
}
