import { type BalancedHost, type Chooser, drawAllowed } from './balance.js';
import { Roster } from './balance-roster.js';

/**
 * One after the other, whatever their weights. Of k times as many choices as hosts each has k. It goes on
 * from where it was when hosts come and go.
 */
export class RoundRobin<H extends BalancedHost> implements Chooser<H> {
  busy = 0;
  #hosts: readonly H[] = [];
  #next = 0;

  reset(hosts: readonly H[]): void {
    this.#hosts = hosts;
  }

  choose(_hash: number, barred: ((host: H) => boolean) | undefined): H | undefined {
    return barred === undefined ? this.#draw() : drawAllowed(this.#hosts, barred, () => this.#draw()!);
  }

  #draw(): H | undefined {
    if (this.#next >= this.#hosts.length) this.#next = 0;
    return this.#hosts[this.#next++];
  }
}

/** A cycle is no longer than this; weights are rounded to fit into it. */
export const LONGEST_CYCLE = 65_536;

/**
 * Shares of whole turns that are as the weights are: exactly, where that needs no more than
 * {@link LONGEST_CYCLE}; else rounded, and at least one each.
 */
export function turnsOf(weights: readonly number[]): readonly number[] {
  const least = gcdOf(weights);
  const exact: number[] = [];
  let sum = 0;
  let weight = 0;
  for (const one of weights) {
    const turns = Math.round(one / least);
    exact.push(turns);
    sum += turns;
    weight += one;
  }
  if (sum <= LONGEST_CYCLE) return exact;
  // Half of it, for those that get a turn though they should have less need room as well.
  const scale = LONGEST_CYCLE / 2 / weight;
  return weights.map(one => Math.max(1, Math.round(one * scale)));
}

/** The greatest number that goes into all weights, to a millionth of the least of them. */
function gcdOf(weights: readonly number[]): number {
  // No spread of arguments: there may be more hosts than the stack has room for.
  let least = Infinity;
  for (const weight of weights) least = Math.min(least, weight);
  const precision = least * 1e-6;
  let all = 0;
  let last = 0;
  for (const weight of weights) {
    // Most have the weight of the one before, and that has been seen to.
    if (weight === last) continue;
    last = weight;
    let less = weight;
    while (less > precision) [all, less] = [less, all % less];
  }
  return all;
}

/** The golden ratio, less 1: its multiples fall as far from each other as can be. */
const GOLDEN = 0.618_033_988_75;
/** More than where in a cycle and whose a turn is can come to, in one number. */
const MOST_KEYS = 2 ** 52;

/**
 * The turns of a cycle in order. Those of one host are at equal distances, and those of different hosts begin
 * at different points, by their slots, so that those with few turns do not all come at the same time. So who
 * comes, goes or is given more turns changes its own alone, and those of all others stay in order.
 */
class Cycle {
  /** More than any slot; a power of 2. */
  #slots = 2 ** 16;
  /** How many turns each slot has. */
  readonly #turns: number[] = [];
  /** Of each turn, in order, where in the cycle it is, times `#slots`, and its slot. */
  #keys = new Float64Array(0);

  /** `left` are the slots whose host is gone, though there may be another one in its place. */
  change(left: readonly number[], hosts: readonly BalancedHost[], turns: readonly number[]): void {
    const changed = new Set(left);
    let highest = 0;
    for (const { slot } of hosts) highest = Math.max(highest, slot);
    if (highest >= this.#slots) {
      while (highest >= this.#slots) this.#slots *= 2;
      this.#keys = new Float64Array(0);
      this.#turns.length = 0;
    }
    for (const slot of left) this.#turns[slot] = 0;
    for (let at = 0; at < hosts.length; at++) {
      const { slot } = hosts[at]!;
      if (this.#turns[slot] === turns[at]) continue;
      changed.add(slot);
      this.#turns[slot] = turns[at]!;
    }
    this.#keys = merged(this.#keysWithout(changed), this.#keysOf(changed));
  }

  /** Whose turn it is, in order. */
  hosts<H>(bySlot: readonly (H | undefined)[]): readonly H[] {
    const hosts: H[] = [];
    for (let at = 0; at < this.#keys.length; at++) hosts.push(bySlot[this.#slotOf(this.#keys[at]!)]!);
    return hosts;
  }

  #slotOf(key: number): number {
    return key - Math.floor(key / this.#slots) * this.#slots;
  }

  #keysWithout(changed: ReadonlySet<number>): Float64Array {
    const kept = new Float64Array(this.#keys.length);
    const goes = new Uint8Array(this.#turns.length);
    for (const slot of changed) goes[slot] = 1;
    let count = 0;
    for (let at = 0; at < this.#keys.length; at++) {
      const key = this.#keys[at]!;
      if (goes[this.#slotOf(key)] === 0) kept[count++] = key;
    }
    return kept.subarray(0, count);
  }

  #keysOf(changed: ReadonlySet<number>): Float64Array {
    const places = MOST_KEYS / this.#slots;
    const keys: number[] = [];
    for (const slot of changed) {
      const count = this.#turns[slot]!;
      const phase = ((slot + 0.5) * GOLDEN) % 1;
      for (let turn = 0; turn < count; turn++) {
        keys.push(Math.floor(((turn + phase) / count) * places) * this.#slots + slot);
      }
    }
    return Float64Array.from(keys).sort();
  }
}

/** Two lists in order as one. */
function merged(one: Float64Array, other: Float64Array): Float64Array<ArrayBuffer> {
  const all = new Float64Array(one.length + other.length);
  let [at, from] = [0, 0];
  for (let to = 0; to < all.length; to++) {
    const takesOne = from === other.length || (at < one.length && one[at]! < other[from]!);
    all[to] = takesOne ? one[at++]! : other[from++]!;
  }
  return all;
}

/**
 * By turns, in proportion to the weights, and each host's turns as far apart as can be: weighted round robin,
 * laid out for a whole cycle, so that a choice is a look at a list. The shares of a cycle are exact.
 */
export class WeightedTurns<H extends BalancedHost> implements Chooser<H> {
  busy = 0;
  readonly #roster = new Roster<H>();
  readonly #turns = new Cycle();
  #hosts: readonly H[] = [];
  #cycle: readonly H[] = [];
  #next = 0;

  reset(hosts: readonly H[]): void {
    const { left, any } = this.#roster.update(hosts);
    this.#hosts = hosts;
    if (!any) return;
    const goesOn = this.#cycle.length === 0 ? 0 : this.#next / this.#cycle.length;
    this.#turns.change(left, hosts, turnsOf(hosts.map(({ weight }) => weight)));
    this.#cycle = this.#turns.hosts(this.#roster.bySlot);
    this.#next = Math.floor(goesOn * this.#cycle.length);
  }

  choose(_hash: number, barred: ((host: H) => boolean) | undefined): H | undefined {
    return barred === undefined ? this.#draw() : drawAllowed(this.#hosts, barred, () => this.#draw()!);
  }

  #draw(): H | undefined {
    if (this.#next >= this.#cycle.length) this.#next = 0;
    return this.#cycle[this.#next++];
  }
}
