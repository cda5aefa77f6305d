export { postgresBus } from './adapters/postgres/bus.js';
export type { PostgresCapabilities } from './adapters/postgres/bus-capabilities.js';
export { postgresDriver } from './adapters/postgres/bus-driver.js';
export type { PostgresBusOptions, PostgresDriverOptions } from './adapters/postgres/bus-options.js';
export type {
  ListeningConnection,
  NotificationSource,
  PostgresClient,
  Row,
} from './adapters/postgres/client.js';
