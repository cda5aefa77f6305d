import type { Clock } from '../../kernel/clock.js';
import type { BarrierMark, BarrierRecord, BarrierStep, BarrierStore } from '../../saga/barrier-store.js';
import { barrierTables } from './barrier-tables.js';
import type { PostgresClient } from './client.js';
import { toColumn } from './names.js';
import { OwnTables, ownTablesDefaults } from './own-tables.js';

/** How a `PostgresBarrierStore` is made. */
export interface PostgresBarrierOptions {
  /** A `Pool` of `pg`, a `PGlite`, or whatever else runs SQL: for its table, and to purge. It stays yours. */
  readonly client: PostgresClient;
  /** The schema that is the barrier's own: a-z, 0-9 and _, at most 48 characters. @default 'keelson' */
  readonly schema?: string;
  /** Whether its table may be made, is looked for, or is trusted to be there. @default 'ensure' */
  readonly topology?: 'ensure' | 'check' | 'none';
  /** How long one statement may take, the wait for a call that came before included, in ms. @default 30000 */
  readonly statementTimeoutMs?: number;
  /** The source of time for waits. @default systemClock */
  readonly clock?: Clock;
}

/**
 * Whoever inserts the row, or finds it, holds it until the transaction ends: a call that comes meanwhile
 * waits here, and is told what was committed. The epoch is the larger of both, and so tells who was
 * overtaken.
 */
const claimIn = (s: string): string => `
  INSERT INTO ${s}.barrier AS b (saga, step, epoch) VALUES ($1, $2, $3::bigint)
  ON CONFLICT (saga, step) DO UPDATE
    SET epoch = greatest(b.epoch, excluded.epoch), touched_at = clock_timestamp()
  RETURNING epoch::text, forward, compensate, forward_result, compensate_result,
    pg_current_xact_id()::text AS xid`;

const markIn = (s: string, direction: BarrierMark['direction']): string => `
  UPDATE ${s}.barrier SET ${direction} = $3, ${direction}_result = $4 WHERE saga = $1 AND step = $2
  RETURNING pg_current_xact_id()::text AS xid`;

const purgeIn = (s: string): string => `
  WITH old AS (
    SELECT saga, step FROM ${s}.barrier WHERE touched_at <= now() - $1::float8 * interval '1 ms'
      AND CASE WHEN $3::text IS NULL THEN position(':' IN step) = 0 ELSE step = $3::text END
    ORDER BY touched_at LIMIT $2::int FOR UPDATE SKIP LOCKED
  ), gone AS (
    DELETE FROM ${s}.barrier b USING old WHERE b.saga = old.saga AND b.step = old.step RETURNING 1
  )
  SELECT count(*)::int AS count FROM gone`;

const textOrNothing = (value: unknown): string | undefined =>
  value === null ? undefined : (value as string);

/**
 * Keeps the steps of a participant in its own PostgreSQL, 13 or later, or its PGlite: the transaction of a
 * call is a client after its `BEGIN`, or what PGlite hands to `transaction`.
 *
 * @example
 * ```ts
 * import { PGlite } from '@electric-sql/pglite';
 * import { PostgresBarrierStore } from 'keelson/postgres';
 * import { ParticipantBarrier } from 'keelson/saga';
 *
 * const client = await PGlite.create();
 * const store = new PostgresBarrierStore({ client });
 * await store.connect();
 * const barrier = new ParticipantBarrier({ store });
 * const key = 'order-7:charge:forward';
 * const charge = () => client.transaction(tx => barrier.run(tx, key, () => 'payment-1'));
 * await charge();
 * ```
 */
export class PostgresBarrierStore implements BarrierStore<PostgresClient> {
  readonly #tables: OwnTables;
  /** The number that each transaction had when it claimed: without a `BEGIN`, each statement is another. */
  readonly #claimedIn = new WeakMap<PostgresClient, unknown>();

  /** @throws TypeError or RangeError that names the option, the rule and the value. */
  constructor(options: PostgresBarrierOptions) {
    this.#tables = new OwnTables('PostgresBarrierStore', options, barrierTables);
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
    transaction: PostgresClient,
    step: BarrierStep,
    epoch: number | undefined,
  ): Promise<BarrierRecord> {
    const params = [...nameOf(step), epoch ?? 0];
    const [row] = await this.#tables.within(transaction, claimIn(this.#tables.db.schema), params);
    this.#claimedIn.set(transaction, row!['xid']);
    return {
      epoch: Number(row!['epoch']),
      forward: row!['forward'] as BarrierRecord['forward'],
      compensate: row!['compensate'] as BarrierRecord['compensate'],
      forwardResult: textOrNothing(row!['forward_result']),
      compensateResult: textOrNothing(row!['compensate_result']),
    };
  }

  async mark(transaction: PostgresClient, step: BarrierStep, mark: BarrierMark): Promise<void> {
    const text = markIn(this.#tables.db.schema, mark.direction);
    const params = [...nameOf(step), mark.mark, mark.result ?? null];
    const [row] = await this.#tables.within(transaction, text, params);
    if (row !== undefined && row['xid'] === this.#claimedIn.get(transaction)) return;
    const rule = 'the transaction must be a client after its BEGIN, and before its end';
    throw new TypeError(`PostgresBarrierStore: ${rule}: nobody else was kept from this step, roll back`);
  }

  async purge(retentionMs: number, limit: number, step?: string): Promise<number> {
    const params = [retentionMs, limit, step === undefined ? null : toColumn(step)];
    const [row] = await this.#tables.within(undefined, purgeIn(this.#tables.db.schema), params);
    return row!['count'] as number;
  }
}

const nameOf = ({ saga, step }: BarrierStep): string[] => [toColumn(saga), toColumn(step)];
