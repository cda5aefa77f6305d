import type { Position } from '../../events/event-feed.js';
import type { ProjectionStore, ProjectionUnit, SavedProjection } from '../../events/projection-store.js';
import { TimeoutError } from '../../kernel/errors.js';
import { checkKeys, checkNumber, refuse } from '../../kernel/options.js';
import type { PostgresClient, Row } from './client.js';
import { inTransaction } from './database-transaction.js';
import { OwnTables, ownTablesDefaults } from './own-tables.js';
import { parkedText, positionOf, positionText, savedOf } from './projection-rows.js';
import * as statements from './projection-tables.js';
import type { PostgresPool } from './provision-place.js';

/** Another version of a projection is read from now. */
export interface ProjectionActivation {
  /** Which projection. */
  readonly name: string;
  /** The version that is read from now. */
  readonly version: number;
  /** The one before; `undefined` for the first. */
  readonly instead: number | undefined;
}

/** How a `PostgresProjectionStore` is made. */
export interface PostgresProjectionOptions {
  /** A `Pool` of `pg`, or a `PGlite`. It stays yours, and is never closed. */
  readonly client: PostgresPool;
  /** The schema of its tables: a-z, 0-9 and _, at most 48 characters. @default 'keelson' */
  readonly schema?: string;
  /** Whether its tables may be made, are looked for, or are trusted to be there. @default 'ensure' */
  readonly topology?: 'ensure' | 'check' | 'none';
  /**
   * Runs in the transaction in which another version comes to be read from: to let a view show its tables.
   * @default nothing
   */
  readonly onActivate?: (transaction: PostgresClient, activation: ProjectionActivation) => unknown;
  /** How long one statement may take, in ms. @default 30000 */
  readonly statementTimeoutMs?: number;
}

/** How to wait for a position. */
export interface ReachedOptions {
  /** How long, in ms; then it rejects with `ERR_TIMEOUT`. @default 5000 */
  readonly timeoutMs?: number;
  /** Ends the wait when it aborts, with its reason. */
  readonly signal?: AbortSignal;
  /** Below 0 when `a` stands before `b`; required where positions are texts. */
  readonly compare?: (a: Position, b: Position) => number;
}

const FIRST_LOOK_MS = 10;
const LONGEST_LOOK_MS = 250;

/**
 * Keeps where projections stand in PostgreSQL, 13 or later, or PGlite, and lets handlers write their read
 * model in the same transaction, by `context.transaction`: an event counts once whatever crashes, and of
 * several processes with one version only one goes on at a time. Handlers that leave SQL alone may keep
 * their state here, as JSON.
 *
 * @example
 * ```ts
 * import { PGlite } from '@electric-sql/pglite';
 * import { InMemoryEventLog, Projection } from 'keelson/events';
 * import { type PostgresClient, PostgresProjectionStore } from 'keelson/postgres';
 *
 * const client = await PGlite.create();
 * await client.exec('CREATE TABLE sold (sku text PRIMARY KEY, count int)');
 * const log = new InMemoryEventLog();
 * const sold = new Projection<{ 'order.placed': { sku: string } }, undefined, PostgresClient>({
 *   name: 'sold',
 *   init: () => undefined,
 *   on: {
 *     'order.placed': async (_, { sku }, { transaction }) => {
 *       const more = 'ON CONFLICT (sku) DO UPDATE SET count = s.count + 1';
 *       const add = `INSERT INTO sold AS s VALUES ($1, 1) ${more}`;
 *       await transaction.query(add, [sku]);
 *       return undefined;
 *     },
 *   },
 *   feed: log,
 *   store: new PostgresProjectionStore({ client }),
 * });
 * log.append('order.placed', { sku: 'tea' });
 * await sold.catchUp();
 * const { rows } = await client.query('SELECT * FROM sold');
 * console.log(rows); // one line: tea, 1
 * ```
 */
export class PostgresProjectionStore<State = undefined> implements ProjectionStore<State, PostgresClient> {
  readonly #tables: OwnTables;
  readonly #pool: PostgresPool;
  readonly #first: { readonly mode: object; readonly script: string };
  readonly #onActivate: PostgresProjectionOptions['onActivate'];

  /** @throws TypeError or RangeError that names the option, the rule and the value. */
  constructor(options: PostgresProjectionOptions) {
    const owner = 'PostgresProjectionStore';
    this.#tables = new OwnTables(owner, options, statements.projectionTables, ['onActivate']);
    const { client, onActivate, statementTimeoutMs = ownTablesDefaults.statementTimeoutMs } = options;
    if (!('connect' in client || 'transaction' in client)) {
      refuse(owner, 'client', 'a Pool or a PGlite', client);
    }
    if (onActivate !== undefined && typeof onActivate !== 'function') {
      refuse(owner, 'onActivate', 'a function', onActivate);
    }
    this.#pool = client;
    this.#onActivate = onActivate;
    const script = `SET LOCAL statement_timeout = ${Math.ceil(statementTimeoutMs)}`;
    this.#first = { mode: {}, script };
  }

  /** What stands where an option was left out. */
  static get defaults(): typeof ownTablesDefaults {
    return ownTablesDefaults;
  }

  /**
   * Makes its tables, or looks whether they are there; by itself when they are first needed.
   *
   * @throws TopologyError when they are not there and may not be made, or are others.
   */
  connect(): Promise<void> {
    return this.#tables.connect();
  }

  async load(name: string, version: number): Promise<SavedProjection<State> | undefined> {
    const [row] = await this.#run(statements.loadIn, [name, version]);
    return row === undefined ? undefined : savedOf(row);
  }

  async save(name: string, version: number, saved: SavedProjection<State>): Promise<void> {
    await this.#run(statements.saveIn, this.#paramsOf(name, version, saved));
  }

  async active(name: string): Promise<number | undefined> {
    const [row] = await this.#run(statements.activeIn, [name]);
    return row?.['version'] as number | undefined;
  }

  async activate(name: string, version: number, instead: number | undefined): Promise<boolean> {
    return this.#inTransaction(async transaction => {
      const { schema } = this.#tables.db;
      const { rows } = await (instead === undefined
        ? transaction.query(statements.beginIn(schema), [name, version])
        : transaction.query(statements.replaceIn(schema), [name, version, instead]));
      if (rows.length === 0) return false;
      await this.#onActivate?.(transaction, { name, version, instead });
      return true;
    });
  }

  async within<T>(
    name: string,
    version: number,
    from: Position | undefined,
    work: (unit: ProjectionUnit<State, PostgresClient>) => Promise<T>,
  ): Promise<{ readonly answer: T } | undefined> {
    return this.#inTransaction(async transaction => {
      const { schema } = this.#tables.db;
      const { rows } = await transaction.query(statements.holdIn(schema), [name, version]);
      const [held] = rows as readonly Row[];
      if (held?.['position'] !== positionText(from)) return undefined;
      const save = async (saved: SavedProjection<State>): Promise<void> => {
        await transaction.query(statements.saveIn(schema), this.#paramsOf(name, version, saved));
      };
      const attempt = <R>(handler: () => R | Promise<R>) => attemptIn(transaction, handler);
      return { answer: await work({ transaction, attempt, save }) };
    });
  }

  /**
   * Resolves when the version that is read from has come to `position`, whichever process runs it: for who
   * has just written, and wants to read that.
   *
   * @throws TimeoutError; the reason of the signal; errors of the database.
   */
  async reached(name: string, position: Position, options: ReachedOptions = {}): Promise<void> {
    const owner = 'reached';
    checkKeys(owner, options, ['timeoutMs', 'signal', 'compare']);
    const { timeoutMs = 5_000, signal, compare = inOrder } = options;
    checkNumber(owner, 'timeoutMs', timeoutMs, { min: 0, infinity: true });
    const { clock } = this.#tables.db;
    const end = clock.now() + timeoutMs;
    for (let waitMs = FIRST_LOOK_MS; ; waitMs = Math.min(2 * waitMs, LONGEST_LOOK_MS)) {
      signal?.throwIfAborted();
      const [row] = await this.#run(statements.reachedIn, [name]);
      const at = positionOf((row?.['position'] ?? null) as string | null);
      if (at !== undefined && compare(at, position) >= 0) return;
      const left = end - clock.now();
      if (left <= 0) {
        const late = `${name}: not at position ${String(position)} within ${timeoutMs} ms`;
        throw new TimeoutError(late, timeoutMs, { policy: name });
      }
      await new Promise<void>(resolve => void clock.schedule(Math.min(waitMs, left), resolve, true));
    }
  }

  /** Forgets a version that is not read from; whether there was one. Its tables are yours. */
  async remove(name: string, version: number): Promise<boolean> {
    return (await this.#run(statements.removeIn, [name, version])).length > 0;
  }

  #paramsOf(name: string, version: number, { position, parked, state }: SavedProjection<State>): unknown[] {
    const kept = state === undefined ? null : JSON.stringify(state);
    return [name, version, positionText(position), parkedText(parked), kept];
  }

  async #run(text: (schema: string) => string, params: unknown[]): Promise<readonly Row[]> {
    await this.#tables.connect();
    const { db } = this.#tables;
    return db.run(text(db.schema), params);
  }

  async #inTransaction<T>(work: (transaction: PostgresClient) => Promise<T>): Promise<T> {
    await this.#tables.connect();
    return inTransaction(this.#pool, this.#first, work);
  }
}

function inOrder(a: Position, b: Position): number {
  if (typeof a === 'string' || typeof b === 'string') {
    refuse('reached', 'compare', 'a function where positions are texts', undefined);
  }
  return a < b ? -1 : a > b ? 1 : 0;
}

/** What a handler wrote before it failed is taken back; the transaction goes on. */
async function attemptIn<T>(transaction: PostgresClient, handler: () => T | Promise<T>): Promise<T> {
  await transaction.query('SAVEPOINT keelson_event');
  try {
    const answer = await handler();
    await transaction.query('RELEASE SAVEPOINT keelson_event');
    return answer;
  } catch (error) {
    await transaction.query('ROLLBACK TO SAVEPOINT keelson_event');
    throw error;
  }
}
