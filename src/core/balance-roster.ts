import type { BalancedHost } from './balance.js';

/** Who was there before and is not, and who is there that was not, by slots. One slot may be in both. */
export interface RosterChange {
  readonly left: readonly number[];
  readonly came: readonly number[];
  /** Whether anything is not as it was: who, in which order, and with which weights. */
  readonly any: boolean;
}

/** Who is there, by slot: so that a table that was laid out need not be laid out again for one who came. */
export class Roster<H extends BalancedHost> {
  /** Each in the place of its slot. */
  readonly bySlot: (H | undefined)[] = [];
  #hosts: readonly H[] = [];
  #weights = new Float64Array(0);
  /** In which round each slot was last seen. */
  readonly #seen: number[] = [];
  #round = 0;

  /** These are there from now on. */
  update(hosts: readonly H[]): RosterChange {
    const left: number[] = [];
    const came: number[] = [];
    const { bySlot } = this;
    const before = { hosts: this.#hosts, weights: this.#weights };
    let any = hosts.length !== before.hosts.length;
    this.#hosts = hosts.slice();
    this.#weights = new Float64Array(hosts.length);
    this.#round++;
    hosts.forEach((host, at) => {
      const { slot, weight } = host;
      while (bySlot.length <= slot) {
        bySlot.push(undefined);
        this.#seen.push(0);
      }
      if (bySlot[slot] !== host) {
        if (bySlot[slot] !== undefined) left.push(slot);
        came.push(slot);
        bySlot[slot] = host;
      }
      this.#seen[slot] = this.#round;
      this.#weights[at] = weight;
      any ||= before.hosts[at] !== host || before.weights[at] !== weight;
    });
    for (let slot = 0; slot < bySlot.length; slot++) {
      if (bySlot[slot] === undefined || this.#seen[slot] === this.#round) continue;
      left.push(slot);
      bySlot[slot] = undefined;
    }
    return { left, came, any };
  }
}
