import type { Clock } from '../../kernel/clock.js';
import type { BarrierMark, BarrierRecord, BarrierStep, BarrierStore } from '../../saga/barrier-store.js';
import { StatementTimeout } from '../postgres/database.js';
import { toColumn } from '../postgres/names.js';
import { barrierTables } from './barrier-tables.js';
import type { MariadbClient, MariadbPool } from './client.js';
import { isHeld, type OwnDatabase } from './own-database.js';
import { OwnTables, ownTablesDefaults } from './own-tables.js';

/** How a `MariadbBarrierStore` is made. */
export interface MariadbBarrierOptions {
  /** A `Pool` of `mysql2/promise`: for its table, and to purge. It stays yours, and is never closed. */
  readonly client: MariadbPool;
  /**
   * The database that is the barrier's own, on the server of the business data: a-z, 0-9 and _, at most 48
   * characters. @default 'keelson'
   */
  readonly database?: string;
  /** Whether its table may be made, is looked for, or is trusted to be there. @default 'ensure' */
  readonly topology?: 'ensure' | 'check' | 'none';
  /** How long one statement may take, the wait for a call that came before included, in ms. @default 30000 */
  readonly statementTimeoutMs?: number;
  /** The source of time for waits. @default systemClock */
  readonly clock?: Clock;
}

const FIRST_LOOK_MS = 1;
const LONGEST_LOOK_MS = 50;

/**
 * Makes the row, or finds it. A lock that another one holds is not waited for in the server: were that one
 * rolled back, all who wait for a row that never was would stand in each other's way, and all but one be
 * rolled back as well.
 */
const takeIn = (d: string): string => `
  SET STATEMENT innodb_lock_wait_timeout = 0 FOR
  INSERT INTO ${d}.barrier (saga, step, epoch) VALUES (?, ?, ?)
  ON DUPLICATE KEY UPDATE epoch = greatest(epoch, VALUES(epoch)), touched_at = UTC_TIMESTAMP(6)`;

/** What was committed last, whatever the transaction has seen before. */
const readIn = (d: string): string => `
  SELECT epoch, forward, compensate, forward_result, compensate_result, @@in_transaction AS held
  FROM ${d}.barrier
  WHERE saga = ? AND step = ? FOR UPDATE`;

const markIn = (d: string, direction: BarrierMark['direction']): string => `
  UPDATE ${d}.barrier SET ${direction} = ?, ${direction}_result = ? WHERE saga = ? AND step = ?`;

const oldIn = (d: string, mine: string): string => `
  SELECT saga, step FROM ${d}.barrier
  WHERE touched_at <= UTC_TIMESTAMP(6) - INTERVAL ? MICROSECOND AND ${mine}
  ORDER BY touched_at LIMIT ? FOR UPDATE SKIP LOCKED`;

/** So many rows go in one statement. */
const MOST_AT_ONCE = 200;

const forgetIn = (d: string, many: number): string => {
  const rows = Array.from({ length: many }, () => '(saga = ? AND step = ?)');
  return `DELETE FROM ${d}.barrier WHERE ${rows.join(' OR ')}`;
};

const textOrNothing = (value: unknown): string | undefined => (value === null ? undefined : String(value));

/**
 * Keeps the steps of a participant, or the messages of an inbox, in its own MariaDB, 10.6 or later: the
 * transaction of a call is a connection of `mysql2/promise` after its `START TRANSACTION`.
 *
 * @example
 * ```ts
 * import { Inbox } from 'keelson/data';
 * import { MariadbBarrierStore } from 'keelson/mariadb';
 * import { createPool } from 'mysql2/promise';
 *
 * const client = createPool({ user: 'billing_app', database: 'billing' });
 * const store = new MariadbBarrierStore({ client });
 * await store.connect();
 * const inbox = new Inbox({ store, consumer: 'billing', redeliveryMs: 86_400_000 });
 * const connection = await client.getConnection();
 * await connection.beginTransaction();
 * const { outcome } = await inbox.run(connection, 'm-1', async () => 'invoice-7');
 * await connection.commit();
 * connection.release();
 * await client.end();
 * console.log(outcome);
 * ```
 */
export class MariadbBarrierStore implements BarrierStore<MariadbClient> {
  readonly #tables: OwnTables;

  /** @throws TypeError or RangeError that names the option, the rule and the value. */
  constructor(options: MariadbBarrierOptions) {
    this.#tables = new OwnTables('MariadbBarrierStore', options, barrierTables);
  }

  /** What stands where an option was left out. */
  static get defaults(): typeof ownTablesDefaults {
    return ownTablesDefaults;
  }

  /**
   * Makes its table, or looks whether it is there; to be called before the first call comes.
   *
   * @throws TopologyError when it is not there and may not be made, or is another one.
   */
  connect(): Promise<void> {
    return this.#tables.connect();
  }

  async claim(
    transaction: MariadbClient,
    step: BarrierStep,
    epoch: number | undefined,
  ): Promise<BarrierRecord> {
    const { db } = this.#tables;
    const name = nameOf(step);
    const [row] = await this.#tables.within(async () => {
      await take(db, transaction, [...name, epoch ?? 0]);
      return db.rows(readIn(db.name), name, transaction);
    });
    if (Number(row!['held']) !== 1) {
      const rule = 'the transaction must be a connection after its START TRANSACTION';
      throw new TypeError(`MariadbBarrierStore: ${rule}: nobody else is kept from this step`);
    }
    return {
      epoch: Number(row!['epoch']),
      forward: row!['forward'] as BarrierRecord['forward'],
      compensate: row!['compensate'] as BarrierRecord['compensate'],
      forwardResult: textOrNothing(row!['forward_result']),
      compensateResult: textOrNothing(row!['compensate_result']),
    };
  }

  async mark(transaction: MariadbClient, step: BarrierStep, mark: BarrierMark): Promise<void> {
    const { db } = this.#tables;
    const params = [mark.mark, mark.result ?? null, ...nameOf(step)];
    await this.#tables.within(() => db.change(markIn(db.name, mark.direction), params, transaction));
  }

  async purge(retentionMs: number, limit: number, step?: string): Promise<number> {
    const { db } = this.#tables;
    const age = Math.round(retentionMs * 1_000);
    const mine = step === undefined ? `LOCATE(':', step) = 0` : 'step = ?';
    const params = step === undefined ? [age, limit] : [age, toColumn(step), limit];
    return this.#tables.within(() =>
      db.transaction(async tx => {
        const old = await db.rows(oldIn(db.name, mine), params, tx);
        for (let at = 0; at < old.length; at += MOST_AT_ONCE) {
          const some = old.slice(at, at + MOST_AT_ONCE);
          const names = some.flatMap(({ saga, step }) => [saga, step]);
          await db.change(forgetIn(db.name, some.length), names, tx);
        }
        return old.length;
      }),
    );
  }
}

const nameOf = ({ saga, step }: BarrierStep): string[] => [toColumn(saga), toColumn(step)];

/** Tries until nobody else holds the row. A try that was in vain leaves the transaction as it was. */
async function take(db: OwnDatabase, transaction: MariadbClient, params: unknown[]): Promise<void> {
  const { clock, timeoutMs } = db;
  const end = clock.now() + timeoutMs;
  for (let waitMs = FIRST_LOOK_MS; ; waitMs = Math.min(2 * waitMs, LONGEST_LOOK_MS)) {
    try {
      await db.change(takeIn(db.name), params, transaction);
      return;
    } catch (cause) {
      if (!isHeld(cause)) throw cause;
      const left = end - clock.now();
      if (left <= 0) throw new StatementTimeout(`no answer within ${timeoutMs} ms`, { cause });
      await new Promise<void>(resolve => void clock.schedule(Math.min(waitMs, left), resolve, true));
    }
  }
}
