/** Places for each point when a table is made. */
const ROOM = 2;
/** With more points than this for each place it is made anew. */
const FULL = 0.7;
/** With fewer points than one in so many places it is made anew as well. */
const SPARSE = 8;
/** Points of the last places may stand behind them: as many as this to begin with. */
const BEHIND = 16;

/**
 * The points of a ring, in order, each with an owner. The table has gaps: a point stands in the place that
 * its hash says, or in the first one behind that which the points before it leave free. So the point behind a
 * key is a few places from where the hash of the key says, and a point that comes or goes moves its
 * neighbours and no others. Where each stands follows from which there are, and not from how they came
 * (ordered hash tables, Amble and Knuth, 1974).
 */
export class PointTable {
  /** Whether the first of two owners whose points have the same hash comes first. */
  readonly #precedes: (one: number, other: number) => boolean;
  #places = 1;
  /** What of the places a hash is. */
  #scale = 1 / 2 ** 32;
  /** 0 in a gap; and the last place, which stays a gap, stops every search. */
  #hashes = new Uint32Array([0, 0xffffffff]);
  /** 1 more than the owner; 0 in a gap. */
  #owners = new Uint32Array(2);

  constructor(precedes: (one: number, other: number) => boolean) {
    this.#precedes = precedes;
  }

  /** There will be so many points; it is quicker to know before they come. */
  expect(points: number): void {
    if (points > this.#places * FULL || points * SPARSE < this.#places)
      this.#resize(points * ROOM + 1, BEHIND);
  }

  insert(hash: number, owner: number): void {
    let at = this.#homeOf(hash);
    while (this.#owners[at] !== 0 && this.#isBefore(at, hash, owner)) at++;
    let end = at;
    while (this.#owners[end] !== 0) end++;
    const last = this.#hashes.length - 1;
    if (end >= last) {
      this.#resize(this.#places, 2 * (last + 1 - this.#places));
      this.insert(hash, owner);
      return;
    }
    for (let to = end; to > at; to--) this.#move(to - 1, to);
    this.#hashes[at] = hash;
    this.#owners[at] = owner + 1;
  }

  /** Takes a point out, which has to be there. */
  remove(hash: number, owner: number): void {
    let at = this.#homeOf(hash);
    while (this.#hashes[at] !== hash || this.#owners[at] !== owner + 1) at++;
    // Those behind it move up, until one stands where it would stand anyway.
    for (; this.#owners[at + 1] !== 0 && this.#homeOf(this.#hashes[at + 1]!) <= at; at++)
      this.#move(at + 1, at);
    this.#hashes[at] = 0;
    this.#owners[at] = 0;
  }

  /** The place of the first point at or behind `hash`; behind the last comes the first. There must be one. */
  placeOf(hash: number): number {
    let at = this.#homeOf(hash);
    while (this.#hashes[at]! < hash) at++;
    return this.#owners[at] === 0 ? this.placeAfter(at) : at;
  }

  /** The place of the next point. */
  placeAfter(place: number): number {
    const end = this.#owners.length;
    let at = place;
    do at = at + 1 === end ? 0 : at + 1;
    while (this.#owners[at] === 0);
    return at;
  }

  /** Whose the point at a place is. */
  ownerAt(place: number): number {
    return this.#owners[place]! - 1;
  }

  #move(from: number, to: number): void {
    this.#hashes[to] = this.#hashes[from]!;
    this.#owners[to] = this.#owners[from]!;
  }

  #homeOf(hash: number): number {
    return (hash * this.#scale) >>> 0;
  }

  #isBefore(at: number, hash: number, owner: number): boolean {
    const other = this.#hashes[at]!;
    return other === hash ? this.#precedes(this.#owners[at]! - 1, owner) : other < hash;
  }

  /** Lays out what is there in so many places; `behind` doubles until that is enough. */
  #resize(places: number, behind: number): void {
    const hashes = this.#hashes;
    const owners = this.#owners;
    this.#places = places;
    this.#scale = places / 2 ** 32;
    this.#hashes = new Uint32Array(places + behind);
    this.#owners = new Uint32Array(places + behind);
    const last = places + behind - 1;
    this.#hashes[last] = 0xffffffff;
    let free = 0;
    for (let from = 0; from < owners.length; from++) {
      if (owners[from] === 0) continue;
      const at = Math.max(free, this.#homeOf(hashes[from]!));
      if (at >= last) {
        this.#hashes = hashes;
        this.#owners = owners;
        this.#resize(places, behind * 2);
        return;
      }
      this.#hashes[at] = hashes[from]!;
      this.#owners[at] = owners[from]!;
      free = at + 1;
    }
  }
}
