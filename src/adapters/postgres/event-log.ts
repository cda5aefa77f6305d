import type { EventFeed, FedEvent, Position } from '../../events/event-feed.js';
import type { Clock } from '../../kernel/clock.js';
import { checkNumber, isData, refuse } from '../../kernel/options.js';
import type { PostgresClient, Row } from './client.js';
import * as statements from './event-log-tables.js';
import { OwnTables, ownTablesDefaults } from './own-tables.js';

/** How a `PostgresEventLog` is made. */
export interface PostgresEventLogOptions {
  /** A `Pool` of `pg`, a `PGlite`, or whatever else runs SQL. It stays yours, and is never closed. */
  readonly client: PostgresClient;
  /** The schema of its tables: a-z, 0-9 and _, at most 48 characters. @default 'keelson' */
  readonly schema?: string;
  /** Whether its tables may be made, are looked for, or are trusted to be there. @default 'ensure' */
  readonly topology?: 'ensure' | 'check' | 'none';
  /** The largest data of one event, as JSON, in bytes. @default 262144 */
  readonly maxBodyBytes?: number;
  /** How many events one `append` takes at most, an integer >= 1. @default 1000 */
  readonly maxEvents?: number;
  /** How long one statement may take, in ms. @default 30000 */
  readonly statementTimeoutMs?: number;
  /** The source of time for waits. @default systemClock */
  readonly clock?: Clock;
}

/** An event that is to be written. */
export interface NewEvent {
  /** The name of the event, of 1 to 255 characters. */
  readonly type: string;
  /** What it carries: JSON data. */
  readonly data: unknown;
  /** In which version it is written, an integer >= 1. @default 1 */
  readonly version?: number;
}

const defaults: typeof ownTablesDefaults & { readonly maxBodyBytes: number; readonly maxEvents: number } =
  /* @__PURE__ */ Object.freeze({ ...ownTablesDefaults, maxBodyBytes: 262_144, maxEvents: 1_000 });

const owner = 'PostgresEventLog';
const LONGEST_TYPE = 255;
/** So many get a position in one statement. */
const MOST_AT_ONCE = 1_000;

/**
 * Keeps events in PostgreSQL, 13 or later, or PGlite, for projections: written in your own transaction, read
 * by position. A position is given after the commit, so that a transaction that commits late comes late, and
 * is never passed over; nothing waits for one that stays open.
 *
 * @example
 * ```ts
 * import { PGlite } from '@electric-sql/pglite';
 * import { PostgresEventLog } from 'keelson/postgres';
 *
 * const client = await PGlite.create();
 * const log = new PostgresEventLog({ client });
 * await log.connect();
 * await client.transaction(tx => log.append(tx, { type: 'order.placed', data: { sku: 'tea' } }));
 * const [event] = await log.read(undefined, 10);
 * console.log(event?.position, event?.data); // 1 { sku: 'tea' }
 * ```
 */
export class PostgresEventLog implements EventFeed {
  readonly #tables: OwnTables;
  readonly #maxBodyBytes: number;
  readonly #maxEvents: number;

  /** @throws TypeError or RangeError that names the option, the rule and the value. */
  constructor(options: PostgresEventLogOptions) {
    const { maxBodyBytes = defaults.maxBodyBytes, maxEvents = defaults.maxEvents } = options;
    this.#tables = new OwnTables(owner, options, statements.eventLogTables, ['maxBodyBytes', 'maxEvents']);
    const most = { min: 1, max: 2 ** 26, integer: true };
    this.#maxBodyBytes = checkNumber(owner, 'maxBodyBytes', maxBodyBytes, most);
    this.#maxEvents = checkNumber(owner, 'maxEvents', maxEvents, { min: 1, max: 100_000, integer: true });
  }

  /** What stands where an option was left out. */
  static get defaults(): typeof defaults {
    return defaults;
  }

  /**
   * Makes its tables, or looks whether they are there; to be called before the first event is written.
   *
   * @throws TopologyError when they are not there and may not be made, or are others.
   */
  connect(): Promise<void> {
    return this.#tables.connect();
  }

  /**
   * Writes events, in their order, as a part of `transaction`, which you have opened and will commit: all of
   * them or none, in one statement. Those of one aggregate stay in order when its row is locked or changed
   * before.
   *
   * @throws TypeError or RangeError for one that cannot be kept: nothing was written, and the transaction may
   * go on. What the database throws.
   */
  async append(transaction: PostgresClient, events: NewEvent | readonly NewEvent[]): Promise<void> {
    const all = Array.isArray(events) ? (events as readonly NewEvent[]) : [events as NewEvent];
    if (all.length > this.#maxEvents) {
      refuse('append', 'events', `a list of at most ${this.#maxEvents}`, all.length);
    }
    const rows = all.map(event => this.#rowOf(event));
    if (rows.length === 0) return;
    await this.#tables.within(transaction, statements.appendIn(this.#tables.db.schema), [
      JSON.stringify(rows),
    ]);
  }

  /** The next events; those that were committed since somebody last looked get their positions first. */
  async read(after: Position | undefined, limit: number): Promise<readonly FedEvent[]> {
    const params = [String(after ?? 0), limit];
    const rows = await this.#run(statements.readIn, params);
    if (rows.length >= limit || (await this.#place()) === 0) return rows.map(fedOf);
    return (await this.#run(statements.readIn, params)).map(fedOf);
  }

  /**
   * The position of the last event that is committed by now, 0 where there is none: who has just committed
   * waits for it with `reached` of the store.
   */
  async last(): Promise<number> {
    while ((await this.#place()) >= MOST_AT_ONCE);
    const [row] = await this.#run(statements.lastIn, []);
    return Number(row!['position']);
  }

  /**
   * Deletes events up to `through`, the first ones first, at most `limit`; how many it deleted. A projection
   * that has not come as far, or begins anew, never sees them.
   */
  async purge(through: number, limit = 5_000): Promise<number> {
    checkNumber('purge', 'through', through, { min: 0, max: Number.MAX_SAFE_INTEGER, integer: true });
    checkNumber('purge', 'limit', limit, { min: 1, max: 100_000, integer: true });
    const [row] = await this.#run(statements.purgeIn, [String(through), limit]);
    return row!['count'] as number;
  }

  /** How many positions were given; as many as there may be in one go says that there are more. */
  async #place(): Promise<number> {
    const [row] = await this.#run(statements.placeIn, [MOST_AT_ONCE]);
    return row!['placed'] as number;
  }

  #rowOf(event: NewEvent): { type: string; version: number; data: string } {
    const { type, data, version = 1 } = event ?? {};
    if (typeof type !== 'string' || type === '' || type.length > LONGEST_TYPE || type.includes('\0')) {
      refuse('append', 'type', `a text of 1 to ${LONGEST_TYPE} characters`, type);
    }
    checkNumber('append', 'version', version, { min: 1, max: 2 ** 31 - 1, integer: true });
    if (!isData(data)) refuse('append', 'data', 'JSON data', data);
    const text = JSON.stringify(data);
    const bytes = new TextEncoder().encode(text).length;
    if (bytes <= this.#maxBodyBytes) return { type, version, data: text };
    return refuse('append', 'data', `of at most ${this.#maxBodyBytes} bytes as JSON`, bytes);
  }

  async #run(text: (schema: string) => string, params: unknown[]): Promise<readonly Row[]> {
    await this.#tables.connect();
    const { db } = this.#tables;
    return db.run(text(db.schema), params);
  }
}

const fedOf = (row: Row): FedEvent => ({
  position: Number(row['position']),
  type: row['type'] as string,
  data: JSON.parse(row['data'] as string) as unknown,
  version: row['version'] as number,
  at: Math.round(Number(row['at'])),
});
