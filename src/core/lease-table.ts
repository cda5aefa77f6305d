import { ChangeLog } from './change-log.js';
import { DueHeap } from './due-heap.js';
import { Lease, type LeaseOrder, Tombstones } from './lease.js';
import { MassExpiry } from './mass-expiry.js';

/** What a table of leases goes by. All times are ms. */
export interface LeaseRules {
  /** More than this share of a group that ends together is kept. At 1 nothing is. */
  readonly preserveRatio: number;
  /** In a group of at least so many. */
  readonly preserveFrom: number;
  /** What ends within so long ends together; and so often a kept one is judged again. */
  readonly preserveWindowMs: number;
  /** So long after its end no lease is kept any more. */
  readonly preserveMs: number;
  /** Time in which nobody looked for longer than this does not count: the process stood still. */
  readonly suspendMs: number;
  /** So long it is known that a lease is over. */
  readonly tombstoneMs: number;
  readonly maxLeases: number;
  readonly maxTombstones: number;
  /** So many changes of one group are known one by one. */
  readonly maxChanges: number;
}

/** `stale` names the incarnation that is known; `full` says that nothing more goes in. */
export type LeaseAnswer =
  | { readonly kind: 'added' | 'changed' | 'renewed' | 'full' }
  | { readonly kind: 'stale'; readonly incarnation: number };

/** What came of saying that a lease is still wanted. `unknown`: it has to be asked for again. */
export type RenewAnswer = 'renewed' | 'unknown' | 'stale';

/** The leases of one group, and what has changed in it. */
class Group<V> {
  readonly leases = new Map<string, Lease<V>>();
  readonly log: ChangeLog;
  readonly expiry: MassExpiry;
  preserved = 0;

  constructor(revision: number, rules: LeaseRules) {
    this.log = new ChangeLog(revision, rules.maxChanges);
    const { preserveRatio: ratio, preserveFrom: from, preserveWindowMs: windowMs } = rules;
    this.expiry = new MassExpiry({ ratio, from, windowMs });
  }
}

/** So many groups without a lease are known, so that who follows one is told of its changes one by one. */
const MOST_EMPTY = 1_000;

const keyOf = (group: string, id: string): string => `${group}\n${id}`;

/**
 * Who is there, by leases. Owners are told apart by incarnations, integers that only grow: whatever the order
 * in which messages come, the greatest that ever asked has its way, and what was ended does not come back.
 *
 * A lease is over at exactly its end. The revision of a group goes up by one with each change; all that ends
 * at one time is one change. Time in which the process stood still is left out. Whoever asks looks at the
 * clock first, so nothing rests on a timer; who follows changes calls `pass` at `earliest`, and at least
 * twice in `suspendMs`.
 */
export class LeaseTable<V> {
  readonly #rules: LeaseRules;
  readonly #same: (one: V, other: V) => boolean;
  readonly #groups = new Map<string, Group<V>>();
  readonly #empty = new Set<string>();
  readonly #changed = new Set<string>();
  readonly #tombstones: Tombstones;
  readonly #heap = new DueHeap<Lease<V>>();
  /** No new group begins below it: revisions go up for those, too, whose group was forgotten. */
  #floor = 0;
  #size = 0;
  #seenAt: number;
  #skippedMs = 0;

  constructor(rules: LeaseRules, same: (one: V, other: V) => boolean, now: number) {
    this.#rules = rules;
    this.#same = same;
    this.#tombstones = new Tombstones(rules.maxTombstones, rules.tombstoneMs);
    this.#seenAt = now;
  }

  /** All leases. */
  get size(): number {
    return this.#size;
  }

  /** How many ends are remembered. */
  get tombstones(): number {
    return this.#tombstones.size;
  }

  /** For how long the process has stood still, in ms. */
  get skippedMs(): number {
    return this.#skippedMs;
  }

  /** When to look again; `Infinity` for never. */
  get earliest(): number {
    return this.#heap.earliest + this.#skippedMs;
  }

  /** The groups that have leases. */
  groups(): string[] {
    return [...this.#groups].filter(([, { leases }]) => leases.size > 0).map(([name]) => name);
  }

  /** The leases of a group, in the order of their coming. */
  leases(group: string): ReadonlyMap<string, Lease<V>> {
    return this.#groups.get(group)?.leases ?? new Map();
  }

  /** How many leases of a group have ended and are kept. */
  preserved(group: string): number {
    return this.#groups.get(group)?.preserved ?? 0;
  }

  revision(group: string): number {
    return this.#groups.get(group)?.log.revision ?? this.#floor;
  }

  /** The ids that were touched after `revision`; `undefined` when nobody knows. */
  touched(group: string, revision: number): ReadonlySet<string> | undefined {
    return this.#groups.get(group)?.log.since(revision);
  }

  /** The groups that have changed since this was asked. */
  takeChanged(): string[] {
    const changed = [...this.#changed];
    this.#changed.clear();
    return changed;
  }

  /** Takes a lease, or changes it; one that is there already is renewed. */
  register(order: LeaseOrder<V>, now: number): LeaseAnswer {
    const time = this.pass(now);
    const { group: name, id, incarnation } = order;
    const key = keyOf(name, id);
    const lease = this.#groups.get(name)?.leases.get(id);
    if (lease === undefined) {
      const over = this.#tombstones.against(key, incarnation);
      if (over !== undefined) return { kind: 'stale', incarnation: over };
      if (this.#size >= this.#rules.maxLeases) return { kind: 'full' };
      this.#tombstones.forget(key);
      this.#add(new Lease(order), time);
      return { kind: 'added' };
    }
    const isSame = incarnation === lease.incarnation && this.#same(lease.value, order.value);
    if (incarnation <= lease.incarnation && !isSame) {
      return { kind: 'stale', incarnation: lease.incarnation };
    }
    lease.incarnation = incarnation;
    lease.ttlMs = order.ttlMs;
    lease.value = order.value;
    const revived = this.#hold(lease, time);
    if (revived || !isSame) this.#note(name, [id]);
    return { kind: isSame ? 'renewed' : 'changed' };
  }

  /** Makes the lease end its time from now. */
  renew(group: string, id: string, incarnation: number, now: number): RenewAnswer {
    const time = this.pass(now);
    const lease = this.#groups.get(group)?.leases.get(id);
    if (lease === undefined) {
      return this.#tombstones.against(keyOf(group, id), incarnation) === undefined ? 'unknown' : 'stale';
    }
    if (incarnation < lease.incarnation) return 'stale';
    if (incarnation > lease.incarnation) return 'unknown';
    if (this.#hold(lease, time)) this.#note(group, [id]);
    return 'renewed';
  }

  /** Ends the lease, and all that this or an earlier incarnation may still say. */
  deregister(group: string, id: string, incarnation: number, now: number): 'removed' | 'unknown' | 'stale' {
    const time = this.pass(now);
    const lease = this.#groups.get(group)?.leases.get(id);
    if (lease !== undefined && lease.incarnation > incarnation) return 'stale';
    this.#tombstones.bury(keyOf(group, id), incarnation, true, time);
    if (lease === undefined) return 'unknown';
    this.#remove(lease);
    this.#note(group, [id]);
    return 'removed';
  }

  /** Ends what has ended by `now`. Returns the time that counts. */
  pass(now: number): number {
    const gap = now - this.#seenAt;
    if (gap > this.#rules.suspendMs && this.#size > 0) this.#skippedMs += gap;
    this.#seenAt = now;
    const time = now - this.#skippedMs;
    this.#tombstones.sweep(time);
    const ended = new Map<string, Lease<V>[]>();
    for (let lease = this.#heap.shift(time); lease !== undefined; lease = this.#heap.shift(time)) {
      lease.due = undefined;
      if (lease.endsAt > time) this.#await(lease, lease.endsAt);
      else {
        const together = ended.get(lease.group);
        if (together === undefined) ended.set(lease.group, [lease]);
        else together.push(lease);
      }
    }
    for (const [name, leases] of ended) this.#end(name, leases, time);
    return time;
  }

  #end(name: string, leases: readonly Lease<V>[], time: number): void {
    const group = this.#groups.get(name)!;
    const { preserveMs, preserveWindowMs } = this.#rules;
    const dead = group.preserved + leases.filter(({ preserved }) => !preserved).length;
    const doubted = group.expiry.doubts(dead, group.leases.size, time);
    const touched: string[] = [];
    let gone = 0;
    for (const lease of leases) {
      const last = lease.endsAt + preserveMs;
      if (!doubted || time >= last) {
        this.#remove(lease);
        this.#tombstones.bury(keyOf(name, lease.id), lease.incarnation, false, time);
        gone++;
      } else {
        this.#await(lease, Math.min(time + preserveWindowMs, last));
        if (lease.preserved) continue;
        lease.preserved = true;
        group.preserved++;
      }
      touched.push(lease.id);
    }
    group.expiry.note(gone, time);
    if (touched.length > 0) this.#note(name, touched);
  }

  #add(lease: Lease<V>, time: number): void {
    const { group: name, id } = lease;
    const group = this.#groups.get(name) ?? new Group<V>(this.#floor, this.#rules);
    this.#groups.set(name, group);
    this.#empty.delete(name);
    group.leases.set(id, lease);
    this.#size++;
    this.#hold(lease, time);
    this.#note(name, [id]);
  }

  /** Lets it live on from now; whether it had ended. */
  #hold(lease: Lease<V>, time: number): boolean {
    lease.endsAt = time + lease.ttlMs;
    const { due, preserved } = lease;
    // Only looked at earlier, never later: that it lives is found out then.
    if (due === undefined || lease.endsAt < due.at) {
      if (due !== undefined) this.#heap.remove(due);
      this.#await(lease, lease.endsAt);
    }
    if (preserved) this.#groups.get(lease.group)!.preserved--;
    lease.preserved = false;
    return preserved;
  }

  #await(lease: Lease<V>, at: number): void {
    lease.due = this.#heap.add(lease, at);
  }

  #remove(lease: Lease<V>): void {
    const { group: name, due } = lease;
    const group = this.#groups.get(name)!;
    group.leases.delete(lease.id);
    if (lease.preserved) group.preserved--;
    if (due !== undefined) this.#heap.remove(due);
    this.#size--;
    if (group.leases.size > 0) return;
    this.#empty.add(name);
    if (this.#empty.size > MOST_EMPTY) this.#forgetEmpty();
  }

  #forgetEmpty(): void {
    for (const name of this.#empty) {
      this.#floor = Math.max(this.#floor, this.#groups.get(name)!.log.revision + 1);
      this.#groups.delete(name);
      this.#empty.delete(name);
      return;
    }
  }

  #note(name: string, ids: readonly string[]): void {
    this.#groups.get(name)!.log.add(ids);
    this.#changed.add(name);
  }
}
