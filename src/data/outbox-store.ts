import type { ParkReason } from '../core/outbox-failure.js';
import type { Grant, HoldPlan } from '../core/outbox-holds.js';
import type { LaneRow } from '../core/outbox-lanes.js';

/** A message as it is written into an outbox. */
export interface NewOutboxMessage {
  /** That of the message: it never changes. */
  readonly id: string;
  /** That of its key, from 0. */
  readonly bucket: number;
  /** What it is kept in order by; its own id where nothing is asked for. */
  readonly key: string;
  /** Whether the key is one that was asked for. */
  readonly ordered: boolean;
  /** What it is published to. */
  readonly topic: string;
  /** That of the topic. */
  readonly version: number;
  /** The data, as JSON. */
  readonly body: string;
  /** All else that is said of it, as JSON. */
  readonly facts: string;
}

/** A message that waits to be published. */
export interface OutboxRow extends LaneRow, Omit<NewOutboxMessage, 'id'> {
  /** That which never changes. */
  readonly messageId: string;
  /** How often publishing it ended badly, a bus that took nothing aside. */
  readonly tries: number;
}

/** Who asks, and by which right: a claim of an older epoch changes nothing. */
export interface OutboxClaim {
  /** The name of the relay. */
  readonly relay: string;
  /** Which bucket. */
  readonly bucket: number;
  /** That with which it was given. */
  readonly epoch: number;
}

/** What a relay says from time to time. */
export interface OutboxBeat extends HoldPlan {
  /** Its name, which no other has. */
  readonly relay: string;
  /** For how long it is to have what it has, in ms. */
  readonly leaseMs: number;
  /** How far into each bucket it reads. */
  readonly reach: number;
  /** A message that has ended so many relays parks its key. */
  readonly maxCrashes: number;
}

/** What it is told: the buckets that it has from now on, and how many relays there are. */
export interface OutboxBeatAnswer {
  /** All that it has. */
  readonly grants: readonly Grant[];
  /** Those that live, itself included. */
  readonly relays: number;
  /** The keys that were parked for what they did to relays. */
  readonly crashed: readonly ParkedKey[];
}

/** A key that stands still, and why. */
export interface ParkedKey {
  /** Which key. */
  readonly key: string;
  /** `refused`: no bus will take it. `failed`: it was tried often enough. `crashed`: it ended relays. */
  readonly reason: ParkReason;
  /** The message that stands in the way. */
  readonly messageId: string;
  /** What that is published to. */
  readonly topic: string;
  /** How often that was tried. */
  readonly tries: number;
  /** How many relays it has ended. */
  readonly crashes: number;
  /** What publishing it said, in words; empty for one that ended relays. */
  readonly error: string;
  /** Epoch ms, by the clock of the store. */
  readonly parkedAt: number;
}

/** A publish that ended badly. */
export interface OutboxTrouble {
  /** The number of the message. */
  readonly id: number;
  /** How often it was tried, this time included. */
  readonly tries: number;
  /** The key waits so long, in ms; `undefined` parks it. */
  readonly waitMs: number | undefined;
  /** Why it is parked, if it is. */
  readonly reason: ParkReason;
  /** What the publish said, in words. */
  readonly error: string;
}

/** How a bucket stands. */
export interface BucketLag {
  /** Which of them, from 0. */
  readonly bucket: number;
  /** All that waits in it. */
  readonly messages: number;
  /** The age of the oldest, in ms; 0 where there is none. */
  readonly oldestMs: number;
  /** The age of the oldest of a key that is not parked, in ms. */
  readonly stuckMs: number;
  /** Those of keys that are parked. */
  readonly parked: number;
}

/** What is to be read. */
export interface OutboxReading {
  /** Of these buckets only. */
  readonly buckets: readonly number[];
  /** No more than so many of one bucket. */
  readonly reach: number;
  /** And of all together. */
  readonly limit: number;
  /** The keys of which nothing is wanted. */
  readonly skip: readonly string[];
}

/** A message that was given up. */
export interface DiscardedMessage {
  /** That of the message. */
  readonly id: string;
  /** What it was kept in order by. */
  readonly key: string;
  /** What it was to be published to. */
  readonly topic: string;
  /** The data, as JSON. */
  readonly body: string;
  /** All else that was said of it, as JSON. */
  readonly facts: string;
}

/**
 * Keeps messages from the transaction in which they were published until a bus has them.
 *
 * A message has a number, given to it when it is written. Of two messages of one key whose transactions come
 * one after the other, the later one has the larger number, and nobody sees it who does not see the other.
 * All methods but `add` are transactions of their own.
 */
export interface OutboxStore<in Transaction> {
  /** Writes messages in their order, as a part of a transaction. */
  add(transaction: Transaction, messages: readonly NewOutboxMessage[]): Promise<void>;
  /** A relay lives: it keeps what it has, gives back what it says, and gets what its share lacks. */
  beat(beat: OutboxBeat): Promise<OutboxBeatAnswer>;
  /** A relay ends: what it has is free at once. */
  leave(relay: string): Promise<void>;
  /** The first messages, by their numbers, of keys that neither wait nor are parked. */
  read(reading: OutboxReading): Promise<readonly OutboxRow[]>;
  /**
   * Messages of the bucket are with the bus, and go, and what is kept of the troubles of their keys as well.
   * None of it where the claim is stale; whether it is not.
   */
  confirm(claim: OutboxClaim, ids: readonly number[]): Promise<boolean>;
  /** One message is being tried alone, or none is any more. Whether the claim is good. */
  mark(claim: OutboxClaim, id: number | undefined): Promise<boolean>;
  /** Nothing in the bucket is suspect any more. Whether the claim is good. */
  trust(claim: OutboxClaim): Promise<boolean>;
  /** A publish ended badly: its key waits, or is parked. Whether the claim is good. */
  trouble(claim: OutboxClaim, trouble: OutboxTrouble): Promise<boolean>;
  /** The keys that are parked, by their names, those after `after`. */
  parked(limit: number, after: string | undefined): Promise<readonly ParkedKey[]>;
  /** A key goes on as if nothing had happened; whether it was parked. */
  retry(key: string): Promise<boolean>;
  /** The message that a key is parked for goes, and the key goes on with what comes after it. */
  discard(key: string): Promise<DiscardedMessage | undefined>;
  /** Deletes the messages of keys that have been parked for so long, at most so many. How many it were. */
  purge(parkedMs: number, limit: number): Promise<number>;
  /** How the buckets stand in which anything waits. */
  lag(): Promise<readonly BucketLag[]>;
  /** There may be something to publish: tells relays, here and elsewhere. */
  wake?(): void;
  /** Calls `listener` when there may be; answers with what ends that. */
  onWake?(listener: () => void): () => void;
}
