import { TopologyError } from '../../kernel/bus-errors.js';
import { type Clock, systemClock } from '../../kernel/clock.js';
import { checkKeys, checkNumber, checkOneOf, refuse } from '../../kernel/options.js';
import type { MariadbPool } from './client.js';
import { type MariadbComponent, migrateComponent } from './component-tables.js';
import { isMissing, OwnDatabase } from './own-database.js';

/** What every store says that has tables of its own. */
export interface OwnTablesOptions {
  readonly client: MariadbPool;
  readonly database?: string;
  readonly topology?: 'ensure' | 'check' | 'none';
  readonly statementTimeoutMs?: number;
  readonly clock?: Clock;
}

/** What stands where one of them was left out. */
export const ownTablesDefaults: {
  readonly database: string;
  readonly topology: 'ensure';
  readonly statementTimeoutMs: number;
} = /* @__PURE__ */ Object.freeze({ database: 'keelson', topology: 'ensure', statementTimeoutMs: 30_000 });

/** Quoted nowhere, and as long as that of a service may be. */
const NAME = /^[a-z_][a-z0-9_]{0,47}$/;

/** A database with the tables of one component, made or looked for when they are first needed. */
export class OwnTables {
  readonly db: OwnDatabase;
  readonly #component: MariadbComponent;
  readonly #topology: 'ensure' | 'check' | 'none';
  #connected: Promise<void> | undefined;

  /** @throws TypeError or RangeError that names the option, the rule and the value. */
  constructor(owner: string, options: OwnTablesOptions, component: MariadbComponent) {
    checkKeys(owner, options, ['client', 'database', 'topology', 'statementTimeoutMs', 'clock']);
    const all = { ...ownTablesDefaults, ...options };
    const { client, database, topology, statementTimeoutMs, clock = systemClock } = all;
    if (typeof client?.query !== 'function' || typeof client.getConnection !== 'function') {
      refuse(owner, 'client', 'a Pool of mysql2/promise', client);
    }
    if (typeof database !== 'string' || !NAME.test(database)) {
      refuse(owner, 'database', 'a name of a-z 0-9 _ of at most 48 characters', database);
    }
    this.#component = component;
    this.#topology = checkOneOf(owner, 'topology', topology, ['ensure', 'check', 'none']);
    checkNumber(owner, 'statementTimeoutMs', statementTimeoutMs, { min: 1, max: 2 ** 40 });
    this.db = new OwnDatabase(client, database, clock, statementTimeoutMs);
  }

  /** @throws TopologyError when they are not there and may not be made, or are others. */
  connect(): Promise<void> {
    this.#connected ??= migrateComponent(this.db, this.#component, this.#topology).catch((error: unknown) => {
      // The next one who needs them tries again.
      this.#connected = undefined;
      throw error;
    });
    return this.#connected;
  }

  /** Does something as a part of a transaction, which a table that is made would commit. */
  async within<Result>(work: () => Promise<Result>): Promise<Result> {
    try {
      return await work();
    } catch (cause) {
      if (!isMissing(cause)) throw cause;
      const hint = 'call connect() of its store first';
      const missing = `the database ${this.db.name} has no ${this.#component.name}`;
      throw new TopologyError(`mariadb: ${missing}: ${hint}`, { cause });
    }
  }
}
