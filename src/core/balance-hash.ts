import type { BalancedHost, Chooser } from './balance.js';
import { hash32, mix32 } from './hash.js';

/**
 * How much more than its share of what is in flight a host may have, for the ways that go by the key:
 * consistent hashing with bounded loads (Mirrokni, Thorup and Zadimoghaddam, 2016). 1.25 is a quarter more;
 * `Infinity` is no bound.
 */
export function capOf(factor: number, inFlight: number, weight: number, weights: number): number {
  return Math.ceil((factor * (inFlight + 1) * weight) / weights);
}

/** What the ways that go by the key share: a bound on what a host may have. */
export abstract class ByKey<H extends BalancedHost> implements Chooser<H> {
  busy = 0;
  readonly #factor: number;
  protected hosts: readonly H[] = [];
  #weights = 0;

  constructor(factor: number) {
    this.#factor = factor;
  }

  reset(hosts: readonly H[]): void {
    this.hosts = hosts;
    this.#weights = hosts.reduce((total, { weight }) => total + weight, 0);
    this.place(hosts);
  }

  choose(key: number, barred: ((host: H) => boolean) | undefined): H | undefined {
    return this.find(key >>> 0, this.#factor === Infinity ? barred : this.#refusal(barred));
  }

  /** Finds the places of the hosts. */
  protected abstract place(hosts: readonly H[]): void;

  /** The first host in the order of a key that is not refused; no host is asked for twice. */
  protected abstract find(hash: number, refused: ((host: H) => boolean) | undefined): H | undefined;

  #refusal(barred: ((host: H) => boolean) | undefined): (host: H) => boolean {
    const isFull = (host: H): boolean =>
      host.inFlight + 1 > capOf(this.#factor, this.busy, host.weight, this.#weights);
    if (barred === undefined) return isFull;
    // Where those that have room are barred, a bound that nobody can keep is none.
    return this.hosts.every(host => barred(host) || isFull(host))
      ? barred
      : host => barred(host) || isFull(host);
  }
}

/** A ring has no more points than this: where weights would make more, they are scaled down. */
export const MOST_POINTS = 2 ** 21;

/** How many points each host has: as its weight says, and one at least. */
function pointsOf(weights: readonly number[], points: number): readonly number[] {
  const exact = weights.map(weight => Math.max(1, Math.round(weight * points)));
  const sum = exact.reduce((total, count) => total + count, 0);
  if (sum <= MOST_POINTS) return exact;
  // Half of it, for those that get a point though they should have less need room as well.
  const scale = MOST_POINTS / 2 / weights.reduce((total, weight) => total + weight, 0);
  return weights.map(weight => Math.max(1, Math.round(weight * scale)));
}

/**
 * A ring with many points for each host, as many as its weight says: a key belongs to the next point. When a
 * host leaves, only its keys move (Karger and others, 1997).
 */
export class HashRing<H extends BalancedHost> extends ByKey<H> {
  readonly #points: number;
  /** The points in order, each with the host that it belongs to. */
  #hashes = new Uint32Array(0);
  #owners = new Uint32Array(0);

  /** `points` for a host of weight 1. */
  constructor(points: number, factor: number) {
    super(factor);
    this.#points = points;
  }

  protected place(hosts: readonly H[]): void {
    const counts = pointsOf(
      hosts.map(({ weight }) => weight),
      this.#points,
    );
    // Both in one number, so that the sort is one of numbers: 32 bits of hash, 20 of who, or more of who and
    // as many less of hash.
    let who = 2 ** 20;
    while (who < hosts.length) who *= 2;
    const coarse = who / 2 ** 20;
    const all = new Float64Array(counts.reduce((total, count) => total + count, 0));
    let at = 0;
    hosts.forEach(({ id }, owner) => {
      const own = hash32(id);
      for (let point = 0; point < counts[owner]!; point++) {
        all[at++] = Math.floor(mix32(own + Math.imul(point + 1, 0x9e3779b9)) / coarse) * who + owner;
      }
    });
    all.sort();
    this.#hashes = Uint32Array.from(all, both => Math.floor(both / who) * coarse);
    this.#owners = Uint32Array.from(all, both => both % who);
  }

  protected find(hash: number, refused: ((host: H) => boolean) | undefined): H | undefined {
    const start = this.#placeOf(hash);
    if (refused === undefined) return this.hosts[this.#owners[start]!];
    const asked = new Set<number>();
    // Each host has a point at least.
    for (let step = 0; asked.size < this.hosts.length; step++) {
      const owner = this.#owners[(start + step) % this.#owners.length]!;
      if (asked.has(owner)) continue;
      if (!refused(this.hosts[owner]!)) return this.hosts[owner];
      asked.add(owner);
    }
    return undefined;
  }

  /** The first point at or behind `hash`. */
  #placeOf(hash: number): number {
    let low = 0;
    let high = this.#hashes.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#hashes[middle]! < hash) low = middle + 1;
      else high = middle;
    }
    return low === this.#hashes.length ? 0 : low;
  }
}

/**
 * The host with the highest score for the key, where a score is drawn from host and key (rendezvous hashing,
 * Thaler and Ravishankar 1998; weights as by Schindelhauer and Schomaker 2005). No key moves that need not,
 * and there is no table; but each choice looks at all hosts.
 */
export class Rendezvous<H extends BalancedHost> extends ByKey<H> {
  #seeds = new Uint32Array(0);

  protected place(hosts: readonly H[]): void {
    this.#seeds = Uint32Array.from(hosts, ({ id }) => hash32(id));
  }

  protected find(hash: number, refused: ((host: H) => boolean) | undefined): H | undefined {
    let best: H | undefined;
    let highest = -Infinity;
    for (let at = 0; at < this.hosts.length; at++) {
      const host = this.hosts[at]!;
      // Above 0 and below 1, so that its logarithm is one.
      const drawn = (mix32(this.#seeds[at]! ^ Math.imul(hash, 0x9e3779b1)) + 0.5) / 2 ** 32;
      const score = -host.weight / Math.log(drawn);
      if (score <= highest || refused?.(host)) continue;
      best = host;
      highest = score;
    }
    return best;
  }
}
