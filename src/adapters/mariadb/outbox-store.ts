import type {
  BucketLag,
  DiscardedMessage,
  NewOutboxMessage,
  OutboxBeat,
  OutboxBeatAnswer,
  OutboxClaim,
  OutboxReading,
  OutboxRow,
  OutboxStore,
  OutboxTrouble,
  ParkedKey,
} from '../../data/outbox-store.js';
import type { Clock } from '../../kernel/clock.js';
import { fromColumn, toColumn } from '../postgres/names.js';
import { OutboxSettling, type Settlement } from '../sql/outbox-settling.js';
import type { MariadbClient, MariadbPool, MariadbRow } from './client.js';
import { Beat, parkedOf } from './outbox-beat.js';
import { addMessages } from './outbox-insert.js';
import * as statements from './outbox-statements.js';
import { outboxTables } from './outbox-tables.js';
import { OwnTables, ownTablesDefaults } from './own-tables.js';

/** How a `MariadbOutboxStore` is made. */
export interface MariadbOutboxOptions {
  /** A `Pool` of `mysql2/promise`. It stays yours, and is never closed. */
  readonly client: MariadbPool;
  /**
   * The database that is the outbox's own, on the server of the business data: a-z, 0-9 and _, at most 48
   * characters. @default 'keelson'
   */
  readonly database?: string;
  /** Whether its tables may be made, are looked for, or are trusted to be there. @default 'ensure' */
  readonly topology?: 'ensure' | 'check' | 'none';
  /** How long one statement may take, in ms. @default 30000 */
  readonly statementTimeoutMs?: number;
  /** The source of time for waits. Leases go by the clock of the server. @default systemClock */
  readonly clock?: Clock;
}

/** So many settlements go in one transaction. */
const LARGEST_BATCH = 500;

/**
 * Keeps an outbox in MariaDB, 10.6 or later, on the server of the business data: a transaction is a
 * connection of `mysql2/promise` after its `START TRANSACTION`, or what a `ServiceDatabase` hands out. Any
 * number of relays may share it. Nothing tells relays of other processes that there is something: they look
 * every `pollMs`.
 *
 * @example
 * ```ts
 * import { Outbox } from 'keelson/data';
 * import { MariadbOutboxStore } from 'keelson/mariadb';
 * import { topic } from 'keelson/messaging';
 * import { createPool } from 'mysql2/promise';
 *
 * const client = createPool({ user: 'orders_app', database: 'orders' });
 * const store = new MariadbOutboxStore({ client });
 * await store.connect();
 * const outbox = new Outbox({ store });
 * const placed = topic<{ id: string }>('orders.placed');
 * const connection = await client.getConnection();
 * await connection.beginTransaction();
 * await outbox.publish(connection, { topic: placed, data: { id: 'o-1' } });
 * await connection.commit();
 * connection.release();
 * await client.end();
 * ```
 */
export class MariadbOutboxStore implements OutboxStore<MariadbClient> {
  readonly #tables: OwnTables;
  readonly #settling: OutboxSettling;
  readonly #listeners = new Set<() => void>();

  /** @throws TypeError or RangeError that names the option, the rule and the value. */
  constructor(options: MariadbOutboxOptions) {
    this.#tables = new OwnTables('MariadbOutboxStore', options, outboxTables);
    const { clock } = this.#tables.db;
    const settle = (all: readonly Settlement[]) => this.#settle(all);
    this.#settling = new OutboxSettling(clock, LARGEST_BATCH, settle, () => this.wake());
  }

  /** What stands where an option was left out. */
  static get defaults(): typeof ownTablesDefaults {
    return ownTablesDefaults;
  }

  /**
   * Makes its tables, or looks whether they are there; to be called before the first message is published.
   *
   * @throws TopologyError when they are not there and may not be made, or are others.
   */
  connect(): Promise<void> {
    return this.#tables.connect();
  }

  async add(transaction: MariadbClient, messages: readonly NewOutboxMessage[]): Promise<void> {
    const { db } = this.#tables;
    if (messages.length === 0) return;
    await this.#tables.within(() => addMessages(db, transaction, messages));
    this.#settling.written();
  }

  async beat(beat: OutboxBeat): Promise<OutboxBeatAnswer> {
    await this.connect();
    const { db } = this.#tables;
    return db.transaction(transaction => new Beat(db, transaction, beat).run());
  }

  async leave(relay: string): Promise<void> {
    await this.connect();
    const { db } = this.#tables;
    await db.transaction(async tx => {
      await db.change(`DELETE FROM ${db.name}.outbox_relay WHERE relay = ?`, [relay], tx);
      const free = `UPDATE ${db.name}.outbox_bucket SET owner = NULL, trying = NULL WHERE owner = ?`;
      await db.change(free, [relay], tx);
    });
  }

  async read({ buckets, reach, limit, skip }: OutboxReading): Promise<readonly OutboxRow[]> {
    if (buckets.length === 0) return [];
    const params = [...buckets.flatMap(bucket => [bucket, reach]), ...skip.map(toColumn), limit];
    const rows = await this.#rows(d => statements.readIn(d, buckets.length, skip.length), params);
    return rows.map(rowOf);
  }

  confirm(claim: OutboxClaim, ids: readonly number[]): Promise<boolean> {
    return this.#settling.add(claim, ids);
  }

  mark(claim: OutboxClaim, id: number | undefined): Promise<boolean> {
    return this.#claimed(claim, 'trying = ?', [id ?? null]);
  }

  trust(claim: OutboxClaim): Promise<boolean> {
    return this.#claimed(claim, 'suspect_to = NULL', []);
  }

  async trouble(claim: OutboxClaim, said: OutboxTrouble): Promise<boolean> {
    await this.connect();
    const { db } = this.#tables;
    const { relay, bucket, epoch } = claim;
    return db.transaction(async tx => {
      const claimed = statements.claimedIn(db.name, 'trying = NULL');
      if ((await db.change(claimed, [relay, bucket, epoch], tx)) === 0) return false;
      const [row] = await db.rows(statements.troubleIn(db.name), [bucket, said.id], tx);
      if (row === undefined) return true;
      const { waitMs, reason, error } = said;
      const put = statements.putIn(db.name, waitMs !== undefined);
      const facts = [said.tries, Number(row['crashes'] ?? 0), reason, error, statements.micros(waitMs ?? 0)];
      await db.change(put, [...facts, bucket, said.id], tx);
      return true;
    });
  }

  async parked(limit: number, after: string | undefined): Promise<readonly ParkedKey[]> {
    const params = [after === undefined ? '' : toColumn(after), limit];
    return (await this.#rows(d => statements.parkedIn(d, 'k.`key` > ?'), params)).map(parkedOf);
  }

  async retry(key: string): Promise<boolean> {
    await this.connect();
    const { db } = this.#tables;
    return (await db.change(statements.retryIn(db.name), [toColumn(key)])) > 0;
  }

  async discard(key: string): Promise<DiscardedMessage | undefined> {
    await this.connect();
    const { db } = this.#tables;
    return db.transaction(async tx => {
      const [row] = await db.rows(statements.discardedIn(db.name), [toColumn(key)], tx);
      if ((await db.change(statements.retryIn(db.name), [toColumn(key)], tx)) === 0) return undefined;
      if (row === undefined) return undefined;
      const gone = `DELETE FROM ${db.name}.outbox WHERE bucket = ? AND id = ?`;
      await db.change(gone, [row['bucket'], row['id']], tx);
      const [id, topic] = [fromColumn(String(row['message_id'])), String(row['topic'])];
      return { id, key, topic, body: String(row['body']), facts: String(row['facts']) };
    });
  }

  async purge(parkedMs: number, limit: number): Promise<number> {
    await this.connect();
    const { db } = this.#tables;
    return db.transaction(async tx => {
      const old = await db.rows(statements.oldIn(db.name), [statements.micros(parkedMs), limit], tx);
      for (const { key, bucket } of old) {
        await db.change(`DELETE FROM ${db.name}.outbox WHERE bucket = ? AND \`key\` = ?`, [bucket, key], tx);
        await db.change(`DELETE FROM ${db.name}.outbox_key WHERE \`key\` = ?`, [key], tx);
      }
      return old.length;
    });
  }

  async lag(): Promise<readonly BucketLag[]> {
    const rows = await this.#rows(statements.lagIn, []);
    return rows.map(({ bucket, messages, oldest, stuck, parked }) => {
      const counts = { messages: Number(messages), parked: Number(parked) };
      const ages = { oldestMs: ageOf(oldest), stuckMs: ageOf(stuck) };
      return { bucket: Number(bucket), ...counts, ...ages };
    });
  }

  /** Tells relays of this process. */
  wake(): void {
    for (const listener of this.#listeners) listener();
  }

  onWake(listener: () => void): () => void {
    const own = () => listener();
    this.#listeners.add(own);
    return () => void this.#listeners.delete(own);
  }

  async #settle(items: readonly Settlement[]): Promise<readonly boolean[]> {
    await this.connect();
    const { db } = this.#tables;
    const buckets = [...new Set(items.map(({ claim }) => claim.bucket))];
    return db.transaction(async tx => {
      const rows = await db.rows(statements.holdIn(db.name, buckets.length), buckets, tx);
      const of = new Map(rows.map(row => [Number(row['bucket']), row]));
      const held = items.map(({ claim }) => isHeldBy(of.get(claim.bucket), claim));
      const gone = new Map<number, number[]>();
      for (const [at, { claim, ids }] of items.entries()) {
        if (held[at]) gone.set(claim.bucket, [...(gone.get(claim.bucket) ?? []), ...ids]);
      }
      const parts = [...gone].filter(([, ids]) => ids.length > 0);
      if (parts.length === 0) return held;
      const params = parts.flatMap(([bucket, ids]) => [bucket, ...ids]);
      const sizes = parts.map(([, ids]) => ids.length);
      const healed = await db.rows(statements.healedIn(db.name, sizes), params, tx);
      await db.change(statements.confirmIn(db.name, sizes), params, tx);
      for (const { key } of healed) {
        const heal = `DELETE FROM ${db.name}.outbox_key WHERE \`key\` = ? AND parked_at IS NULL`;
        await db.change(heal, [key], tx);
      }
      const tried = parts.filter(([bucket, ids]) => ids.includes(Number(of.get(bucket)?.['trying'] ?? -1)));
      for (const [bucket] of tried) {
        await db.change(`UPDATE ${db.name}.outbox_bucket SET trying = NULL WHERE bucket = ?`, [bucket], tx);
      }
      return held;
    });
  }

  async #claimed({ relay, bucket, epoch }: OutboxClaim, set: string, params: unknown[]): Promise<boolean> {
    await this.connect();
    const { db } = this.#tables;
    const claimed = statements.claimedIn(db.name, set);
    return (await db.change(claimed, [...params, relay, bucket, epoch])) > 0;
  }

  async #rows(statement: (database: string) => string, params: unknown[]): Promise<readonly MariadbRow[]> {
    await this.connect();
    const { db } = this.#tables;
    return db.rows(statement(db.name), params);
  }
}

const isHeldBy = (row: MariadbRow | undefined, { relay, epoch }: OutboxClaim): boolean =>
  row !== undefined && row['owner'] === relay && Number(row['epoch']) === epoch;

const ageOf = (ms: unknown): number => Math.max(Number(ms ?? 0), 0);

const rowOf = (row: MariadbRow): OutboxRow => ({
  id: Number(row['id']),
  bucket: Number(row['bucket']),
  key: fromColumn(String(row['key'])),
  ordered: Number(row['ordered']) === 1,
  topic: String(row['topic']),
  version: Number(row['version']),
  messageId: fromColumn(String(row['message_id'])),
  body: String(row['body']),
  facts: String(row['facts']),
  tries: Number(row['tries']),
  crashes: Number(row['crashes']),
});
