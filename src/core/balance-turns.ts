import { type BalancedHost, type Chooser, drawAllowed } from './balance.js';

/**
 * One after the other, whatever their weights. Of k times as many choices as hosts each has k. It goes on
 * from where it was when hosts come and go.
 */
export class RoundRobin<H extends BalancedHost> implements Chooser<H> {
  busy = 0;
  #hosts: readonly H[] = [];
  #next = 0;
  readonly #draw = (): H => {
    if (this.#next >= this.#hosts.length) this.#next = 0;
    return this.#hosts[this.#next++]!;
  };

  reset(hosts: readonly H[]): void {
    this.#hosts = hosts;
  }

  choose(_hash: number, barred: ((host: H) => boolean) | undefined): H | undefined {
    return drawAllowed(this.#hosts, barred, this.#draw);
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
  const exact = weights.map(weight => Math.round(weight / least));
  const sum = exact.reduce((total, turns) => total + turns, 0);
  if (sum <= LONGEST_CYCLE) return exact;
  // Half of it, for those that get a turn though they should have less need room as well.
  const scale = LONGEST_CYCLE / 2 / weights.reduce((total, weight) => total + weight, 0);
  return weights.map(weight => Math.max(1, Math.round(weight * scale)));
}

/** The greatest number that goes into all weights, to a millionth of the least of them. */
function gcdOf(weights: readonly number[]): number {
  // No spread of arguments: there may be more hosts than the stack has room for.
  const precision = weights.reduce((least, weight) => Math.min(least, weight), Infinity) * 1e-6;
  return weights.reduce((a, b) => {
    let [greater, less] = [a, b];
    while (less > precision) [greater, less] = [less, greater % less];
    return greater;
  }, 0);
}

/**
 * By turns, in proportion to the weights, and each host's turns as far apart as can be: weighted round robin,
 * laid out once for a whole cycle, so that a choice is a look at a list. The shares of a cycle are exact.
 */
export class WeightedTurns<H extends BalancedHost> implements Chooser<H> {
  busy = 0;
  #hosts: readonly H[] = [];
  #cycle = new Uint32Array(0);
  #next = 0;
  readonly #draw = (): H => {
    if (this.#next >= this.#cycle.length) this.#next = 0;
    return this.#hosts[this.#cycle[this.#next++]!]!;
  };

  reset(hosts: readonly H[]): void {
    const goesOn = this.#cycle.length === 0 ? 0 : this.#next / this.#cycle.length;
    this.#hosts = hosts;
    this.#cycle = cycleOf(turnsOf(hosts.map(({ weight }) => weight)));
    this.#next = Math.floor(goesOn * this.#cycle.length);
  }

  choose(_hash: number, barred: ((host: H) => boolean) | undefined): H | undefined {
    return drawAllowed(this.#hosts, barred, this.#draw);
  }
}

/** The golden ratio, less 1: its multiples fall as far from each other as can be. */
const GOLDEN = 0.618_033_988_75;

/**
 * The cycle, by the places of the hosts. The turns of one host are at equal distances, and those of different
 * hosts begin at different points, so that those with few turns do not all come at the same time.
 */
function cycleOf(turns: readonly number[]): Uint32Array<ArrayBuffer> {
  const due: { readonly at: number; readonly host: number }[] = [];
  turns.forEach((count, host) => {
    const phase = ((host + 0.5) * GOLDEN) % 1;
    for (let turn = 0; turn < count; turn++) due.push({ at: (turn + phase) / count, host });
  });
  due.sort((a, b) => a.at - b.at);
  return Uint32Array.from(due, ({ host }) => host);
}
