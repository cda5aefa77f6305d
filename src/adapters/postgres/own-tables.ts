import { TopologyError } from '../../kernel/bus-errors.js';
import { type Clock, systemClock } from '../../kernel/clock.js';
import { factOf } from '../../kernel/errors.js';
import { checkKeys, checkNumber, checkOneOf, refuse } from '../../kernel/options.js';
import type { PostgresClient, Row } from './client.js';
import { Database } from './database.js';
import { type Component, migrate } from './migration.js';
import { checkSchema } from './names.js';

/** What every store says that has tables of its own. */
export interface OwnTablesOptions {
  readonly client: PostgresClient;
  readonly schema?: string;
  readonly topology?: 'ensure' | 'check' | 'none';
  readonly statementTimeoutMs?: number;
  readonly clock?: Clock;
}

/** What stands where one of them was left out. */
export const ownTablesDefaults: {
  readonly schema: string;
  readonly topology: 'ensure';
  readonly statementTimeoutMs: number;
} = /* @__PURE__ */ Object.freeze({ schema: 'keelson', topology: 'ensure', statementTimeoutMs: 30_000 });

/** A database with the tables of one component, made or looked for when they are first needed. */
export class OwnTables {
  readonly db: Database;
  readonly #component: Component;
  readonly #topology: 'ensure' | 'check' | 'none';
  #connected: Promise<void> | undefined;

  /**
   * `more` are options that its owner knows besides.
   *
   * @throws TypeError or RangeError that names the option, the rule and the value.
   */
  constructor(owner: string, options: OwnTablesOptions, component: Component, more: readonly string[] = []) {
    checkKeys(owner, options, ['client', 'schema', 'topology', 'statementTimeoutMs', 'clock', ...more]);
    const all = { ...ownTablesDefaults, ...options };
    const { client, schema, topology, statementTimeoutMs, clock = systemClock } = all;
    if (typeof client?.query !== 'function') {
      refuse(owner, 'client', 'what has a `query(text, params)`', client);
    }
    this.#component = component;
    this.#topology = checkOneOf(owner, 'topology', topology, ['ensure', 'check', 'none']);
    checkNumber(owner, 'statementTimeoutMs', statementTimeoutMs, { min: 1, max: 2 ** 40 });
    this.db = new Database(client, checkSchema(owner, schema), clock, statementTimeoutMs);
  }

  /** @throws TopologyError when they are not there and may not be made, or are others. */
  connect(): Promise<void> {
    this.#connected ??= migrate(this.db, this.#component, this.#topology).catch((error: unknown) => {
      // The next one who needs them tries again.
      this.#connected = undefined;
      throw error;
    });
    return this.#connected;
  }

  /** Runs a statement as a part of a transaction, in which no tables can be made. */
  async within(
    transaction: PostgresClient | undefined,
    text: string,
    params: unknown[],
  ): Promise<readonly Row[]> {
    try {
      return await this.db.run(text, params, transaction);
    } catch (cause) {
      if (factOf(cause, 'code') !== '42P01') throw cause;
      const hint = 'call connect() of its store first';
      const missing = `the schema ${this.db.schema} has no ${this.#component.name}`;
      throw new TopologyError(`postgres: ${missing}: ${hint}`, { cause });
    }
  }
}
