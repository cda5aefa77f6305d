/** Who is served next: the one that came first, the one that came last, or the most urgent one. */
export type WaitOrder = 'fifo' | 'lifo' | 'priority';

export interface WaitLineRules {
  /** How many may wait at most; 0 lets nobody wait. */
  readonly places: number;
  readonly order: WaitOrder;
  /** How many levels of urgency there are, level 0 being the most urgent. Only `priority` looks at it. */
  readonly levels: number;
  /** A waiter gains one level each time it has waited this long; `Infinity` is strict priority. */
  readonly ageMs: number;
}

/** One who waits, in one line and once. Extend it by what is to be remembered of those who wait. */
export class Waiter {
  /** @internal The moment from which it counts as most urgent; 0 where nobody has a priority. */
  rank = 0;
  /** @internal Its neighbours in the line; both are absent before it joins and after it has left. */
  previous: Waiter | undefined = undefined;
  /** @internal */
  next: Waiter | undefined = undefined;
}

/**
 * A bounded line of waiters. Joining, leaving from anywhere and being served take constant time; with
 * priorities, being served looks once at the head of each level.
 *
 * Priorities age linearly: a waiter of level L is served as if it had come L × `ageMs` later than it did. Two
 * waiters therefore never change places, each level is a plain queue, nothing is ever moved or timed, and a
 * waiter can be overtaken only by those who come within L × `ageMs` after it: nobody starves.
 */
export class WaitLine<W extends Waiter> {
  readonly #rules: WaitLineRules;
  #places: number;
  /** How much later each further level counts as having come. */
  readonly #lag: number;
  /** One ring per level, closed by a node that stands for nobody, so that no link is ever missing. */
  readonly #rings: readonly Waiter[];
  #size = 0;

  constructor(rules: WaitLineRules) {
    const levels = rules.order === 'priority' ? rules.levels : 1;
    this.#rules = rules;
    this.#places = rules.places;
    // Strict priority is a lag that dwarfs every clock; a true Infinity would make all lower levels equal.
    this.#lag = Math.min(rules.ageMs, Number.MAX_VALUE / levels);
    this.#rings = Array.from({ length: levels }, emptyRing);
  }

  get size(): number {
    return this.#size;
  }

  get isFull(): boolean {
    return this.#size >= this.#places;
  }

  /** Changes how many may wait. Nobody who waits is sent away. */
  resize(places: number): void {
    this.#places = places;
  }

  /** Whoever came first, of the most urgent level; `undefined` when nobody waits there. */
  get first(): W | undefined {
    const ring = this.#rings[0]!;
    return ring.next === ring ? undefined : (ring.next as W);
  }

  /**
   * Takes a place. `level` (0 … levels − 1) and `now` matter to `priority` alone; `now` must not run
   * backwards. The caller has checked `isFull`, or made room by `displace`.
   */
  join(waiter: W, level: number, now: number): void {
    const aged = this.#rules.order === 'priority';
    if (aged) waiter.rank = now + level * this.#lag;
    const ring = this.#rings[aged ? level : 0]!;
    const tail = ring.previous!;
    waiter.previous = tail;
    waiter.next = ring;
    tail.next = waiter;
    ring.previous = waiter;
    this.#size++;
  }

  /** Gives up a place; false if it was given up or served before, which changes nothing. */
  leave(waiter: W): boolean {
    const { previous, next } = waiter;
    if (previous === undefined || next === undefined) return false;
    previous.next = next;
    next.previous = previous;
    waiter.previous = undefined;
    waiter.next = undefined;
    this.#size--;
    return true;
  }

  /** Takes out the waiter whose turn it is. */
  shift(): W | undefined {
    if (this.#size === 0) return undefined;
    const waiter = (this.#rules.order === 'lifo' ? this.#rings[0]!.previous : this.#first()) as W;
    this.leave(waiter);
    return waiter;
  }

  /**
   * Makes room for a newcomer in a full line by taking out the waiter that would be served last; undefined if
   * the newcomer itself would be. So a full line turns away the newcomer under `fifo`, the oldest waiter
   * under `lifo`, and whoever is least urgent, age included, under `priority`.
   */
  displace(level: number, now: number): W | undefined {
    if (this.#rules.order === 'fifo' || this.#size === 0) return undefined;
    const last = this.#last() as W;
    if (this.#rules.order === 'priority' && now + level * this.#lag >= last.rank) return undefined;
    this.leave(last);
    return last;
  }

  /** Of equals the less urgent level goes first: it has waited longer. */
  #first(): Waiter {
    let first = this.#rings[0]!.next!;
    for (let level = 1; level < this.#rings.length; level++) {
      const ring = this.#rings[level]!;
      const head = ring.next!;
      if (head !== ring && (first === this.#rings[0] || head.rank <= first.rank)) first = head;
    }
    return first;
  }

  #last(): Waiter {
    // Under `lifo` the last to be served is the head; otherwise it is the tail that ranks highest.
    if (this.#rules.order === 'lifo') return this.#rings[0]!.next!;
    let last = this.#rings[0]!.previous!;
    for (let level = 1; level < this.#rings.length; level++) {
      const ring = this.#rings[level]!;
      const tail = ring.previous!;
      if (tail !== ring && (last === this.#rings[0] || tail.rank > last.rank)) last = tail;
    }
    return last;
  }
}

function emptyRing(): Waiter {
  const ring = new Waiter();
  ring.previous = ring;
  ring.next = ring;
  return ring;
}
