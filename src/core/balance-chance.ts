import { type BalancedHost, type Chooser, drawAllowed } from './balance.js';

/**
 * By chance, in proportion to the weights, in constant time: the alias method of Walker, with the tables of
 * Vose (1991).
 */
export class WeightedChance<H extends BalancedHost> implements Chooser<H> {
  busy = 0;
  readonly #random: () => number;
  #hosts: readonly H[] = [];
  #keep = new Float64Array(0);
  #alias = new Uint32Array(0);
  readonly #draw = (): H => {
    const { length } = this.#hosts;
    const drawn = this.#random() * length;
    const place = Math.min(Math.floor(drawn), length - 1);
    return this.#hosts[drawn - place < this.#keep[place]! ? place : this.#alias[place]!]!;
  };

  constructor(random: () => number) {
    this.#random = random;
  }

  reset(hosts: readonly H[]): void {
    this.#hosts = hosts;
    const sum = hosts.reduce((total, { weight }) => total + weight, 0);
    const keep = Float64Array.from(hosts, ({ weight }) => (weight * hosts.length) / sum);
    const alias = Uint32Array.from(hosts.keys());
    // Two stacks in one list: those with less than their place from its start, those with more from its end.
    const places = new Uint32Array(hosts.length);
    let small = 0;
    let large = hosts.length;
    for (const place of alias) {
      if (keep[place]! <= 1) places[small++] = place;
      else places[--large] = place;
    }
    // What rounding leaves over in either has itself for an alias.
    while (small > 0 && large < hosts.length) {
      const less = places[--small]!;
      const more = places[large]!;
      alias[less] = more;
      keep[more] = keep[more]! - (1 - keep[less]!);
      if (keep[more]! <= 1) places[small++] = places[large++]!;
    }
    this.#keep = keep;
    this.#alias = alias;
  }

  choose(_hash: number, barred: ((host: H) => boolean) | undefined): H | undefined {
    return drawAllowed(this.#hosts, barred, this.#draw);
  }
}

/**
 * Of two hosts drawn by chance, never the same one twice, the one that costs less (the power of two choices,
 * Mitzenmacher 1996).
 */
export class TwoChoices<H extends BalancedHost> implements Chooser<H> {
  busy = 0;
  readonly #random: () => number;
  readonly #loadOf: (host: H) => number;
  #hosts: readonly H[] = [];

  /** `loadOf` tells what one more call to a host costs, in a unit of its own. */
  constructor(random: () => number, loadOf: (host: H) => number) {
    this.#random = random;
    this.#loadOf = loadOf;
  }

  reset(hosts: readonly H[]): void {
    this.#hosts = hosts;
  }

  choose(_hash: number, barred: ((host: H) => boolean) | undefined): H | undefined {
    const hosts = this.#hosts;
    if (barred !== undefined) return this.#chooseAllowed(barred);
    if (hosts.length < 2) return hosts[0];
    const first = this.#below(hosts.length);
    let second = this.#below(hosts.length - 1);
    // One place less to draw from, and those behind the first move up: no pair is likelier than another.
    if (second >= first) second++;
    return this.#cheaper(hosts[first]!, hosts[second]!);
  }

  /** The same among those that are not barred. */
  #chooseAllowed(barred: (host: H) => boolean): H | undefined {
    const hosts = this.#hosts;
    const draw = (): H => hosts[this.#below(hosts.length)]!;
    const first = drawAllowed(hosts, barred, draw);
    if (first === undefined) return undefined;
    const second = drawAllowed(hosts, host => host === first || barred(host), draw);
    return second === undefined ? first : this.#cheaper(first, second);
  }

  #cheaper(first: H, second: H): H {
    return this.#loadOf(second) < this.#loadOf(first) ? second : first;
  }

  #below(count: number): number {
    return Math.min(Math.floor(this.#random() * count), count - 1);
  }
}
