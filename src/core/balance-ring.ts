import type { BalancedHost } from './balance.js';
import { ByKey } from './balance-hash.js';
import { PointTable } from './balance-points.js';
import { Roster } from './balance-roster.js';
import { hash32, mix32 } from './hash.js';

/** A ring has no more points than this: where weights would make more, they are scaled down. */
export const MOST_POINTS = 2 ** 21;

/** How many points each host has: as its weight says, and one at least. */
function pointsOf(hosts: readonly BalancedHost[], points: number): { counts: Float64Array; sum: number } {
  const counts = new Float64Array(hosts.length);
  const count = (scale: number): number => {
    let sum = 0;
    for (let at = 0; at < counts.length; at++) {
      counts[at] = Math.max(1, Math.round(hosts[at]!.weight * scale));
      sum += counts[at]!;
    }
    return sum;
  };
  const sum = count(points);
  if (sum <= MOST_POINTS) return { counts, sum };
  let weights = 0;
  for (const { weight } of hosts) weights += weight;
  // Half of it, for those that get a point though they should have less need room as well.
  return { counts, sum: count(MOST_POINTS / 2 / weights) };
}

/**
 * A ring with many points for each host, as many as its weight says: a key belongs to the next point. When a
 * host leaves, only its keys move (Karger and others, 1997), and only its points: those of the others stay
 * where they are in the table.
 */
export class HashRing<H extends BalancedHost> extends ByKey<H> {
  readonly #ofOne: number;
  readonly #roster = new Roster<H>();
  readonly #points = new PointTable((one, other) => {
    const { bySlot } = this.#roster;
    return bySlot[one]!.id < bySlot[other]!.id;
  });
  /** By slot: the hash of the name, and how many points are on the ring. */
  readonly #names: number[] = [];
  readonly #counts: number[] = [];

  /** `points` for a host of weight 1. */
  constructor(points: number, factor: number) {
    super(factor);
    this.#ofOne = points;
  }

  protected place(hosts: readonly H[]): void {
    const { left, came, any } = this.#roster.update(hosts);
    if (!any) return;
    for (const slot of left) this.#lower(slot, 0);
    for (const slot of came) {
      this.#names[slot] = hash32(this.#roster.bySlot[slot]!.id);
      this.#counts[slot] = 0;
    }
    const { counts, sum } = pointsOf(hosts, this.#ofOne);
    for (let at = 0; at < hosts.length; at++) this.#lower(hosts[at]!.slot, counts[at]!);
    this.#points.expect(sum);
    for (let at = 0; at < hosts.length; at++) this.#raise(hosts[at]!.slot, counts[at]!);
  }

  protected find(hash: number, refused: ((host: H) => boolean) | undefined): H | undefined {
    if (this.hosts.length === 0) return undefined;
    let place = this.#points.placeOf(hash);
    const { bySlot } = this.#roster;
    let host = bySlot[this.#points.ownerAt(place)]!;
    if (refused === undefined || !refused(host)) return host;
    const asked = new Set([host]);
    // Each host has a point at least.
    while (asked.size < this.hosts.length) {
      place = this.#points.placeAfter(place);
      host = bySlot[this.#points.ownerAt(place)]!;
      if (asked.has(host)) continue;
      if (!refused(host)) return host;
      asked.add(host);
    }
    return undefined;
  }

  #lower(slot: number, count: number): void {
    let own = this.#counts[slot]!;
    if (own <= count) return;
    while (own > count) this.#points.remove(this.#pointOf(slot, own--), slot);
    this.#counts[slot] = count;
  }

  #raise(slot: number, count: number): void {
    let own = this.#counts[slot]!;
    while (own < count) this.#points.insert(this.#pointOf(slot, ++own), slot);
    this.#counts[slot] = count;
  }

  /** The points of a host, from 1; more of them are the same and others behind them. */
  #pointOf(slot: number, number: number): number {
    return mix32(this.#names[slot]! + Math.imul(number, 0x9e3779b9));
  }
}
