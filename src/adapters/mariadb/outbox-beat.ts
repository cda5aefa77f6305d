import type { Grant } from '../../core/outbox-holds.js';
import { crashesAfter, fairShare } from '../../core/outbox-lease.js';
import type { OutboxBeat, OutboxBeatAnswer, ParkedKey } from '../../data/outbox-store.js';
import { fromColumn } from '../postgres/names.js';
import type { MariadbClient, MariadbRow } from './client.js';
import * as statements from './outbox-statements.js';
import { marks, type OwnDatabase } from './own-database.js';

/** So many relays that have come to their end in silence are forgotten at a time. */
const MOST_SILENT = 100;

const { fromNow, micros, now } = statements;

export const parkedOf = (row: MariadbRow): ParkedKey => ({
  key: fromColumn(String(row['key'])),
  reason: row['reason'] as ParkedKey['reason'],
  messageId: fromColumn(String(row['message_id'])),
  topic: String(row['topic']),
  tries: Number(row['tries']),
  crashes: Number(row['crashes']),
  error: String(row['error']),
  parkedAt: Math.round(Number(row['parked'])),
});

/** A bucket that a relay may take. */
interface Free {
  readonly bucket: number;
  readonly epoch: number;
  readonly suspectTo: number | undefined;
  readonly trying: number | undefined;
  readonly reach: number;
  /** Whether another relay had it, and has fallen silent. */
  readonly orphaned: boolean;
}

const numberOr = (value: unknown): number | undefined => (value === null ? undefined : Number(value));

/** One beat of a relay, in a transaction of its own. */
export class Beat {
  readonly #db: OwnDatabase;
  readonly #tx: MariadbClient;
  readonly #said: OutboxBeat;

  constructor(db: OwnDatabase, transaction: MariadbClient, said: OutboxBeat) {
    this.#db = db;
    this.#tx = transaction;
    this.#said = said;
  }

  async run(): Promise<OutboxBeatAnswer> {
    const relays = await this.#relays();
    const kept = await this.#keep();
    const free = await this.#free(Math.max(fairShare(relays) - kept.length, 0));
    const taken = free.length === 0 ? [] : await this.#take(free);
    const crashed: ParkedKey[] = [];
    for (const one of free) {
      if (one.orphaned && one.trying !== undefined) crashed.push(...(await this.#accuse(one, one.trying)));
    }
    return { grants: [...kept, ...taken], relays, crashed };
  }

  /** Who lives, itself included. */
  async #relays(): Promise<number> {
    const d = this.#db.name;
    const { relay, leaseMs } = this.#said;
    await this.#change(
      `INSERT INTO ${d}.outbox_relay (relay, until) VALUES (?, ${fromNow})
        ON DUPLICATE KEY UPDATE until = VALUES(until)`,
      [relay, micros(leaseMs)],
    );
    const silent = await this.#rows(
      `SELECT relay FROM ${d}.outbox_relay WHERE until <= ${now} AND relay <> ? LIMIT ${MOST_SILENT}
        FOR UPDATE SKIP LOCKED`,
      [relay],
    );
    if (silent.length > 0) {
      const gone = `DELETE FROM ${d}.outbox_relay WHERE relay IN (${marks(silent.length)})`;
      await this.#change(
        gone,
        silent.map(row => row['relay']),
      );
    }
    const [row] = await this.#rows(`SELECT count(*) AS relays FROM ${d}.outbox_relay WHERE until > ${now}`);
    return Math.max(Number(row!['relays']), 1);
  }

  /** What it keeps of what it has, after it gave back what it said. */
  async #keep(): Promise<readonly Grant[]> {
    const { relay, leaseMs, reach, keep, release } = this.#said;
    const said = [...keep, ...release].map(({ bucket }) => bucket);
    if (said.length === 0) return [];
    const d = this.#db.name;
    const rows = await this.#rows(statements.holdIn(d, said.length), said);
    const mine = rows.filter(row => row['owner'] === relay);
    const among = (holds: OutboxBeat['keep']): readonly MariadbRow[] =>
      mine.filter(row =>
        holds.some(({ bucket, epoch }) => bucket === row['bucket'] && epoch === Number(row['epoch'])),
      );
    const [kept, back] = [among(keep), among(release)];
    const set = async (what: string, some: readonly MariadbRow[]): Promise<void> => {
      if (some.length === 0) return;
      await this.#change(
        `UPDATE ${d}.outbox_bucket SET ${what} until = ${fromNow}, reach = ?
          WHERE bucket IN (${marks(some.length)})`,
        [micros(leaseMs), reach, ...some.map(row => row['bucket'])],
      );
    };
    await set('', kept);
    await set('owner = NULL,', back);
    return kept.map(row => ({
      bucket: Number(row['bucket']),
      epoch: Number(row['epoch']),
      suspectTo: numberOr(row['suspect_to']),
    }));
  }

  /** So many at most that nobody has, or nobody has any more. */
  async #free(most: number): Promise<readonly Free[]> {
    if (most === 0) return [];
    const { relay, keep, release } = this.#said;
    const said = [...keep, ...release].map(({ bucket }) => bucket);
    const rows = await this.#rows(statements.freeIn(this.#db.name, said.length), [relay, ...said, most]);
    return rows.map(row => ({
      bucket: Number(row['bucket']),
      epoch: Number(row['epoch']),
      suspectTo: numberOr(row['suspect_to']),
      trying: numberOr(row['trying']),
      reach: Number(row['reach']),
      orphaned: row['owner'] !== null && row['owner'] !== relay,
    }));
  }

  /** Of an orphan all is suspect that its owner may have had open. */
  async #take(free: readonly Free[]): Promise<readonly Grant[]> {
    const d = this.#db.name;
    const { relay, leaseMs, reach } = this.#said;
    const reached = await this.#reached(free.filter(({ orphaned }) => orphaned));
    const taken = free.map(({ bucket, epoch, suspectTo }): Grant => {
      const last = reached.get(bucket);
      const suspect = last === undefined ? suspectTo : Math.max(suspectTo ?? 0, last);
      return { bucket, epoch: epoch + 1, suspectTo: suspect };
    });
    await this.#change(
      `UPDATE ${d}.outbox_bucket
        SET owner = ?, epoch = epoch + 1, until = ${fromNow}, reach = ?, trying = NULL
        WHERE bucket IN (${marks(taken.length)})`,
      [relay, micros(leaseMs), reach, ...taken.map(({ bucket }) => bucket)],
    );
    for (const { bucket, suspectTo } of taken) {
      if (!reached.has(bucket)) continue;
      await this.#change(`UPDATE ${d}.outbox_bucket SET suspect_to = ? WHERE bucket = ?`, [
        suspectTo,
        bucket,
      ]);
    }
    return taken;
  }

  /** The last message that the owner of each may have had open. */
  async #reached(orphans: readonly Free[]): Promise<ReadonlyMap<number, number>> {
    if (orphans.length === 0) return new Map();
    const params = orphans.flatMap(({ bucket, reach }) => [bucket, bucket, reach]);
    const rows = await this.#rows(statements.reachedIn(this.#db.name, orphans.length), params);
    const there = rows.filter(row => row['id'] !== null);
    return new Map(there.map(row => [Number(row['bucket']), Number(row['id'])]));
  }

  /** What was tried alone when the owner died is what it died of; the key, if that parks it. */
  async #accuse({ bucket }: Free, trying: number): Promise<readonly ParkedKey[]> {
    const d = this.#db.name;
    const [row] = await this.#rows(statements.troubleIn(d), [bucket, trying]);
    if (row === undefined) return [];
    const crashes = crashesAfter(Number(row['crashes'] ?? 0));
    const waits = crashes < this.#said.maxCrashes;
    const facts = [Number(row['tries'] ?? 0), crashes, 'crashed', '', 0];
    await this.#change(statements.putIn(d, waits), [...facts, bucket, trying]);
    if (waits) return [];
    return (await this.#rows(statements.parkedIn(d, 'k.`key` = ?'), [row['key'], 1])).map(parkedOf);
  }

  #rows(text: string, params: unknown[] = []): Promise<readonly MariadbRow[]> {
    return this.#db.rows(text, params, this.#tx);
  }

  async #change(text: string, params: unknown[]): Promise<void> {
    await this.#db.change(text, params, this.#tx);
  }
}
