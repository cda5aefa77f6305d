export type { MariadbClient, MariadbConnection, MariadbPool } from './adapters/mariadb/client.js';
export { mariadbDatabase } from './adapters/mariadb/database-driver.js';
export type { MariadbConnectionLimits, MariadbDatabaseOptions } from './adapters/mariadb/provision-place.js';
