export { type MariadbBarrierOptions, MariadbBarrierStore } from './adapters/mariadb/barrier.js';
export type { MariadbClient, MariadbConnection, MariadbPool } from './adapters/mariadb/client.js';
export { mariadbDatabase } from './adapters/mariadb/database-driver.js';
export { type MariadbOutboxOptions, MariadbOutboxStore } from './adapters/mariadb/outbox-store.js';
export type {
  MariadbConnectionLimits,
  MariadbDatabaseOptions,
  MariadbServiceStore,
} from './adapters/mariadb/provision-place.js';
