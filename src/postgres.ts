export { type PostgresBarrierOptions, PostgresBarrierStore } from './adapters/postgres/barrier.js';
export { postgresBus } from './adapters/postgres/bus.js';
export type { PostgresCapabilities } from './adapters/postgres/bus-capabilities.js';
export { postgresDriver } from './adapters/postgres/bus-driver.js';
export type { PostgresBusOptions, PostgresDriverOptions } from './adapters/postgres/bus-options.js';
export type {
  ConnectCallback,
  ListeningConnection,
  NotificationSource,
  PostgresClient,
  Row,
} from './adapters/postgres/client.js';
export { postgresDatabase } from './adapters/postgres/database-driver.js';
export {
  type NewEvent,
  PostgresEventLog,
  type PostgresEventLogOptions,
} from './adapters/postgres/event-log.js';
export {
  type PostgresLocalCopyOptions,
  PostgresLocalCopyStore,
} from './adapters/postgres/local-copy-store.js';
export { type PostgresOutboxOptions, PostgresOutboxStore } from './adapters/postgres/outbox-store.js';
export { type PostgresProcessOptions, PostgresProcessStore } from './adapters/postgres/process-store.js';
export {
  type PostgresProjectionOptions,
  PostgresProjectionStore,
  type ProjectionActivation,
  type ReachedOptions,
} from './adapters/postgres/projection-store.js';
export type {
  PostgresConnection,
  PostgresConnectionLimits,
  PostgresDatabaseOptions,
  PostgresLender,
  PostgresPool,
  PostgresServiceStore,
} from './adapters/postgres/provision-place.js';
export { type PostgresRegistryOptions, postgresRegistry } from './adapters/postgres/registry.js';
export type { PostgresRegistryStoreOptions } from './adapters/postgres/registry-options.js';
export { postgresRegistryStore } from './adapters/postgres/registry-store.js';
export type { PostgresSagaStoreOptions } from './adapters/postgres/saga-options.js';
export { postgresSagaStore } from './adapters/postgres/saga-store.js';
