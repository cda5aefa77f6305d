import { checkKeys, checkNumber, given, isRecord, refuse } from '../../kernel/options.js';
import type { MariadbPool } from './client.js';

/** A part of this package that keeps its tables beside those of the service. */
export type MariadbServiceStore = 'outbox' | 'inbox';

/** How many connections each account may have at once. */
export interface MariadbConnectionLimits {
  /** Of the app, all its processes together. @default 20 */
  readonly app?: number;
  /** Of the migrator. @default 2 */
  readonly migrator?: number;
  /** Of relays, where there is an outbox. @default 5 */
  readonly relay?: number;
  /** Of those who read. @default 5 */
  readonly read?: number;
}

/** How the place of a service in a MariaDB, 10.6 or later, is made. */
export interface MariadbDatabaseOptions {
  /**
   * Whose it is: a-z, 0-9 and _, at most 40 characters. Its databases and its accounts are named after it.
   */
  readonly service: string;
  /** The pool of the app. It stays yours, and is never closed. */
  readonly client: MariadbPool;
  /** Begins the names of the accounts. @default that of the service */
  readonly userPrefix?: string;
  /** From where the accounts come, as the server matches it. @default '%' */
  readonly host?: string;
  /** What of this package has its tables in the database `<service>_keelson`. @default none */
  readonly stores?: readonly MariadbServiceStore[];
  /** How many connections each account may have at once. @default 20, 2, 5 and 5 */
  readonly connections?: MariadbConnectionLimits;
  /** The longest statement of the app and of who reads, in ms. @default 30000 */
  readonly statementTimeoutMs?: number;
  /** The longest wait for a lock, in ms; the server counts whole seconds. @default 5000 */
  readonly lockTimeoutMs?: number;
  /** The longest pause within a transaction, in ms; the server counts whole seconds. @default 30000 */
  readonly idleInTransactionMs?: number;
  /** The longest wait for another program that migrates, in ms. @default 60000 */
  readonly migrationWaitMs?: number;
  /** Names of accounts and roles that may touch it all the same: those of backups. @default none */
  readonly trust?: readonly string[];
}

/** What stands where one of them was left out. */
export const mariadbDatabaseDefaults = /* @__PURE__ */ Object.freeze({
  host: '%',
  statementTimeoutMs: 30_000,
  lockTimeoutMs: 5_000,
  idleInTransactionMs: 30_000,
  migrationWaitMs: 60_000,
} as const);

const limits: Required<MariadbConnectionLimits> = /* @__PURE__ */ Object.freeze({
  app: 20,
  migrator: 2,
  relay: 5,
  read: 5,
});

/** The names and numbers of the place of a service. All names of databases and accounts are plain. */
export interface MariadbPlace {
  readonly service: string;
  /** The database of the service, and that of this package. */
  readonly schema: string;
  readonly own: string;
  readonly host: string;
  readonly stores: readonly MariadbServiceStore[];
  /** With a relay where there is an outbox. */
  readonly users: {
    readonly migrator: string;
    readonly app: string;
    readonly relay?: string;
    readonly read: string;
  };
  readonly connections: Required<MariadbConnectionLimits>;
  readonly statementTimeoutMs: number;
  readonly lockTimeoutMs: number;
  readonly idleInTransactionMs: number;
  readonly migrationWaitMs: number;
  readonly trust: readonly string[];
}

const owner = 'mariadbDatabase';
const NAME = /^[a-z][a-z0-9_]{0,39}$/;
const known = ['service', 'client', 'userPrefix', 'stores', 'connections', 'trust'];
const stores: readonly MariadbServiceStore[] = ['outbox', 'inbox'];
/** Databases of the server itself. */
const taken = /* @__PURE__ */ new Set(['mysql', 'sys', 'information_schema', 'performance_schema', 'test']);

function checkName(option: string, value: unknown): string {
  if (typeof value === 'string' && NAME.test(value) && !taken.has(value)) return value;
  return refuse(
    owner,
    option,
    'a name of a-z 0-9 _ of at most 40 characters that begins with a letter',
    value,
  );
}

function checkConnections(value: unknown): Required<MariadbConnectionLimits> {
  if (!isRecord(value)) refuse(owner, 'connections', 'an object', value);
  checkKeys(owner, value, Object.keys(limits));
  const all = { ...limits, ...given(value as MariadbConnectionLimits) };
  for (const [user, most] of Object.entries(all)) {
    checkNumber(owner, `connections.${user}`, most, { min: 1, max: 10_000, integer: true });
  }
  return all;
}

/** @throws TypeError or RangeError that names the option, the rule and the value. */
export function checkMariadbPlace(options: MariadbDatabaseOptions): MariadbPlace {
  checkKeys(owner, options, [...known, ...Object.keys(mariadbDatabaseDefaults)]);
  const all = { ...mariadbDatabaseDefaults, trust: [] as readonly string[], ...given(options) };
  const service = checkName('service', all.service);
  const prefix = all.userPrefix === undefined ? service : checkName('userPrefix', all.userPrefix);
  if (typeof all.client?.query !== 'function' || typeof all.client.getConnection !== 'function') {
    refuse(owner, 'client', 'a Pool of mysql2/promise', all.client);
  }
  if (typeof all.host !== 'string' || !/^[\w.%:/-]{1,255}$/.test(all.host)) {
    refuse(owner, 'host', "a host, or a pattern such as '10.0.%'", all.host);
  }
  const waits = ['statementTimeoutMs', 'lockTimeoutMs', 'idleInTransactionMs', 'migrationWaitMs'] as const;
  for (const wait of waits) checkNumber(owner, wait, all[wait], { min: 1, max: 86_400_000, integer: true });
  const { trust } = all;
  if (!Array.isArray(trust) || trust.some(one => typeof one !== 'string' || one === '')) {
    refuse(owner, 'trust', 'an array of names', trust);
  }
  const own: readonly MariadbServiceStore[] = all.stores ?? [];
  if (!Array.isArray(own) || own.some(one => !stores.includes(one)) || new Set(own).size < own.length) {
    refuse(owner, 'stores', `an array of ${stores.join(', ')}, each once`, own);
  }
  const relay = own.includes('outbox') ? { relay: `${prefix}_relay` } : {};
  return {
    service,
    stores: own,
    schema: service,
    own: `${service}_keelson`,
    host: all.host,
    users: { migrator: `${prefix}_migrator`, app: `${prefix}_app`, ...relay, read: `${prefix}_read` },
    connections: checkConnections(all.connections ?? {}),
    statementTimeoutMs: all.statementTimeoutMs,
    lockTimeoutMs: all.lockTimeoutMs,
    idleInTransactionMs: all.idleInTransactionMs,
    migrationWaitMs: all.migrationWaitMs,
    trust,
  };
}

/** Of ms, for what the server counts in seconds: never 0, which is to say no limit, or no wait at all. */
export const seconds = (ms: number): number => Math.ceil(ms / 1_000);
