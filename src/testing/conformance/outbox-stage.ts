import type { Grant } from '../../core/outbox-holds.js';
import { bucketOf } from '../../core/outbox-lease.js';
import type {
  NewOutboxMessage,
  OutboxBeat,
  OutboxBeatAnswer,
  OutboxClaim,
  OutboxRow,
  OutboxStore,
} from '../../data/outbox-store.js';
import type { Demand } from '../law.js';

/** A store of one law's own. */
export interface OutboxStoreSubject<Transaction> {
  /** Ready for use, with nothing in it. */
  readonly store: OutboxStore<Transaction>;
  /** Runs `work` in a transaction that commits when it resolves and rolls back when it rejects. */
  transaction<Result>(work: (transaction: Transaction) => Promise<Result>): Promise<Result>;
  /** Lets time pass, in ms, by the clock that the store goes by. */
  advance(ms: number): void | Promise<void>;
  /** Ends what was opened for it. */
  close?(): void | Promise<void>;
}

/** Makes a store for one law. */
export type MakeOutboxStore<Transaction> = () =>
  | OutboxStoreSubject<Transaction>
  | Promise<OutboxStoreSubject<Transaction>>;

/** Long enough for any server to answer within. */
export const LEASE_MS = 60_000;
export const HOUR_MS = 3_600_000;
const REACH = 50;

/** A message of a key, called by what it is to be known by. */
export const messageOf = (
  key: string,
  id: string,
  more: Partial<NewOutboxMessage> = {},
): NewOutboxMessage => ({
  ...{ id, bucket: bucketOf(key), key, ordered: true, topic: 'orders.placed', version: 1 },
  ...{ body: JSON.stringify({ id }), facts: '{}', ...more },
});

/** A relay as the store sees it: it keeps what it was given, and does as it is told. */
export class StagedRelay {
  readonly name: string;
  grants: readonly Grant[] = [];
  readonly #store: OutboxStore<never>;

  constructor(name: string, store: OutboxStore<never>) {
    this.name = name;
    this.#store = store;
  }

  /** Says that it lives, and gives back so many buckets. */
  async beat(leaseMs = HOUR_MS, release = 0, more: Partial<OutboxBeat> = {}): Promise<OutboxBeatAnswer> {
    const [keep, back] = [this.grants.slice(release), this.grants.slice(0, release)];
    const said = { relay: this.name, leaseMs, reach: REACH, maxCrashes: 3, keep, release: back };
    const answer = await this.#store.beat({ ...said, ...more });
    this.grants = answer.grants;
    return answer;
  }

  grantOf(key: string): Grant | undefined {
    return this.grants.find(({ bucket }) => bucket === bucketOf(key));
  }

  claim(key: string): OutboxClaim {
    const grant = this.grantOf(key);
    return { relay: this.name, bucket: bucketOf(key), epoch: grant?.epoch ?? -1 };
  }

  read(limit = 100, skip: readonly string[] = [], reach = REACH): Promise<readonly OutboxRow[]> {
    const buckets = this.grants.map(({ bucket }) => bucket);
    return this.#store.read({ buckets, reach, limit, skip });
  }
}

/** What a law does with its subject. */
export class OutboxStage<Transaction> {
  readonly subject: OutboxStoreSubject<Transaction>;
  readonly store: OutboxStore<Transaction>;
  readonly #serial: boolean;
  #relays = 0;

  constructor(subject: OutboxStoreSubject<Transaction>, serial: boolean) {
    this.subject = subject;
    this.store = subject.store;
    this.#serial = serial;
  }

  /** Does something while a transaction is open; whether it can be done. */
  async alongside(work: () => Promise<void>): Promise<boolean> {
    if (!this.#serial) await work();
    return !this.#serial;
  }

  /** Publishes in a transaction of its own: `a1` is of the key `a`. */
  async publish(...ids: readonly string[]): Promise<void> {
    const messages = ids.map(id => messageOf(id.slice(0, 1), id));
    await this.subject.transaction(transaction => this.store.add(transaction, messages));
  }

  /** A relay that has what it gets. */
  async relay(leaseMs = HOUR_MS): Promise<StagedRelay> {
    const relay = new StagedRelay(`relay-${++this.#relays}`, this.store);
    await relay.beat(leaseMs);
    return relay;
  }
}

export type OutboxLaw = <Transaction>(stage: OutboxStage<Transaction>, demand: Demand) => Promise<void>;

export const idsOf = (rows: readonly OutboxRow[]): string => rows.map(({ messageId }) => messageId).join(' ');
export const rowOf = (rows: readonly OutboxRow[], id: string): OutboxRow =>
  rows.find(({ messageId }) => messageId === id)!;
