import type { Grant } from '../../core/outbox-holds.js';
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
import { OutboxSettling, type Settlement } from '../sql/outbox-settling.js';
import type { NotificationSource, PostgresClient, Row } from './client.js';
import { fromColumn, toColumn } from './names.js';
import { checkSource } from './notifications.js';
import * as aside from './outbox-aside.js';
import * as statements from './outbox-statements.js';
import { outboxTables } from './outbox-tables.js';
import { OwnTables, ownTablesDefaults } from './own-tables.js';
import { Wakes } from './wakes.js';

/** How a `PostgresOutboxStore` is made. */
export interface PostgresOutboxOptions {
  /** A `Pool` of `pg`, a `PGlite`, or whatever else runs SQL. It stays yours, and is never closed. */
  readonly client: PostgresClient;
  /** The schema that is the outbox's own: a-z, 0-9 and _, at most 48 characters. @default 'keelson' */
  readonly schema?: string;
  /** Whether its tables may be made, are looked for, or are trusted to be there. @default 'ensure' */
  readonly topology?: 'ensure' | 'check' | 'none';
  /** What tells relays that there is something, with LISTEN and NOTIFY: the same pool, or the same PGlite. */
  readonly notifications?: NotificationSource;
  /** How long one statement may take, in ms. @default 30000 */
  readonly statementTimeoutMs?: number;
  /** The source of time for waits. Leases go by the clock of the server. @default systemClock */
  readonly clock?: Clock;
}

/** So many settlements go in one statement. */
const LARGEST_BATCH = 1_000;

/** What is parked goes aside out of the first so many of a bucket, for so long when a key is parked. */
const [IN_FRONT, LONGEST_ASIDE_MS] = [2_000, 5_000];

/** So many come back in one statement. */
const BACK_AT_A_TIME = 10_000;

/**
 * Keeps an outbox in PostgreSQL, 13 or later, or PGlite, in the database of the business data: a transaction
 * is a client after its `BEGIN`, or what PGlite hands to `transaction`. Any number of relays may share it.
 *
 * @example
 * ```ts
 * import { PGlite } from '@electric-sql/pglite';
 * import { Outbox } from 'keelson/data';
 * import { topic } from 'keelson/messaging';
 * import { PostgresOutboxStore } from 'keelson/postgres';
 *
 * const client = await PGlite.create();
 * const store = new PostgresOutboxStore({ client });
 * await store.connect();
 * const outbox = new Outbox({ store });
 * const placed = topic<{ id: string }>('orders.placed');
 * await client.transaction(tx => outbox.publish(tx, { topic: placed, data: { id: 'o-1' } }));
 * ```
 */
export class PostgresOutboxStore implements OutboxStore<PostgresClient> {
  readonly onWake: (listener: () => void) => () => void;
  readonly #tables: OwnTables;
  readonly #wakes: Wakes;
  readonly #settling: OutboxSettling;

  /** @throws TypeError or RangeError that names the option, the rule and the value. */
  constructor(options: PostgresOutboxOptions) {
    const owner = 'PostgresOutboxStore';
    this.#tables = new OwnTables(owner, options, outboxTables, ['notifications']);
    const { db } = this.#tables;
    this.#wakes = new Wakes(db, checkSource(owner, options.notifications), 'outbox');
    const settle = (all: readonly Settlement[]) => this.#settle(all);
    this.#settling = new OutboxSettling(db.clock, LARGEST_BATCH, settle, () => this.wake());
    this.onWake = listener => this.#wakes.add(listener);
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

  async add(transaction: PostgresClient, messages: readonly NewOutboxMessage[]): Promise<void> {
    const { db } = this.#tables;
    const rows = messages.map(({ id, key, ...rest }) => {
      return { ...rest, key: toColumn(key), message_id: toColumn(id) };
    });
    const [first] = rows;
    if (first === undefined) return;
    if (rows.length > 1) {
      await this.#tables.within(transaction, statements.addAllIn(db.schema), [JSON.stringify(rows)]);
    } else {
      const { bucket, key, ordered, topic, version, message_id, body, facts } = first;
      const params = [bucket, key, ordered, topic, version, message_id, body, facts];
      await this.#tables.within(transaction, statements.addIn(db.schema), params);
    }
    this.#settling.written();
  }

  async beat({ relay, leaseMs, reach, maxCrashes, keep, release }: OutboxBeat): Promise<OutboxBeatAnswer> {
    const said = [
      ...keep.map(({ bucket, epoch }) => ({ bucket, epoch, keep: true })),
      ...release.map(({ bucket, epoch }) => ({ bucket, epoch, keep: false })),
    ];
    const params = [relay, leaseMs, JSON.stringify(said), reach, maxCrashes];
    const [row] = await this.#run(statements.beatIn, params);
    const grants = JSON.parse((row!['grants'] as string | null) ?? '[]') as Row[];
    const crashed = JSON.parse((row!['crashed'] as string | null) ?? '[]') as Row[];
    await this.#putAside(
      grants.map(({ bucket }) => bucket as number),
      leaseMs / 10,
    );
    return { grants: grants.map(grantOf), relays: row!['relays'] as number, crashed: crashed.map(parkedOf) };
  }

  async leave(relay: string): Promise<void> {
    await this.#run(statements.leaveIn, [relay]);
  }

  async read({ buckets, reach, limit, skip }: OutboxReading): Promise<readonly OutboxRow[]> {
    const skipped = JSON.stringify(skip.map(toColumn));
    const rows = await this.#run(statements.readIn, [arrayOf(buckets), reach, skipped, limit]);
    return rows.map(rowOf);
  }

  confirm(claim: OutboxClaim, ids: readonly number[]): Promise<boolean> {
    return this.#settling.add(claim, ids);
  }

  mark(claim: OutboxClaim, id: number | undefined): Promise<boolean> {
    return this.#claimed(statements.markIn, claim, [id ?? null]);
  }

  trust(claim: OutboxClaim): Promise<boolean> {
    return this.#claimed(statements.trustIn, claim, []);
  }

  async trouble(claim: OutboxClaim, trouble: OutboxTrouble): Promise<boolean> {
    const { id, tries, waitMs, reason, error } = trouble;
    const words = error.replaceAll('\0', '');
    const said = [id, tries, waitMs ?? null, reason, words];
    const held = await this.#claimed(statements.troubleIn, claim, said);
    if (held && waitMs === undefined) await this.#putAside([claim.bucket], LONGEST_ASIDE_MS);
    return held;
  }

  async parked(limit: number, after: string | undefined): Promise<readonly ParkedKey[]> {
    const rows = await this.#run(statements.parkedIn, [limit, after === undefined ? '' : toColumn(after)]);
    return rows.map(parkedOf);
  }

  async retry(key: string): Promise<boolean> {
    return (await this.#letGo(toColumn(key), aside.retryIn)) !== undefined;
  }

  async discard(key: string): Promise<DiscardedMessage | undefined> {
    const row = await this.#letGo(toColumn(key), aside.discardIn);
    if (row === undefined || row['message_id'] === null) return undefined;
    const { message_id: id, topic, body, facts } = row as Readonly<Record<string, string>>;
    return { id: fromColumn(id!), key, topic: topic!, body: body!, facts: facts! };
  }

  async purge(parkedMs: number, limit: number): Promise<number> {
    const old = await this.#run(aside.goesIn, [parkedMs, limit]);
    if (old.length === 0) return 0;
    const [row] = await this.#run(aside.purgeIn, [JSON.stringify(old.map(({ key }) => key))]);
    return row!['count'] as number;
  }

  async lag(): Promise<readonly BucketLag[]> {
    const rows = await this.#run(aside.lagIn, []);
    return rows.map(({ bucket, messages, oldest, stuck, parked }) => {
      const counts = { messages: messages as number, parked: parked as number };
      return { bucket: bucket as number, ...counts, oldestMs: Number(oldest), stuckMs: Number(stuck) };
    });
  }

  wake(): void {
    this.#wakes.send();
  }

  /**
   * Puts aside what is parked and stands in front, for so long at most. It only makes reading quicker: where
   * it fails, nothing else does, and the next beat tries again.
   */
  async #putAside(buckets: readonly number[], mostMs: number): Promise<void> {
    const { clock } = this.#tables.db;
    const until = clock.now() + mostMs;
    try {
      for (let full = buckets; full.length > 0 && clock.now() <= until; ) {
        const rows = await this.#run(aside.asideIn, [arrayOf(full), IN_FRONT]);
        full = rows.map(({ bucket }) => bucket as number);
      }
    } catch {
      return;
    }
  }

  /** Brings back what is aside of a key, and lets it go on by a statement; what that answers. */
  async #letGo(key: string, statement: (schema: string) => string): Promise<Row | undefined> {
    for (;;) {
      const [parked] = await this.#run(aside.goesOnIn, [key]);
      if (parked === undefined) return undefined;
      for (let many = BACK_AT_A_TIME; many === BACK_AT_A_TIME; ) {
        many = (await this.#run(aside.backIn, [key, parked['bucket'], BACK_AT_A_TIME])).length;
      }
      const [row] = await this.#run(statement, [key]);
      // None where somebody else let it go, and it has been parked anew since.
      if (row !== undefined) return row;
    }
  }

  async #settle(all: readonly Settlement[]): Promise<readonly boolean[]> {
    const said = all.map(({ claim, ids }, place) => ({ place, ...claim, ids: arrayOf(ids) }));
    const rows = await this.#run(statements.confirmIn, [JSON.stringify(said)]);
    const held = new Set(rows.map(row => row['place']));
    return all.map((_, place) => held.has(place));
  }

  async #claimed(
    statement: (schema: string) => string,
    { relay, bucket, epoch }: OutboxClaim,
    params: unknown[],
  ): Promise<boolean> {
    return (await this.#run(statement, [relay, bucket, epoch, ...params])).length > 0;
  }

  async #run(statement: (schema: string) => string, params: unknown[]): Promise<readonly Row[]> {
    await this.connect();
    return this.#tables.db.run(statement(this.#tables.db.schema), params);
  }
}

/** Numbers as a text that the server takes for an array. */
const arrayOf = (numbers: readonly number[]): string => `{${numbers.join()}}`;

const grantOf = (row: Row): Grant => ({
  bucket: row['bucket'] as number,
  epoch: row['epoch'] as number,
  suspectTo: (row['suspect_to'] as number | null) ?? undefined,
});

/** Of a key that gives trouble: how often it was tried, and how many relays it has ended. */
const troubleOf = (column: unknown): readonly number[] =>
  column === null ? [] : (column as string).split(' ').map(Number);

function rowOf(row: Row): OutboxRow {
  const [tries = 0, crashes = 0] = troubleOf(row['trouble']);
  return {
    id: Number(row['id']),
    bucket: row['bucket'] as number,
    key: fromColumn(row['key'] as string),
    ordered: row['ordered'] === true,
    topic: row['topic'] as string,
    version: row['version'] as number,
    messageId: fromColumn(row['message_id'] as string),
    body: row['body'] as string,
    facts: row['facts'] as string,
    tries,
    crashes,
  };
}

const parkedOf = (row: Row): ParkedKey => ({
  key: fromColumn(row['key'] as string),
  reason: row['reason'] as ParkedKey['reason'],
  messageId: fromColumn(row['message_id'] as string),
  topic: row['topic'] as string,
  tries: row['tries'] as number,
  crashes: row['crashes'] as number,
  error: row['error'] as string,
  parkedAt: Math.round(Number(row['parked'])),
});
