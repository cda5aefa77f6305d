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
    let weights = 0;
    for (const { weight } of hosts) weights += weight;
    this.#weights = weights;
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
