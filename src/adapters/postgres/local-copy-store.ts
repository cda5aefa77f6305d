import type { CopyRow, CopySource, CopyStanding, LocalCopyStore } from '../../data/local-copy-store.js';
import type { Clock } from '../../kernel/clock.js';
import type { PostgresClient, Row } from './client.js';
import * as statements from './local-copy-tables.js';
import { fromColumn, toColumn } from './names.js';
import { OwnTables, ownTablesDefaults } from './own-tables.js';

/** How a `PostgresLocalCopyStore` is made. */
export interface PostgresLocalCopyOptions {
  /** A `Pool` of `pg`, a `PGlite`, or whatever else runs SQL. It stays yours, and is never closed. */
  readonly client: PostgresClient;
  /** The schema of its tables: a-z, 0-9 and _, at most 48 characters. @default 'keelson' */
  readonly schema?: string;
  /** Whether its tables may be made, are looked for, or are trusted to be there. @default 'ensure' */
  readonly topology?: 'ensure' | 'check' | 'none';
  /** How long one statement may take, in ms. @default 30000 */
  readonly statementTimeoutMs?: number;
  /** The source of time for waits. @default systemClock */
  readonly clock?: Clock;
}

/**
 * Keeps copies of the data of other services in PostgreSQL, 13 or later, or PGlite: the values as JSON in a
 * table `copy_row`, of which a view of yours may show what it likes. A transaction is a client after its
 * `BEGIN`, or what PGlite hands to `transaction`.
 *
 * @example
 * ```ts
 * import { PGlite } from '@electric-sql/pglite';
 * import { LocalCopy } from 'keelson/data';
 * import { PostgresLocalCopyStore } from 'keelson/postgres';
 *
 * const client = await PGlite.create();
 * const store = new PostgresLocalCopyStore({ client });
 * await store.connect();
 * const prices = new LocalCopy<{ cents: number }>({ name: 'prices', store, redeliveryMs: 86_400_000 });
 * await prices.apply({ key: 'tea', version: 2, value: { cents: 450 } });
 * ```
 */
export class PostgresLocalCopyStore implements LocalCopyStore<PostgresClient> {
  readonly #tables: OwnTables;

  /** @throws TypeError or RangeError that names the option, the rule and the value. */
  constructor(options: PostgresLocalCopyOptions) {
    this.#tables = new OwnTables('PostgresLocalCopyStore', options, statements.localCopyTables);
  }

  /** What stands where an option was left out. */
  static get defaults(): typeof ownTablesDefaults {
    return ownTablesDefaults;
  }

  /**
   * Makes its tables, or looks whether they are there; to be called before the first change comes.
   *
   * @throws TopologyError when they are not there and may not be made, or are others.
   */
  connect(): Promise<void> {
    return this.#tables.connect();
  }

  async put(transaction: PostgresClient | undefined, copy: string, row: CopyRow): Promise<boolean> {
    const params = [toColumn(copy), toColumn(row.key), row.version, row.value ?? null, row.at ?? null];
    for (;;) {
      const [answer] = await this.#run(statements.putIn, params, transaction);
      if (answer!['held'] === 1) return answer!['newer'] === true;
      await this.#run(statements.makeIn, [toColumn(copy)], transaction);
    }
  }

  async reach(
    transaction: PostgresClient | undefined,
    copy: string,
    { source, at }: CopySource,
    most: number,
  ): Promise<boolean> {
    const params = [toColumn(copy), toColumn(source), at, most];
    return (await this.#run(statements.reachIn, params, transaction)).length > 0;
  }

  async begin(copy: string): Promise<number> {
    for (;;) {
      const [row] = await this.#run(statements.beginIn, [toColumn(copy)]);
      if (row !== undefined) return row['generation'] as number;
      await this.#run(statements.makeIn, [toColumn(copy)]);
    }
  }

  async sweep(copy: string, generation: number, limit: number): Promise<number> {
    const [row] = await this.#run(statements.sweepIn, [toColumn(copy), generation, limit]);
    const swept = row!['count'] as number;
    if (swept === 0) await this.#run(statements.loadedIn, [toColumn(copy), generation]);
    return swept;
  }

  async rows(copy: string, keys: readonly string[]): Promise<readonly CopyRow[]> {
    const wanted = JSON.stringify(keys.map(toColumn));
    return (await this.#run(statements.rowsIn, [toColumn(copy), wanted])).map(rowOf);
  }

  async page(copy: string, after: string | undefined, limit: number): Promise<readonly CopyRow[]> {
    const params = [toColumn(copy), after === undefined ? '' : toColumn(after), limit];
    return (await this.#run(statements.pageIn, params)).map(rowOf);
  }

  async standing(copy: string): Promise<CopyStanding> {
    const [row] = await this.#run(statements.standingIn, [toColumn(copy)]);
    const sources = JSON.parse((row!['sources'] as string | null) ?? '[]') as CopySource[];
    return {
      generation: row!['generation'] as number,
      loaded: row!['loaded'] as number,
      eventAt: (row!['event_at'] as number | null) ?? undefined,
      sources: sources.map(({ source, at }) => ({ source: fromColumn(source), at })),
    };
  }

  async purge(copy: string, deletedMs: number, limit: number): Promise<number> {
    const [row] = await this.#run(statements.purgeIn, [toColumn(copy), deletedMs, limit]);
    return row!['count'] as number;
  }

  /** Tables are not made within the transaction of somebody else. */
  async #run(
    text: (schema: string) => string,
    params: unknown[],
    transaction?: PostgresClient,
  ): Promise<readonly Row[]> {
    const { db } = this.#tables;
    if (transaction !== undefined) return this.#tables.within(transaction, text(db.schema), params);
    await this.#tables.connect();
    return db.run(text(db.schema), params);
  }
}

const rowOf = (row: Row): CopyRow => ({
  key: fromColumn(row['key'] as string),
  version: Number(row['version']),
  value: row['value'] as string,
  at: (row['at'] as number | null) ?? undefined,
});
