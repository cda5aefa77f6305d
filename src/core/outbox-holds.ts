import { fairShare } from './outbox-lease.js';

/** A bucket as the store gives it to a relay. */
export interface Grant {
  /** Which of them, from 0. */
  readonly bucket: number;
  /** Grows with each new owner. */
  readonly epoch: number;
  /** Messages up to this one may have ended a relay; `undefined` where nothing is suspect. */
  readonly suspectTo: number | undefined;
}

/** A bucket that this relay has. */
export class Hold implements Grant {
  readonly bucket: number;
  readonly epoch: number;
  suspectTo: number | undefined;
  /** By the monotonic clock of this process, counted from before the store was asked. */
  until: number;
  /** It is to go to another relay: nothing more begins in it. */
  leaving = false;
  /** The lanes that are open in it. */
  open = 0;

  constructor(grant: Grant, until: number) {
    this.bucket = grant.bucket;
    this.epoch = grant.epoch;
    this.suspectTo = grant.suspectTo;
    this.until = until;
  }
}

/** How long leases last, and how long before their end nothing begins, in ms. */
export interface HoldRules {
  readonly leaseMs: number;
  readonly marginMs: number;
}

/** What a beat says: what is to stay, and what goes back. */
export interface HoldPlan {
  /** What is to stay here. */
  readonly keep: readonly Grant[];
  /** What others may have. */
  readonly release: readonly Grant[];
}

/**
 * The buckets that one relay has. What the store was not heard of in time is treated as lost before it is: a
 * relay that was paused, or cannot reach the store, begins nothing.
 */
export class OutboxHolds {
  readonly #rules: HoldRules;
  readonly #holds = new Map<number, Hold>();
  #share = fairShare(1);

  constructor(rules: HoldRules) {
    this.#rules = rules;
  }

  get size(): number {
    return this.#holds.size;
  }

  /** Whether others have what should be here. */
  get hungry(): boolean {
    return this.#holds.size < this.#share;
  }

  /** Whether something is to go back that nothing is open in: others may have it at once. */
  get mayRelease(): boolean {
    return [...this.#holds.values()].some(hold => hold.leaving && hold.open === 0);
  }

  get(bucket: number): Hold | undefined {
    return this.#holds.get(bucket);
  }

  /** Whether it is still here, as far as is known. */
  has(hold: Hold): boolean {
    return this.#holds.get(hold.bucket) === hold;
  }

  /** Whether a message of it may go to the broker. */
  mayBegin(hold: Hold, now: number): boolean {
    return this.has(hold) && now < hold.until - this.#rules.marginMs;
  }

  /** Those of which more may be read. */
  readable(now: number): Hold[] {
    return [...this.#holds.values()].filter(hold => !hold.leaving && this.mayBegin(hold, now));
  }

  /** What the next beat is to say. What goes back is not here any more, whatever becomes of the beat. */
  plan(): HoldPlan {
    const all = [...this.#holds.values()];
    const release = all.filter(hold => hold.leaving && hold.open === 0);
    for (const hold of release) this.drop(hold);
    return { keep: all.filter(hold => this.has(hold)), release };
  }

  /** Goes by the answer to a beat that was asked at `asked`; answers with what it lost. */
  learn(grants: readonly Grant[], relays: number, asked: number): Hold[] {
    const lost = new Set(this.#holds.values());
    const until = asked + this.#rules.leaseMs;
    for (const grant of grants) {
      const before = this.#holds.get(grant.bucket);
      if (before?.epoch === grant.epoch) {
        before.until = until;
        lost.delete(before);
      } else this.#holds.set(grant.bucket, new Hold(grant, until));
    }
    for (const hold of lost) this.drop(hold);
    this.#share = fairShare(relays);
    this.#settle();
    return [...lost];
  }

  drop(hold: Hold): void {
    if (this.has(hold)) this.#holds.delete(hold.bucket);
  }

  /** As many leave as are too many: those first in which nothing is open. */
  #settle(): void {
    const holds = [...this.#holds.values()].sort((one, other) => one.open - other.open);
    const excess = Math.max(holds.length - this.#share, 0);
    for (const [place, hold] of holds.entries()) hold.leaving = place < excess;
  }
}
