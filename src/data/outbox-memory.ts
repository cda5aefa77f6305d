import type { Grant } from '../core/outbox-holds.js';
import {
  type BucketLease,
  bucketOf,
  crashesAfter,
  fairShare,
  OUTBOX_BUCKETS,
  standingOf,
  taken,
} from '../core/outbox-lease.js';
import { type Clock, systemClock } from '../kernel/clock.js';
import { checkKeys, checkNumber } from '../kernel/options.js';
import { type InMemoryTransaction, inMemory } from './memory-transaction.js';
import { OutboxMessageError } from './outbox-errors.js';
import { OutboxShelf, type ShelvedTrouble } from './outbox-shelf.js';
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
} from './outbox-store.js';

/** How an `InMemoryOutboxStore` is made. */
export interface InMemoryOutboxOptions {
  /** So many messages wait at most; a transaction that would add more is refused. @default 100000 */
  readonly maxMessages?: number;
  /** The source of time. @default systemClock */
  readonly clock?: Clock;
}

const defaults: { readonly maxMessages: number } = /* @__PURE__ */ Object.freeze({ maxMessages: 100_000 });

const nobody: BucketLease = /* @__PURE__ */ Object.freeze({
  ...{ owner: undefined, epoch: 0, until: -Infinity, reach: 0, suspectTo: undefined, trying: undefined },
});

/** An outbox in memory, with transactions that roll back: for tests, and for first steps. */
export class InMemoryOutboxStore implements OutboxStore<InMemoryTransaction> {
  readonly #clock: Clock;
  readonly #maxMessages: number;
  readonly #shelf = new OutboxShelf();
  readonly #leases: BucketLease[] = Array.from({ length: OUTBOX_BUCKETS }, () => nobody);
  /** Until when each relay is taken to live. */
  readonly #relays = new Map<string, number>();
  readonly #listeners = new Set<() => void>();
  #ids = 0;

  /** @throws TypeError or RangeError that names the option, the rule and the value. */
  constructor(options: InMemoryOutboxOptions = {}) {
    const owner = 'InMemoryOutboxStore';
    checkKeys(owner, options, ['maxMessages', 'clock']);
    const { maxMessages = defaults.maxMessages, clock = systemClock } = options;
    this.#maxMessages = checkNumber(owner, 'maxMessages', maxMessages, { min: 1, integer: true });
    this.#clock = clock;
  }

  /** What stands where an option was left out. */
  static get defaults(): typeof defaults {
    return defaults;
  }

  /** How many messages wait. */
  get size(): number {
    return this.#shelf.size;
  }

  /** Runs `work` in a transaction: it commits when `work` resolves, and rolls back when it rejects. */
  transaction<Result>(work: (transaction: InMemoryTransaction) => Result | Promise<Result>): Promise<Result> {
    return inMemory(work);
  }

  add(transaction: InMemoryTransaction, messages: readonly NewOutboxMessage[]): Promise<void> {
    if (typeof transaction?.onCommit !== 'function') {
      throw new TypeError('InMemoryOutboxStore: the transaction must be one in memory');
    }
    if (this.#shelf.size + messages.length > this.#maxMessages) {
      const why = `\`maxMessages\` is ${this.#maxMessages}`;
      return Promise.reject(new OutboxMessageError(`InMemoryOutboxStore: there is no room, ${why}`));
    }
    // Numbers are given out now, as a sequence does, and are seen when the transaction has committed.
    const numbered = messages.map(message => [++this.#ids, message] as const);
    const createdAt = this.#clock.now();
    transaction.onCommit(() => {
      for (const [id, message] of numbered) this.#shelf.put(id, message, createdAt);
      this.wake();
    });
    return Promise.resolve();
  }

  beat({ relay, leaseMs, reach, maxCrashes, keep, release }: OutboxBeat): Promise<OutboxBeatAnswer> {
    const now = this.#clock.now();
    for (const [other, until] of this.#relays) if (until <= now) this.#relays.delete(other);
    this.#relays.set(relay, now + leaseMs);
    const grants: Grant[] = [];
    for (const { bucket, epoch } of keep) {
      const lease = this.#leases[bucket]!;
      if (!holds(lease, relay, epoch)) continue;
      this.#leases[bucket] = { ...lease, until: now + leaseMs, reach };
      grants.push({ bucket, epoch, suspectTo: lease.suspectTo });
    }
    for (const { bucket, epoch } of release) {
      const lease = this.#leases[bucket]!;
      if (holds(lease, relay, epoch)) this.#leases[bucket] = { ...lease, owner: undefined };
    }
    const crashed: ParkedKey[] = [];
    const share = fairShare(this.#relays.size);
    const left = new Set([...keep, ...release].map(({ bucket }) => bucket));
    for (const [bucket, lease] of this.#leases.entries()) {
      const standing = standingOf(lease, relay, now);
      if (grants.length >= share || left.has(bucket) || standing === 'held') continue;
      const reached = this.#shelf.first(bucket, lease.reach, now).at(-1)?.id;
      this.#leases[bucket] = taken(lease, relay, now, leaseMs, reach, reached);
      const { epoch, suspectTo } = this.#leases[bucket]!;
      grants.push({ bucket, epoch, suspectTo });
      const parked = standing === 'orphaned' ? this.#accuse(bucket, lease, maxCrashes) : undefined;
      if (parked !== undefined) crashed.push(parked);
    }
    return Promise.resolve({ grants, relays: this.#relays.size, crashed });
  }

  leave(relay: string): Promise<void> {
    this.#relays.delete(relay);
    for (const [bucket, lease] of this.#leases.entries()) {
      if (lease.owner === relay) this.#leases[bucket] = { ...lease, owner: undefined, trying: undefined };
    }
    return Promise.resolve();
  }

  read({ buckets, reach, limit, skip }: OutboxReading): Promise<readonly OutboxRow[]> {
    const now = this.#clock.now();
    const skipped = new Set(skip);
    const rows = buckets
      .flatMap(bucket => this.#shelf.first(bucket, reach, now))
      .filter(({ key }) => !skipped.has(key))
      .sort((one, other) => one.id - other.id);
    return Promise.resolve(rows.slice(0, limit));
  }

  confirm(claim: OutboxClaim, ids: readonly number[]): Promise<boolean> {
    const lease = this.#held(claim);
    if (lease === undefined) return Promise.resolve(false);
    for (const id of ids) {
      const row = this.#shelf.take(claim.bucket, id);
      if (row !== undefined && this.#shelf.troubles.get(row.key)?.parked === undefined) {
        this.#shelf.troubles.delete(row.key);
      }
      if (id === lease.trying) this.#leases[claim.bucket] = { ...lease, trying: undefined };
    }
    return Promise.resolve(true);
  }

  mark(claim: OutboxClaim, id: number | undefined): Promise<boolean> {
    return this.#change(claim, { trying: id });
  }

  trust(claim: OutboxClaim): Promise<boolean> {
    return this.#change(claim, { suspectTo: undefined });
  }

  trouble(claim: OutboxClaim, { id, tries, waitMs, reason, error }: OutboxTrouble): Promise<boolean> {
    const row = this.#shelf.find(claim.bucket, id);
    if (this.#held(claim) === undefined) return Promise.resolve(false);
    if (row !== undefined) {
      const crashes = this.#shelf.troubles.get(row.key)?.crashes ?? 0;
      this.#put(row, { tries, crashes, waitMs, reason, error });
    }
    return this.#change(claim, { trying: undefined });
  }

  parked(limit: number, after: string | undefined): Promise<readonly ParkedKey[]> {
    const all = [...this.#shelf.troubles.values()].flatMap(({ parked }) => parked?.told ?? []);
    const later = all.filter(({ key }) => after === undefined || key > after);
    return Promise.resolve(later.sort((one, other) => (one.key < other.key ? -1 : 1)).slice(0, limit));
  }

  retry(key: string): Promise<boolean> {
    const was = this.#shelf.troubles.get(key)?.parked !== undefined;
    if (was) this.#shelf.troubles.delete(key);
    return Promise.resolve(was);
  }

  discard(key: string): Promise<DiscardedMessage | undefined> {
    const trouble = this.#shelf.troubles.get(key);
    if (trouble?.parked === undefined) return Promise.resolve(undefined);
    this.#shelf.troubles.delete(key);
    const row = this.#shelf.take(bucketOf(key), trouble.id);
    if (row === undefined) return Promise.resolve(undefined);
    const { messageId, topic, body, facts } = row;
    return Promise.resolve({ id: messageId, key, topic, body, facts });
  }

  purge(parkedMs: number, limit: number): Promise<number> {
    const old = this.#clock.now() - parkedMs;
    let purged = 0;
    for (const [key, { parked }] of this.#shelf.troubles) {
      if (purged >= limit) break;
      if (parked === undefined || parked.at > old) continue;
      this.#shelf.clear(bucketOf(key), key);
      this.#shelf.troubles.delete(key);
      purged++;
    }
    return Promise.resolve(purged);
  }

  lag(): Promise<readonly BucketLag[]> {
    return Promise.resolve(this.#shelf.lag(this.#clock.now()));
  }

  wake(): void {
    for (const listener of this.#listeners) listener();
  }

  onWake(listener: () => void): () => void {
    const own = () => listener();
    this.#listeners.add(own);
    return () => void this.#listeners.delete(own);
  }

  #held({ relay, bucket, epoch }: OutboxClaim): BucketLease | undefined {
    const lease = this.#leases[bucket];
    return lease !== undefined && holds(lease, relay, epoch) ? lease : undefined;
  }

  #change(claim: OutboxClaim, change: Partial<BucketLease>): Promise<boolean> {
    const lease = this.#held(claim);
    if (lease !== undefined) this.#leases[claim.bucket] = { ...lease, ...change };
    return Promise.resolve(lease !== undefined);
  }

  /** What was tried alone when the owner died is what it died of. */
  #accuse(bucket: number, { trying }: BucketLease, maxCrashes: number): ParkedKey | undefined {
    const row = trying === undefined ? undefined : this.#shelf.find(bucket, trying);
    if (row === undefined) return undefined;
    const { tries = 0, crashes: before = 0 } = this.#shelf.troubles.get(row.key) ?? {};
    const crashes = crashesAfter(before);
    const waitMs = crashes >= maxCrashes ? undefined : 0;
    return this.#put(row, { tries, crashes, waitMs, reason: 'crashed', error: '' });
  }

  #put(
    { id, key, messageId, topic }: OutboxRow,
    { tries, crashes, waitMs, reason, error }: Omit<OutboxTrouble, 'id'> & { readonly crashes: number },
  ): ParkedKey | undefined {
    const now = this.#clock.now();
    const facts = { key, reason, messageId, topic, tries, crashes, error };
    const told = waitMs === undefined ? { ...facts, parkedAt: this.#clock.wall() } : undefined;
    const parked: ShelvedTrouble['parked'] = told && { at: now, told };
    this.#shelf.troubles.set(key, { id, tries, crashes, dueAt: now + (waitMs ?? 0), parked });
    return told;
  }
}

const holds = ({ owner, epoch: at }: BucketLease, relay: string, epoch: number): boolean =>
  owner === relay && at === epoch;
