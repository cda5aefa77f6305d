import { OUTBOX_BUCKETS } from '../core/outbox-lease.js';
import type { BucketLag, NewOutboxMessage, OutboxRow, ParkedKey } from './outbox-store.js';

/** A message in memory. */
export interface ShelvedRow extends OutboxRow {
  readonly createdAt: number;
}

/** What is kept of a key that gave trouble. */
export interface ShelvedTrouble {
  /** The message that did. */
  readonly id: number;
  readonly tries: number;
  readonly crashes: number;
  readonly dueAt: number;
  /** When it was parked, by the monotonic clock, and what is told of that. */
  readonly parked: { readonly at: number; readonly told: ParkedKey } | undefined;
}

const nobody = /* @__PURE__ */ Object.freeze([]) as readonly ShelvedRow[];

/** The messages of an outbox in memory, by bucket and in their order, and the troubles of their keys. */
export class OutboxShelf {
  readonly troubles = new Map<string, ShelvedTrouble>();
  readonly #buckets = new Map<number, ShelvedRow[]>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  rows(bucket: number): readonly ShelvedRow[] {
    return this.#buckets.get(bucket) ?? nobody;
  }

  /** Transactions do not commit in the order of their numbers: each goes to its place. */
  put(id: number, { id: messageId, ...message }: NewOutboxMessage, createdAt: number): void {
    const rows = this.#buckets.get(message.bucket) ?? [];
    let place = rows.length;
    while (place > 0 && rows[place - 1]!.id > id) place--;
    rows.splice(place, 0, { ...message, id, messageId, createdAt, tries: 0, crashes: 0 });
    this.#buckets.set(message.bucket, rows);
    this.#size++;
  }

  find(bucket: number, id: number): ShelvedRow | undefined {
    return this.rows(bucket).find(row => row.id === id);
  }

  take(bucket: number, id: number): ShelvedRow | undefined {
    const rows = this.#buckets.get(bucket);
    const place = rows?.findIndex(row => row.id === id) ?? -1;
    if (rows === undefined || place < 0) return undefined;
    this.#size--;
    return rows.splice(place, 1)[0];
  }

  /** Takes all of a key. */
  clear(bucket: number, key: string): void {
    const rows = this.rows(bucket);
    const kept = rows.filter(row => row.key !== key);
    this.#size -= rows.length - kept.length;
    this.#buckets.set(bucket, kept);
  }

  /** The first of a bucket of keys that neither wait nor are parked. */
  first(bucket: number, most: number, now: number): ShelvedRow[] {
    const found: ShelvedRow[] = [];
    for (const row of this.rows(bucket)) {
      if (found.length === most) break;
      const trouble = this.troubles.get(row.key);
      if (trouble === undefined) found.push(row);
      else if (trouble.parked === undefined && trouble.dueAt <= now) {
        found.push({ ...row, tries: trouble.tries, crashes: trouble.crashes });
      }
    }
    return found;
  }

  lag(now: number): BucketLag[] {
    const lags: BucketLag[] = [];
    for (let bucket = 0; bucket < OUTBOX_BUCKETS; bucket++) {
      const rows = this.rows(bucket);
      if (rows.length === 0) continue;
      const alive = rows.filter(({ key }) => this.troubles.get(key)?.parked === undefined);
      const age = (some: readonly ShelvedRow[]): number =>
        some.reduce((oldest, { createdAt }) => Math.max(oldest, now - createdAt), 0);
      const ages = { oldestMs: age(rows), stuckMs: age(alive) };
      lags.push({ bucket, messages: rows.length, ...ages, parked: rows.length - alive.length });
    }
    return lags;
  }
}
