import { keyShare } from './key-share.js';

/** Into so many buckets keys are dealt, in every outbox and at all times: the tables count on it. */
export const OUTBOX_BUCKETS = 64;

/** The bucket of a key, the same in all processes. */
export function bucketOf(key: string): number {
  return Math.floor(keyShare(key) * OUTBOX_BUCKETS);
}

/** How many buckets each of so many relays should have, rounded up. */
export function fairShare(relays: number): number {
  return Math.ceil(OUTBOX_BUCKETS / Math.max(relays, 1));
}

/** What is kept of a bucket: who has it until when, and what the one before may have died of. */
export interface BucketLease {
  readonly owner: string | undefined;
  /** Grows with each new owner: who names an older one changes nothing. */
  readonly epoch: number;
  /** By the clock of the store. It ends at exactly its end. */
  readonly until: number;
  /** How far into the bucket its owner reads, in messages. */
  readonly reach: number;
  /** Messages up to this one may have ended a relay: they are tried one at a time. */
  readonly suspectTo: number | undefined;
  /** The one that is being tried alone. */
  readonly trying: number | undefined;
}

/**
 * Whether a relay may take a bucket. `free`: nobody has it, or it itself has, and the answer to that was
 * lost. `orphaned`: the time of its owner is over, who may have died of what was open.
 */
export function standingOf(lease: BucketLease, relay: string, now: number): 'held' | 'free' | 'orphaned' {
  if (lease.owner === undefined || lease.owner === relay) return 'free';
  return lease.until <= now ? 'orphaned' : 'held';
}

/**
 * The bucket in the hands of `relay`. Of an orphan all is suspect that its owner may have had open: what
 * stands in the first `reach` places, the last of which is `reached`.
 */
export function taken(
  lease: BucketLease,
  relay: string,
  now: number,
  leaseMs: number,
  reach: number,
  reached: number | undefined,
): BucketLease {
  const orphaned = standingOf(lease, relay, now) === 'orphaned';
  const suspectTo = orphaned ? largest(lease.suspectTo, reached) : lease.suspectTo;
  return { owner: relay, epoch: lease.epoch + 1, until: now + leaseMs, reach, suspectTo, trying: undefined };
}

function largest(one: number | undefined, other: number | undefined): number | undefined {
  if (one === undefined) return other;
  return other === undefined ? one : Math.max(one, other);
}

/**
 * How many relays a message has ended, after one more did while it was tried alone. The first time it was
 * one of many that were open, and counts as well.
 */
export function crashesAfter(crashes: number): number {
  return Math.max(crashes, 1) + 1;
}
