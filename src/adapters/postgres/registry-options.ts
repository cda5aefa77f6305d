import type { Clock } from '../../kernel/clock.js';
import { checkKeys, checkNumber, given, refuse } from '../../kernel/options.js';
import type { NotificationSource, PostgresClient } from './client.js';
import { type OwnTablesOptions, ownTablesDefaults } from './own-tables.js';

/** How a store of instances over PostgreSQL is made. */
export interface PostgresRegistryStoreOptions {
  /** A `Pool` of `pg`, a `PGlite`, or whatever else runs SQL. It stays yours, and is never closed. */
  readonly client: PostgresClient;
  /** The schema for its tables: a-z, 0-9 and _, at most 48 characters. @default 'keelson' */
  readonly schema?: string;
  /** Whether its tables may be made, are looked for, or are trusted to be there. @default 'ensure' */
  readonly topology?: 'ensure' | 'check' | 'none';
  /** What tells of changes, with LISTEN and NOTIFY: the same pool, or the same PGlite. */
  readonly notifications?: NotificationSource;
  /** How long one statement may take, in ms. @default 30000 */
  readonly statementTimeoutMs?: number;
  /** How often it is looked whether something has changed, in ms. @default 5000 */
  readonly pollMs?: number;
  /** So long after an instance was taken out a late word of it is not believed, in ms. @default 600000 */
  readonly tombstoneMs?: number;
  /** So many instances, of all services together. @default 100000 */
  readonly maxInstances?: number;
  /** The source of time for waits. Leases end by the clock of the server. @default systemClock */
  readonly clock?: Clock;
}

/** What stands where an option was left out. */
export const postgresRegistryDefaults: typeof ownTablesDefaults & {
  readonly pollMs: number;
  readonly tombstoneMs: number;
  readonly maxInstances: number;
} = /* @__PURE__ */ Object.freeze({
  ...ownTablesDefaults,
  pollMs: 5_000,
  tombstoneMs: 600_000,
  maxInstances: 100_000,
});

/** @throws TypeError or RangeError that names the option, the rule and the value. */
export function checkPostgresRegistry(options: PostgresRegistryStoreOptions): {
  readonly own: OwnTablesOptions;
  readonly pollMs: number;
  readonly tombstoneMs: number;
  readonly maxInstances: number;
} {
  const owner = 'postgresRegistry';
  checkKeys(owner, options, [...Object.keys(postgresRegistryDefaults), 'client', 'notifications', 'clock']);
  const all = { ...postgresRegistryDefaults, ...given(options) };
  const { notifications, pollMs, tombstoneMs, maxInstances, ...own } = all;
  const source = notifications as { connect?: unknown; listen?: unknown } | undefined;
  if (source !== undefined && typeof source.connect !== 'function' && typeof source.listen !== 'function') {
    refuse(owner, 'notifications', 'a Pool or what has a `listen(channel, callback)`', notifications);
  }
  checkNumber(owner, 'pollMs', pollMs, { min: 1, max: 2 ** 40 });
  checkNumber(owner, 'tombstoneMs', tombstoneMs, { min: 1, max: 2 ** 40 });
  checkNumber(owner, 'maxInstances', maxInstances, { min: 1, max: 2 ** 30, integer: true });
  return { own, pollMs, tombstoneMs, maxInstances };
}
