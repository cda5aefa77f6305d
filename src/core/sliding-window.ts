import type { Ahead, Allowance, RateRule } from './allowance.js';

/**
 * Never more than `limit` in any window of `perMs`, wherever it begins: the times of the last `limit` units
 * in a ring, each of which makes room exactly `perMs` after it passed. A window holds its beginning, not its
 * end. The ring grows with use up to `limit` numbers and never beyond.
 */
export class SlidingWindow implements Allowance {
  most = 0;
  #perMs = 0;
  #stamps: number[] = [];
  /** Where the oldest stamp stands; always first while the ring is not full. */
  #oldest = 0;
  #newest = -Infinity;

  constructor({ limit, perMs }: RateRule) {
    this.most = limit;
    this.#perMs = perMs;
  }

  get restsAt(): number {
    return this.#newest + this.#perMs;
  }

  take(cost: number, now: number): boolean {
    if (cost > this.most || this.#room(cost) > now) return false;
    this.spend(cost, now);
    return true;
  }

  /** A stamp has to be exact. */
  takeRoughly(): boolean {
    return false;
  }

  spend(cost: number, now: number): void {
    const { most } = this;
    const stamps = this.#stamps;
    // Stamps stay in order even when the clock goes back.
    if (cost > 0) this.#newest = Math.max(this.#newest, now);
    for (let i = 0; i < cost; i++) {
      if (stamps.length < most) {
        stamps.push(this.#newest);
        continue;
      }
      stamps[this.#oldest] = this.#newest;
      this.#oldest = this.#oldest + 1 === most ? 0 : this.#oldest + 1;
    }
  }

  /** Those ahead leave stamps too, and with many of them it is their stamps that have to go first. */
  dueAt(cost: number, now: number, ahead: Ahead): number {
    return ahead.each === undefined
      ? this.#walk(cost, now, ahead)
      : this.#leap(cost, now, ahead.total, ahead.each);
  }

  /**
   * Where all ahead cost the same. A line is a row of units, and one may pass when the unit that stands a
   * whole limit before its last one has: so it is `perMs` behind whoever that unit belongs to, who is as many
   * units behind another, until somebody has the stamps of the past before it.
   */
  #leap(cost: number, now: number, total: number, each: number): number {
    const { most } = this;
    let end = total + cost;
    let leaps = 0;
    if (end > most) {
      end = Math.ceil((end - most) / each) * each;
      const stride = Math.floor(most / each) * each;
      const more = Math.max(0, Math.ceil((end - most) / stride));
      end -= more * stride;
      leaps = 1 + more;
    }
    return Math.max(now, this.#room(end)) + leaps * this.#perMs;
  }

  #walk(cost: number, now: number, ahead: Ahead): number {
    const ends: number[] = [];
    const times: number[] = [];
    let due = now;
    let end = 0;
    let gone = 0;
    const pass = (one: number): void => {
      end += one;
      const after = end - this.most;
      while (after > 0 && ends[gone]! < after) gone++;
      due = Math.max(due, after > 0 ? times[gone]! + this.#perMs : this.#room(end));
      ends.push(end);
      times.push(due);
    };
    for (const one of ahead) pass(one);
    pass(cost);
    return due;
  }

  available(now: number): number {
    let free = this.most - this.#stamps.length;
    while (free < this.most && this.#room(free + 1) <= now) free++;
    return free;
  }

  update({ limit, perMs }: RateRule): void {
    const inOrder = [...this.#stamps.slice(this.#oldest), ...this.#stamps.slice(0, this.#oldest)];
    this.#stamps = inOrder.slice(-limit);
    this.#oldest = 0;
    this.most = limit;
    this.#perMs = perMs;
  }

  /** The time from which there is room for `cost`, which is at most `most`. */
  #room(cost: number): number {
    const stamps = this.#stamps;
    const over = cost - (this.most - stamps.length);
    if (over <= 0) return -Infinity;
    return stamps[(this.#oldest + over - 1) % stamps.length]! + this.#perMs;
  }
}
