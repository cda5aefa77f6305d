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

  constructor(random: () => number) {
    this.#random = random;
  }

  reset(hosts: readonly H[]): void {
    this.#hosts = hosts;
    let sum = 0;
    for (const { weight } of hosts) sum += weight;
    const keep = new Float64Array(hosts.length);
    const alias = new Uint32Array(hosts.length);
    hosts.forEach(({ weight }, place) => {
      keep[place] = (weight * hosts.length) / sum;
      alias[place] = place;
    });
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
    if (barred !== undefined) return drawAllowed(this.#hosts, barred, () => this.#draw()!);
    return this.#draw();
  }

  #draw(): H | undefined {
    const { length } = this.#hosts;
    const drawn = this.#random() * length;
    const place = Math.min(Math.floor(drawn), length - 1);
    return this.#hosts[drawn - place < this.#keep[place]! ? place : this.#alias[place]!];
  }
}

/**
 * Of two hosts drawn by chance, never the same one twice, the one that costs less (the power of two choices,
 * Mitzenmacher 1996).
 */
export class TwoChoices<H extends BalancedHost> implements Chooser<H> {
  busy = 0;
  readonly #random: () => number;
  readonly #loadOf: (slot: number) => number;
  #hosts: readonly H[] = [];
  /** Those of the hosts: what is compared is not in the hosts, so neither of two is looked at for it. */
  #slots = new Uint32Array(0);

  /** `loadOf` tells what one more call to the host of a slot costs, in a unit of its own. */
  constructor(random: () => number, loadOf: (slot: number) => number) {
    this.#random = random;
    this.#loadOf = loadOf;
  }

  reset(hosts: readonly H[]): void {
    this.#hosts = hosts;
    this.#slots = new Uint32Array(hosts.length);
    hosts.forEach(({ slot }, at) => {
      this.#slots[at] = slot;
    });
  }

  choose(_hash: number, barred: ((host: H) => boolean) | undefined): H | undefined {
    const { length } = this.#hosts;
    if (barred !== undefined) return this.#chooseAllowed(barred);
    if (length < 2) return this.#hosts[0];
    const first = this.#below(length);
    let second = this.#below(length - 1);
    // One place less to draw from, and those behind the first move up: no pair is likelier than another.
    if (second >= first) second++;
    const cheaper = this.#loadOf(this.#slots[second]!) < this.#loadOf(this.#slots[first]!) ? second : first;
    return this.#hosts[cheaper];
  }

  /** The same among those that are not barred. */
  #chooseAllowed(barred: (host: H) => boolean): H | undefined {
    const hosts = this.#hosts;
    const draw = (): H => hosts[this.#below(hosts.length)]!;
    const first = drawAllowed(hosts, barred, draw);
    if (first === undefined) return undefined;
    const second = drawAllowed(hosts, host => host === first || barred(host), draw);
    if (second === undefined) return first;
    return this.#loadOf(second.slot) < this.#loadOf(first.slot) ? second : first;
  }

  #below(count: number): number {
    const place = (this.#random() * count) >>> 0;
    return place < count ? place : count - 1;
  }
}
