import type { ServiceRegistry } from '../../discovery/service-registry.js';
import { type RegistryOptions, StoredRegistry } from '../../discovery/stored-registry.js';
import { given } from '../../kernel/options.js';
import type { PostgresRegistryStoreOptions } from './registry-options.js';
import { postgresRegistryStore } from './registry-store.js';

/** How a registry over PostgreSQL is made. */
export interface PostgresRegistryOptions
  extends PostgresRegistryStoreOptions,
    Omit<RegistryOptions, 'clock'> {}

/**
 * A service registry in PostgreSQL 13 or later, or in a PGlite, for all processes that reach it.
 *
 * @throws TypeError or RangeError that names the option, the rule and the value.
 *
 * @example
 * ```ts
 * import { postgresRegistry } from 'keelson/postgres';
 * import { Pool } from 'pg';
 *
 * const pool = new Pool();
 * const registry = postgresRegistry({ client: pool, notifications: pool });
 * const cart = registry.register({ service: 'cart', address: 'http://10.0.0.5:8080' });
 * await cart.ready;
 * ```
 */
export function postgresRegistry(options: PostgresRegistryOptions): ServiceRegistry {
  const { client, schema, topology, notifications, statementTimeoutMs, ...more } = options;
  const { pollMs, tombstoneMs, maxInstances, clock, ...rest } = more;
  const tables = { schema, topology, notifications, statementTimeoutMs };
  const own = { client, ...given({ ...tables, pollMs, tombstoneMs, maxInstances, clock }) };
  const store = postgresRegistryStore(own as PostgresRegistryStoreOptions);
  return new StoredRegistry(store, { name: 'postgres', ...rest, ...given({ clock }) } as RegistryOptions);
}
