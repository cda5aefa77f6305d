import type { DatabaseDriver } from '../../data/service-database-driver.js';
import type { MariadbClient, MariadbPool } from './client.js';
import { footprintOf, migratePlace } from './database-migration.js';
import { inTransaction } from './database-transaction.js';
import { inspectPlace } from './ownership-look.js';
import { checkMariadbPlace, type MariadbDatabaseOptions } from './provision-place.js';
import { provisionPlace } from './provision-run.js';
import { planOf } from './provision-statements.js';

/**
 * The place of one service in a MariaDB, 10.6 or later, for a `ServiceDatabase`: databases and accounts of
 * its own, with no more rights than they need, and limits.
 *
 * @throws TypeError or RangeError that names the option, the rule and the value.
 *
 * @example
 * ```ts
 * import { ServiceDatabase } from 'keelson/data';
 * import { mariadbDatabase } from 'keelson/mariadb';
 * import { createPool } from 'mysql2/promise';
 *
 * const client = createPool({ user: 'orders_app', database: 'orders', connectionLimit: 10 });
 * const orders = new ServiceDatabase({ driver: mariadbDatabase({ service: 'orders', client }) });
 * console.log(orders.plan().text);
 * await client.end();
 * ```
 */
export function mariadbDatabase(options: MariadbDatabaseOptions): DatabaseDriver<MariadbPool, MariadbClient> {
  const place = checkMariadbPlace(options);
  const { client } = options;
  const { service, schema, own } = place;
  return {
    product: 'mariadb',
    dialect: 'mariadb',
    service,
    schemas: [schema, own],
    plan: () => planOf(place),
    provision: (admin, how) => provisionPlace(admin, place, how),
    inspect: (other, limit) => inspectPlace(other ?? client, place, limit),
    migrate: (migrator, migrations) => migratePlace(migrator, place, migrations),
    footprint: (other, migrations) => footprintOf(other ?? client, place, migrations),
    transaction: (work, mode, signal) => inTransaction(client, place, work, mode, signal),
    describe: () => ({ product: 'mariadb', ...place }),
  };
}
