import type { DeliveryOrder, Settlement } from '../core/delivery-queue.js';
import type { Capabilities } from './capabilities.js';
import type { SqlTransaction } from './sql-transaction.js';

/** A message as a driver takes it: bytes and texts. */
export interface OutRecord {
  /** What it is published to. */
  readonly topic: string;
  /** The id of the message, also among the headers. */
  readonly id: string;
  /** What has to stay in order goes by it. */
  readonly key: string | undefined;
  /** All that is said of it; a broker that cannot carry a text as it is encodes it. */
  readonly headers: Readonly<Record<string, string>>;
  /** Its data. */
  readonly body: Uint8Array;
  /** Epoch ms before which nobody is to get it. */
  readonly notBefore: number | undefined;
  /** Epoch ms from which on nobody is to get it. */
  readonly expiresAt: number | undefined;
  /** From 0, the usual one, to one less than the broker has; larger goes first. */
  readonly priority: number;
  /** The only group that is to get it; all of them where it is left out. */
  readonly group: string | undefined;
  /** Whether the id was made for it, and it is sent once, so that nothing before can have had it. */
  readonly fresh?: boolean;
}

/** A message as a driver hands it over. */
export interface InRecord {
  /** What it was published to. */
  readonly topic: string;
  /** What has to stay in order goes by it. */
  readonly key: string | undefined;
  /** As they were published. */
  readonly headers: Readonly<Record<string, string>>;
  /** As it was published. */
  readonly body: Uint8Array;
}

/** What came of one record of a batch. */
export type PublishOutcome =
  | {
      readonly ok: true;
      /** Where the broker keeps it, in the broker's own words. */
      readonly position?: string | undefined;
      /** The broker had it already under this id. */
      readonly duplicate?: boolean;
    }
  | {
      readonly ok: false;
      /** One with the code `ERR_BUS_CLOSED` says that the way to the broker has ended: that is passed on. */
      readonly error: unknown;
      /** Whether another try may do better. */
      readonly retryable: boolean;
      /** Whether the broker may hold it all the same. */
      readonly maybeStored: boolean;
    };

/** What came of a settlement; `unsupported` where the broker has no word for it. */
export type Settled = Settlement | 'unsupported';

/** One delivery of a message to one consumer. It is settled once; what comes later is answered `stale`. */
export interface RawDelivery {
  /** The message. */
  readonly record: InRecord;
  /** Where the broker keeps it, in the broker's own words. */
  readonly position: string;
  /** Which delivery to the group this is, from 1; `undefined` where the broker does not count. */
  readonly attempt: number | undefined;
  /**
   * Until when nobody else can have it, by the clock of the driver; moved by `extend`. Left out where the
   * broker says by itself when it is lost.
   */
  readonly leasedUntil?: number;
  /** It has been dealt with. A driver that has to ask nobody answers at once. */
  ack(): Promise<Settled> | Settled;
  /** It is to come again, `delayMs` from now and never earlier. */
  nack(delayMs: number): Promise<Settled>;
  /** Gives it back at once, as nobody has looked at it: this delivery does not count. */
  release?(): Promise<Settled>;
  /** Holds it for `ms` from now. */
  extend?(ms: number): Promise<Settled>;
  /** Moves it to the dead letters of its group in one step, with these headers besides its own. */
  deadLetter?(headers: Readonly<Record<string, string>>): Promise<Settled>;
}

/** What a consumer asks a driver for. */
export interface SubscribeSpec {
  /** A topic, or a pattern where the broker has wildcards. */
  readonly pattern: string;
  /** Members of one group share what comes; without one, everybody gets everything while it is there. */
  readonly group: string | undefined;
  /** What a new group begins with: all that the broker holds, or what comes from now on. */
  readonly start: 'earliest' | 'latest';
  /** What has to stay in order. */
  readonly order: DeliveryOrder;
  /** How long a delivery is held without word, in ms. */
  readonly leaseMs: number;
  /** What may be done about queues and streams that are not there, or are otherwise. */
  readonly topology: 'ensure' | 'check' | 'none';
  /** How many deliveries are asked for at a time at most, for brokers that have to be told beforehand. */
  readonly prefetch?: number;
}

/** Whoever consumes. A driver calls it in the order in which the broker hands over. */
export interface Sink {
  /** A message has come. Never more of them than were requested. */
  deliver(delivery: RawDelivery): void;
  /** The broker hands over again, or for the first time. */
  ready(): void;
  /** The connection is lost; the driver sees to the next one by itself. */
  lost(error: unknown): void;
}

/** A subscription as its driver keeps it. */
export interface DriverSubscription {
  /** Takes so many more deliveries. */
  request(count: number): void;
  /** Hands over no more; what was handed over can still be settled. What was requested is void. */
  pause(): Promise<void>;
  /** Gives up what was handed over and not settled. */
  close(): Promise<void>;
}

/** A dead letter as its driver keeps it. */
export interface DeadRecord {
  /** By which it is replayed or discarded. */
  readonly position: string;
  /** The message, with the headers that tell of its death. */
  readonly record: InRecord;
}

/** The dead letters of a broker that can be looked through. */
export interface DeadLetterShelf {
  /** The oldest first, at most `limit` after the one at `after`. Takes nothing away. */
  list(
    topic: string,
    group: string,
    limit: number,
    after: string | undefined,
  ): Promise<readonly DeadRecord[]>;
  /** How many there are now, or close to it where somebody takes some away meanwhile. */
  count(topic: string, group: string): Promise<number>;
  /** Takes one away for good; false where it is gone already. */
  discard(topic: string, group: string, position: string): Promise<boolean>;
}

/**
 * One kind of broker. It moves records and settles deliveries; what to do about failures, schemas, order in
 * the process and all else is the bus's, and so is the same for every broker.
 */
export interface Driver<C extends Capabilities = Capabilities> {
  /** Shown in errors and in `describe()`. */
  readonly name: string;
  /** What it can do, to the letter: laws hold it to that. */
  readonly capabilities: C;
  /** What stands before the names of CloudEvents attributes among the headers of this broker. */
  readonly attributePrefix: string;
  /** Gets ready to publish and to subscribe; rejects when the broker cannot be reached. */
  connect(signal?: AbortSignal): Promise<void>;
  /**
   * The outcomes come in the order of the records, one for each. Rejects only where it knows of none. A
   * `transaction` comes only to a driver that says it can publish within one. A driver that has to ask nobody
   * answers at once.
   */
  publish(
    records: readonly OutRecord[],
    transaction?: SqlTransaction,
  ): Promise<readonly PublishOutcome[]> | readonly PublishOutcome[];
  /** Resolves when what is published from now on will come; rejects with `ERR_TOPOLOGY` when it never can. */
  subscribe(spec: SubscribeSpec, sink: Sink): Promise<DriverSubscription>;
  /** Where the broker's dead letters can be looked through. */
  readonly deadLetters?: DeadLetterShelf;
  /** After it nothing of the driver holds the process open. A client that was passed in stays open. */
  close(): Promise<void>;
}
