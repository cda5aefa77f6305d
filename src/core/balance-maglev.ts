import type { BalancedHost } from './balance.js';
import { ByKey } from './balance-hash.js';
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

/**
 * A table that says at one look whose a key is. Each host has an order of its own in which it wants the
 * places of the table, and they take turns, as many as their weights say, until all places are taken: so the
 * shares are nearly even, and when a host leaves few other keys move (Eisenbud and others, "Maglev", 2016).
 * The table has a prime number of places, which stays: one that grew with the hosts would move all keys.
 */
export class Maglev<H extends BalancedHost> extends ByKey<H> {
  /** How many places the table has. */
  readonly size: number;
  #table = new Int32Array(0);

  /** `places` are the least. */
  constructor(places: number, factor: number) {
    super(factor);
    this.size = primeFrom(places);
  }

  protected place(hosts: readonly H[]): void {
    const { size } = this;
    const table = new Int32Array(size).fill(-1);
    const next = hosts.map(({ id }) => hash32(id) % size);
    const skip = hosts.map(({ id }) => (hash32(id, 0x9747b28c) % (size - 1)) + 1);
    const heaviest = hosts.reduce((most, { weight }) => Math.max(most, weight), 0);
    const credit = hosts.map(() => 0);
    for (let taken = 0; taken < size && hosts.length > 0; ) {
      for (let host = 0; host < hosts.length && taken < size; host++) {
        credit[host]! += hosts[host]!.weight / heaviest;
        // The sum of shares such as a third may be short of a whole by a rounding.
        if (credit[host]! < 1 - 1e-9) continue;
        credit[host]!--;
        while (table[next[host]!] !== -1) next[host] = (next[host]! + skip[host]!) % size;
        table[next[host]!] = host;
        taken++;
      }
    }
    this.#table = table;
  }

  protected find(hash: number, refused: ((host: H) => boolean) | undefined): H | undefined {
    if (refused === undefined) return this.hosts[this.#table[hash % this.#table.length]!];
    const asked = new Set<number>();
    // Another place each time, so that what a full host cannot take goes to all others.
    for (let step = 0; step < 2 * this.hosts.length; step++) {
      const owner = this.#table[(step === 0 ? hash : mix32(hash + step)) % this.#table.length]!;
      if (asked.has(owner)) continue;
      if (!refused(this.hosts[owner]!)) return this.hosts[owner];
      asked.add(owner);
    }
    return this.hosts.find((host, place) => !asked.has(place) && !refused(host));
  }
}
