import type { ProcessOutboxResult } from '../../core/process-outbox-line.js';
import type { Clock } from '../../kernel/clock.js';
import { factOf } from '../../kernel/errors.js';
import { newId } from '../../kernel/random.js';
import type { DiscardedCommand, ParkedCommand, ParkedQuery } from '../../saga/process-parking.js';
import type {
  LoadedProcess,
  OutboxRun,
  ProcessChange,
  ProcessStore,
  ProcessTimeout,
  SavedProcess,
} from '../../saga/process-store.js';
import type { PostgresClient, Row } from './client.js';
import type { Database } from './database.js';
import { fromColumn, toColumn } from './names.js';
import { OwnTables, ownTablesDefaults } from './own-tables.js';
import { discardCommand, discardedCommands, parkedCommands, unparkCommand } from './process-parking.js';
import {
  claimIn,
  claimTimeoutsIn,
  commitIn,
  dropTimeoutIn,
  loadIn,
  purgeIn,
  settleIn,
} from './process-statements.js';
import { processTables } from './process-tables.js';

/** How a `PostgresProcessStore` is made. */
export interface PostgresProcessOptions {
  /** A `Pool` of `pg`, a `PGlite`, or whatever else runs SQL. It stays yours, and is never closed. */
  readonly client: PostgresClient;
  /** The schema that is its own: a-z, 0-9 and _, at most 48 characters. @default 'keelson' */
  readonly schema?: string;
  /** Whether its tables may be made, are looked for, or are trusted to be there. @default 'ensure' */
  readonly topology?: 'ensure' | 'check' | 'none';
  /** How long one statement may take, in ms. @default 30000 */
  readonly statementTimeoutMs?: number;
  /** The source of time for waits. What is due is decided by the clock of the server. @default systemClock */
  readonly clock?: Clock;
}

/**
 * Keeps processes in PostgreSQL, 13 or later, or PGlite. Every change is one statement, and so one
 * transaction; managers in any number of programs may share it.
 *
 * @example
 * ```ts
 * import { PostgresProcessStore } from 'keelson/postgres';
 * import { Pool } from 'pg';
 *
 * const store = new PostgresProcessStore({ client: new Pool() });
 * await store.connect();
 * ```
 */
export class PostgresProcessStore implements ProcessStore {
  readonly #tables: OwnTables;

  /** @throws TypeError or RangeError that names the option, the rule and the value. */
  constructor(options: PostgresProcessOptions) {
    this.#tables = new OwnTables('PostgresProcessStore', options, processTables);
  }

  /** What stands where an option was left out. */
  static get defaults(): typeof ownTablesDefaults {
    return ownTablesDefaults;
  }

  /**
   * Makes its tables, or looks whether they are there; otherwise the first use does.
   *
   * @throws TopologyError when they are not there and may not be made, or are others.
   */
  connect(): Promise<void> {
    return this.#tables.connect();
  }

  async load(
    process: string,
    key: string,
    message: string | undefined,
    countTo: number,
  ): Promise<LoadedProcess> {
    const params = [process, toColumn(key), message === undefined ? null : toColumn(message), countTo];
    const [row] = await this.#run(loadIn, params);
    return { saved: savedOf(row!), seen: row!['seen'] === true, waiting: row!['waiting'] as number };
  }

  async commit(change: ProcessChange): Promise<boolean> {
    const { process, key, expected, next, message } = change;
    const sends = change.sends.map(({ id, body }) => ({ id, body }));
    const schedule = change.schedule.map(({ name, afterMs }) => ({ name, after: afterMs }));
    const params = [
      ...[process, toColumn(key), expected, next.state, JSON.stringify(next.timeouts)],
      ...[toColumn(next.correlationId), next.late, next.ended],
      ...[message === undefined ? null : toColumn(message), JSON.stringify(sends)],
      ...[JSON.stringify(change.cancel), JSON.stringify(schedule)],
    ];
    try {
      const [row] = await this.#run(commitIn, params);
      return row!['saved'] === 1;
    } catch (error) {
      // Two processes that saw one message, or two transactions in each other's way: nothing was written.
      if (/^(?:23505|40)/.test(String(factOf(error, 'code')))) return false;
      throw error;
    }
  }

  async claimTimeouts(process: string, limit: number, leaseMs: number): Promise<readonly ProcessTimeout[]> {
    const rows = await this.#run(claimTimeoutsIn, [process, limit, leaseMs]);
    return rows.map(row => ({
      key: fromColumn(row['key'] as string),
      name: row['name'] as string,
      generation: Number(row['generation']),
    }));
  }

  async dropTimeout(process: string, { key, name, generation }: ProcessTimeout): Promise<void> {
    await this.#run(dropTimeoutIn, [process, toColumn(key), name, generation]);
  }

  async claim(process: string, limit: number, leaseMs: number): Promise<readonly OutboxRun[]> {
    const lease = newId();
    const rows = await this.#run(claimIn, [process, limit, leaseMs, lease]);
    const runs = new Map<string, OutboxRun & { readonly entries: OutboxRun['entries'][number][] }>();
    for (const row of rows) {
      const key = fromColumn(row['key'] as string);
      const run = runs.get(key) ?? { key, lease, ...standingOf(row), entries: [] };
      const { pos, id, body } = row as Readonly<Record<'pos' | 'id' | 'body', string>>;
      run.entries.push({ position: pos, id, body });
      runs.set(key, run);
    }
    return [...runs.values()];
  }

  async settle(_: string, run: OutboxRun, result: ProcessOutboxResult): Promise<boolean> {
    const { published, retryMs, fault } = result;
    const positions = run.entries.map(({ position }) => position);
    const gone = JSON.stringify(positions.slice(0, published));
    const error = fault === undefined ? null : JSON.stringify(fault.error);
    const params = [
      ...[positions[0], run.lease, gone, positions[published] ?? null, retryMs],
      ...[error, fault?.counts ?? false, fault?.parks ?? false],
    ];
    const [row] = await this.#run(settleIn, params);
    return row!['held'] === 1;
  }

  async parked(
    process: string,
    query: ParkedQuery,
  ): Promise<readonly (ParkedCommand & { readonly waiting: number })[]> {
    return parkedCommands(await this.#database(), process, query);
  }

  async unpark(process: string, key: string): Promise<string | undefined> {
    return unparkCommand(await this.#database(), process, key);
  }

  async discard(process: string, key: string, id: string, reason: string): Promise<boolean> {
    return discardCommand(await this.#database(), process, key, id, reason);
  }

  async discarded(process: string, query: ParkedQuery): Promise<readonly DiscardedCommand[]> {
    return discardedCommands(await this.#database(), process, query);
  }

  async purge(process: string, retentionMs: number, limit: number): Promise<number> {
    const [row] = await this.#run(purgeIn, [process, retentionMs, limit]);
    return row!['gone'] as number;
  }

  async #run(statement: (schema: string) => string, params: unknown[]): Promise<readonly Row[]> {
    const db = await this.#database();
    return db.run(statement(db.schema), params);
  }

  async #database(): Promise<Database> {
    await this.connect();
    return this.#tables.db;
  }
}

/** What is known of the first of a run. */
function standingOf(row: Row): Pick<OutboxRun, 'attempts' | 'tries' | 'crashes' | 'alone'> {
  const { attempts, tries, crashes } = row as Readonly<Record<'attempts' | 'tries' | 'crashes', number>>;
  return { attempts, tries, crashes, alone: row['alone'] === true };
}

function savedOf(row: Row): SavedProcess | undefined {
  if (row['version'] === null) return undefined;
  return {
    version: Number(row['version']),
    state: row['state'] as string,
    timeouts: JSON.parse(row['timeouts'] as string) as Record<string, number>,
    correlationId: fromColumn(row['correlation'] as string),
    ended: row['ended'] === true,
    late: Number(row['late']),
  };
}
