import {
  checkFlag,
  checkKeys,
  checkNumber,
  checkOneOf,
  given,
  isRecord,
  refuse,
} from '../../kernel/options.js';
import type { ConnectCallback, PostgresClient } from './client.js';

/** A connection that a pool has lent. */
export interface PostgresConnection extends PostgresClient {
  /** Gives it back; with `true` it is closed. */
  release(destroy?: boolean): void;
}

/** Whatever lends connections: it may answer by `callback`, or with a promise. */
export interface PostgresLender {
  /** Lends a connection, which is given back by its `release`. */
  // biome-ignore lint/suspicious/noConfusingVoidType: who answers by the callback has nothing to return.
  connect(callback: ConnectCallback): Promise<PostgresConnection> | void;
}

/**
 * Whatever has transactions: a `Pool` of `pg`, which lends a connection for each, or a `PGlite`.
 */
export type PostgresPool = PostgresClient &
  (
    | PostgresLender
    | { transaction<Result>(work: (transaction: PostgresClient) => Promise<Result>): Promise<Result> }
  );

/** A part of this package that keeps its tables beside those of the service. */
export type PostgresServiceStore = 'outbox' | 'inbox' | 'copies' | 'sagas' | 'processes';

/** How many connections each role may have at once. */
export interface PostgresConnectionLimits {
  /** Of the app, all its processes together. @default 20 */
  readonly app?: number;
  /** Of the migrator. @default 2 */
  readonly migrator?: number;
  /** Of relays. @default 5 */
  readonly relay?: number;
  /** Of those who read. @default 5 */
  readonly read?: number;
}

/** How the place of a service in a PostgreSQL, 13 or later, or a PGlite, is made. */
export interface PostgresDatabaseOptions {
  /** Whose it is: a-z, 0-9 and _, at most 40 characters. Its schema and its roles are named after it. */
  readonly service: string;
  /** The pool of the app, or a PGlite. It stays yours, and is never closed. */
  readonly client: PostgresPool;
  /** A schema among those of others, or a database of its own. @default 'schema' */
  readonly place?: 'schema' | 'database';
  /** Begins the names of the roles, which are those of the whole server. @default that of the service */
  readonly rolePrefix?: string;
  /** What of this package has its tables in the schema `<service>_keelson`. @default outbox and inbox */
  readonly stores?: readonly PostgresServiceStore[];
  /** How many connections each role may have at once. @default 20, 2, 5 and 5 */
  readonly connections?: PostgresConnectionLimits;
  /** The longest statement of the app, of relays and of who reads, in ms. @default 30000 */
  readonly statementTimeoutMs?: number;
  /** The longest wait for a lock, in ms. @default 5000 */
  readonly lockTimeoutMs?: number;
  /** The longest pause within a transaction, in ms. @default 30000 */
  readonly idleInTransactionMs?: number;
  /** The longest wait for another program that migrates, in ms. @default 60000 */
  readonly migrationWaitMs?: number;
  /** Schemas of extensions, which all may use and nobody may make anything in. @default none */
  readonly shared?: readonly string[];
  /**
   * Roles that may touch it all the same: those of backups. Superusers can, whatever stands here. @default
   * none
   */
  readonly trust?: readonly string[];
  /**
   * Whether transactions take the role of the app: for a PGlite, and whoever logs in as another. @default
   * false
   */
  readonly asRole?: boolean;
}

/** What stands where one of them was left out. */
export const postgresDatabaseDefaults = /* @__PURE__ */ Object.freeze({
  place: 'schema',
  statementTimeoutMs: 30_000,
  lockTimeoutMs: 5_000,
  idleInTransactionMs: 30_000,
  migrationWaitMs: 60_000,
  asRole: false,
} as const);

const limits: Required<PostgresConnectionLimits> = /* @__PURE__ */ Object.freeze({
  ...{ app: 20, migrator: 2, relay: 5, read: 5 },
});

/** The names and numbers of the place of a service. All names are such as need no quotes. */
export interface Place {
  readonly service: string;
  readonly place: 'schema' | 'database';
  /** That of the tables of the service, and that of the tables of this package. */
  readonly schema: string;
  readonly own: string;
  readonly roles: {
    readonly owner: string;
    readonly migrator: string;
    readonly app: string;
    readonly relay: string;
    readonly read: string;
  };
  readonly stores: readonly PostgresServiceStore[];
  readonly connections: Required<PostgresConnectionLimits>;
  readonly statementTimeoutMs: number;
  readonly lockTimeoutMs: number;
  readonly idleInTransactionMs: number;
  readonly migrationWaitMs: number;
  readonly shared: readonly string[];
  readonly trust: readonly string[];
  readonly asRole: boolean;
}

const owner = 'postgresDatabase';
const NAME = /^[a-z][a-z0-9_]{0,39}$/;
const stores: readonly PostgresServiceStore[] = ['outbox', 'inbox', 'copies', 'sagas', 'processes'];
const known = ['service', 'client', 'rolePrefix', 'stores', 'connections', 'shared', 'trust'];
/** A wait of the server is 32 bits wide. */
const LONGEST_MS = 2 ** 31 - 1;

function checkName(option: string, value: unknown): string {
  // A schema that begins with `pg_` is the server's.
  if (typeof value === 'string' && NAME.test(value) && !value.startsWith('pg_')) return value;
  return refuse(
    owner,
    option,
    'a name of a-z 0-9 _ of at most 40 characters that begins with a letter',
    value,
  );
}

function checkList(option: string, value: unknown, rule: string, fits: (one: unknown) => boolean): string[] {
  if (!Array.isArray(value)) refuse(owner, option, `an array of ${rule}`, value);
  for (const one of value as unknown[]) if (!fits(one)) refuse(owner, option, `an array of ${rule}`, one);
  return [...new Set(value as string[])];
}

function checkConnections(value: unknown): Required<PostgresConnectionLimits> {
  if (!isRecord(value)) refuse(owner, 'connections', 'an object', value);
  checkKeys(owner, value, Object.keys(limits));
  const all = { ...limits, ...given(value as PostgresConnectionLimits) };
  for (const [role, most] of Object.entries(all)) {
    checkNumber(owner, `connections.${role}`, most, { min: 1, max: 10_000, integer: true });
  }
  return all;
}

/** @throws TypeError or RangeError that names the option, the rule and the value. */
export function checkPlace(options: PostgresDatabaseOptions): Place {
  checkKeys(owner, options, [...known, ...Object.keys(postgresDatabaseDefaults)]);
  const all = { ...postgresDatabaseDefaults, ...given(options) };
  const service = checkName('service', all.service);
  const prefix = all.rolePrefix === undefined ? service : checkName('rolePrefix', all.rolePrefix);
  if (typeof all.client?.query !== 'function' || !('connect' in all.client || 'transaction' in all.client)) {
    refuse(owner, 'client', 'a Pool or a PGlite', all.client);
  }
  const waits = ['statementTimeoutMs', 'lockTimeoutMs', 'idleInTransactionMs', 'migrationWaitMs'] as const;
  for (const wait of waits) checkNumber(owner, wait, all[wait], { min: 1, max: LONGEST_MS, integer: true });
  const isName = (one: unknown): boolean => typeof one === 'string' && /^[a-z_][a-z0-9_]{0,62}$/.test(one);
  const isRole = (one: unknown): boolean => typeof one === 'string' && one !== '' && !one.includes('\0');
  const isStore = (one: unknown): boolean => stores.includes(one as PostgresServiceStore);
  return {
    service,
    place: checkOneOf(owner, 'place', all.place, ['schema', 'database']),
    schema: service,
    own: `${service}_keelson`,
    roles: {
      owner: `${prefix}_owner`,
      migrator: `${prefix}_migrator`,
      app: `${prefix}_app`,
      relay: `${prefix}_relay`,
      read: `${prefix}_read`,
    },
    stores: checkList(
      'stores',
      all.stores ?? ['outbox', 'inbox'],
      stores.join(', '),
      isStore,
    ) as PostgresServiceStore[],
    connections: checkConnections(all.connections ?? {}),
    statementTimeoutMs: all.statementTimeoutMs,
    lockTimeoutMs: all.lockTimeoutMs,
    idleInTransactionMs: all.idleInTransactionMs,
    migrationWaitMs: all.migrationWaitMs,
    shared: checkList('shared', all.shared ?? [], 'names that need no quotes', isName),
    trust: checkList('trust', all.trust ?? [], 'names of roles', isRole),
    asRole: checkFlag(owner, 'asRole', all.asRole),
  };
}
