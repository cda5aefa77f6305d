import type { BalancedHost } from './balance.js';
import { ByKey } from './balance-hash.js';
import { MaglevFill, type MaglevOrders } from './balance-maglev-fill.js';
import { Roster } from './balance-roster.js';
import { hash32, mix32 } from './hash.js';

/** The first prime number at or above `least`. */
export function primeFrom(least: number): number {
  let candidate = Math.max(2, least);
  while (!isPrime(candidate)) candidate++;
  return candidate;
}

function isPrime(number: number): boolean {
  for (let divisor = 2; divisor * divisor <= number; divisor++) if (number % divisor === 0) return false;
  return true;
}

/** How often a new table is looked at when the hosts have changed, and at each choice until it is full. */
const LOOKS_AT_CHANGE = 2 ** 13;
const LOOKS_AT_CHOICE = 2 ** 11;

/**
 * A table that says at one look whose a key is. Each host has an order of its own in which it wants the
 * places of the table, and they take turns, as many as their weights say, until all places are taken: so the
 * shares are nearly even, and when a host leaves few other keys move (Eisenbud and others, "Maglev", 2016).
 * The table has a prime number of places, which stays: one that grew with the hosts would move all keys.
 *
 * A new table is filled bit by bit, at the choices that follow a change. Until then those go by the former
 * one, where the places of hosts that have left are dealt out among all others.
 */
export class Maglev<H extends BalancedHost> extends ByKey<H> {
  /** How many places the table has. */
  readonly size: number;
  readonly #ofOne: number;
  readonly #roster = new Roster<H>();
  /** By slot: the place that a host wants first, and how far apart the others are. */
  readonly #starts: number[] = [];
  readonly #skips: number[] = [];
  #table: Uint32Array = new Uint32Array(0);
  /** The next table, while it is filled. */
  #fill: MaglevFill | undefined;
  /** Whether hosts have changed since the latest table was begun. */
  #stale = false;

  /** `places` are the least. */
  constructor(places: number, factor: number) {
    super(factor);
    this.size = primeFrom(places);
    this.#ofOne = 1 / this.size;
  }

  protected place(hosts: readonly H[]): void {
    const { came, any } = this.#roster.update(hosts);
    for (const slot of came) {
      const { id } = this.#roster.bySlot[slot]!;
      this.#starts[slot] = hash32(id) % this.size;
      this.#skips[slot] = (hash32(id, 0x9747b28c) % (this.size - 1)) + 1;
    }
    if (hosts.length === 0) {
      this.#table = new Uint32Array(0);
      this.#fill = undefined;
      this.#stale = false;
      return;
    }
    this.#stale ||= any;
    // There has to be one.
    this.#goOn(this.#table.length === 0 ? Infinity : LOOKS_AT_CHANGE);
  }

  protected find(hash: number, refused: ((host: H) => boolean) | undefined): H | undefined {
    const { hosts } = this;
    if (hosts.length === 0) return undefined;
    if (this.#fill !== undefined || this.#stale) this.#goOn(LOOKS_AT_CHOICE);
    let owner = this.#ownerOf(hash);
    if (refused === undefined || !refused(owner)) return owner;
    const asked = new Set([owner]);
    // Another place each time, so that what a full host cannot take goes to all others.
    for (let step = 1; step < 2 * hosts.length; step++) {
      owner = this.#ownerOf(mix32(hash + step));
      if (asked.has(owner)) continue;
      if (!refused(owner)) return owner;
      asked.add(owner);
    }
    return hosts.find(host => !asked.has(host) && !refused(host));
  }

  #ownerOf(hash: number): H {
    const owner = this.#roster.bySlot[this.#table[this.#placeOf(hash)]! - 1];
    return owner ?? this.hosts[mix32(hash) % this.hosts.length]!;
  }

  /** What is left of a hash by the number of places. A processor takes longer to divide than for all this. */
  #placeOf(hash: number): number {
    const { size } = this;
    const left = (hash - Math.imul((hash * this.#ofOne) >>> 0, size)) | 0;
    // By a rounding the quotient may be one less, never one more: that is too far off.
    return left === size ? 0 : left;
  }

  /** Fills the next table for so many looks, and goes by it once it is full. */
  #goOn(looks: number): void {
    if (this.#fill === undefined) {
      if (!this.#stale) return;
      this.#stale = false;
      this.#fill = new MaglevFill(this.size, this.#orders());
    }
    if (!this.#fill.run(looks)) return;
    this.#table = this.#fill.table;
    this.#fill = undefined;
  }

  #orders(): MaglevOrders {
    const { length } = this.hosts;
    const slots = new Uint32Array(length);
    const next = new Uint32Array(length);
    const skips = new Uint32Array(length);
    const shares = new Float64Array(length);
    let heaviest = 0;
    for (const { weight } of this.hosts) heaviest = Math.max(heaviest, weight);
    this.hosts.forEach(({ slot, weight }, at) => {
      slots[at] = slot;
      next[at] = this.#starts[slot]!;
      skips[at] = this.#skips[slot]!;
      shares[at] = weight / heaviest;
    });
    return { slots, next, skips, shares };
  }
}
