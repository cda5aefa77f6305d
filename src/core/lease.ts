import type { Due } from './due-heap.js';

/** Something that is there for as long as its owner says so again and again. */
export class Lease<V> {
  readonly group: string;
  readonly id: string;
  /** Which life of the owner: a greater one replaces it, a smaller one has no say. */
  incarnation: number;
  ttlMs: number;
  value: V;
  /** When it ends, unless it is renewed before: at exactly that time. */
  endsAt = 0;
  /** Whether it has ended and is kept all the same, for too many ended with it. */
  preserved = false;
  /** When it is to be looked at. */
  due: Due<Lease<V>> | undefined = undefined;

  constructor({ group, id, incarnation, ttlMs, value }: LeaseOrder<V>) {
    this.group = group;
    this.id = id;
    this.incarnation = incarnation;
    this.ttlMs = ttlMs;
    this.value = value;
  }
}

/** A lease that somebody asks for. */
export interface LeaseOrder<V> {
  readonly group: string;
  readonly id: string;
  readonly incarnation: number;
  readonly ttlMs: number;
  readonly value: V;
}

/** What is remembered of one that is gone. */
interface Tombstone {
  readonly incarnation: number;
  /** Whether its owner has ended it: this life of it does not come back. One that was merely late may. */
  readonly closed: boolean;
  readonly until: number;
}

/** What has ended, for as long as somebody may still speak of it: the latest so many. */
export class Tombstones {
  readonly #limit: number;
  readonly #keepMs: number;
  /** In the order of their ends. */
  readonly #stones = new Map<string, Tombstone>();

  constructor(limit: number, keepMs: number) {
    this.#limit = limit;
    this.#keepMs = keepMs;
  }

  get size(): number {
    return this.#stones.size;
  }

  /** Remembers the end of a life; a later one that is known stays. */
  bury(key: string, incarnation: number, closed: boolean, time: number): void {
    const known = this.#stones.get(key);
    const later = known !== undefined && !this.#isOver(known, incarnation, closed);
    if (later) return;
    this.#stones.delete(key);
    this.#stones.set(key, { incarnation, closed, until: time + this.#keepMs });
    if (this.#stones.size <= this.#limit) return;
    for (const oldest of this.#stones.keys()) {
      this.#stones.delete(oldest);
      return;
    }
  }

  forget(key: string): void {
    this.#stones.delete(key);
  }

  /** The incarnation that is over, where it or one before it asks; `undefined` when it may live. */
  against(key: string, incarnation: number): number | undefined {
    const stone = this.#stones.get(key);
    if (stone === undefined || incarnation > stone.incarnation) return undefined;
    return incarnation < stone.incarnation || stone.closed ? stone.incarnation : undefined;
  }

  /** Forgets those whose time is over. */
  sweep(time: number): void {
    for (const [key, { until }] of this.#stones) {
      if (until > time) return;
      this.#stones.delete(key);
    }
  }

  #isOver(known: Tombstone, incarnation: number, closed: boolean): boolean {
    if (incarnation > known.incarnation) return true;
    return incarnation === known.incarnation && (closed || !known.closed);
  }
}
