import type { Clock, Timer } from './clock.js';

/** What stands in a deadline list; the list owns the links, and moves a deadline only to later. */
export interface Due {
  /** When its time comes; only set while it stands in the list, or is about to. */
  dueAt: number;
  dueBefore: Due | undefined;
  dueAfter: Due | undefined;
  /** A deadline from outside, that no postponement may pass; `Infinity` when there is none. */
  readonly latest: number;
}

/** What was added in a turn before coarse time moved amid it: all behind `before`, reckoned from `start`. */
interface Stretch {
  before: Due | undefined;
  readonly start: number;
}

/**
 * Deadlines in order of time behind one timer, for many of the same span that start and few that fire. Adding
 * and removing are constant in time and touch no timer: that is settled once per turn of the event loop. Only
 * in a turn that blocks the loop does removing take a look at each of the milliseconds in which some began.
 *
 * A deadline counts from the end of the turn in which it was added, so that a turn that blocked the loop is
 * not charged to the remote; and when it comes, replies that lie in the socket buffers are read before it
 * fires.
 */
export class DeadlineList<Node extends Due> {
  readonly #clock: Clock;
  readonly #onDue: (node: Node) => void;
  #head: Node | undefined;
  #tail: Node | undefined;
  /** Whether nodes were added in this turn, the last one from before, and the coarse time they count from. */
  #turnOpen = false;
  #turnBefore: Due | undefined;
  #turnStart = 0;
  /** Where coarse time has moved amid the turn: the stretches before that. */
  #earlier: Stretch[] | undefined;
  /** Whether a postponement has moved one beyond another that stands behind it. */
  #disordered = false;
  #turnWatched = false;
  #timer: Timer | undefined;
  #timerAt = 0;
  readonly #endTurn = (): void => this.#settle();
  readonly #fire = (): void => this.#clock.afterTurn(this.#expire);
  readonly #expire = (): void => this.#expireDue();

  constructor(clock: Clock, onDue: (node: Node) => void) {
    this.#clock = clock;
    this.#onDue = onDue;
  }

  /** Whether `deadline` keeps the order when it is added now. */
  fits(deadline: number): boolean {
    return this.#tail === undefined || this.#tail.dueAt <= deadline;
  }

  /** The first time from `dueAt` on that {@link fits}, for whoever does not mind to wait for it. */
  fitting(dueAt: number): number {
    return Math.max(dueAt, this.#tail?.dueAt ?? dueAt);
  }

  /** Adds `node`, whose `dueAt` {@link fits}; `now` is the coarse time that it was reckoned from. */
  add(node: Node, now: number): void {
    if (!this.#turnOpen) {
      this.#turnOpen = true;
      this.#turnBefore = this.#tail;
      this.#turnStart = now;
    } else if (now > this.#turnStart) {
      this.#moveOn(now);
    }
    const tail = this.#tail;
    this.#tail = node;
    if (tail === undefined) {
      this.#head = node;
    } else {
      node.dueBefore = tail;
      tail.dueAfter = node;
    }
    // Last, for a virtual clock ends the turn at once.
    this.#watchTurn();
  }

  /** Takes `node` out; without effect when it is not in. */
  remove(node: Node): void {
    const before = node.dueBefore as Node | undefined;
    const after = node.dueAfter as Node | undefined;
    if (before !== undefined) before.dueAfter = after;
    else if (this.#head === node) this.#head = after;
    else return;
    if (this.#turnBefore === node) this.#turnBefore = before;
    const earlier = this.#earlier;
    if (earlier !== undefined) {
      // By place: an iterator would be made at each call of a turn that takes long.
      for (let at = 0; at < earlier.length; at++) {
        if (earlier[at]!.before === node) earlier[at]!.before = before;
      }
    }
    if (after === undefined) this.#tail = before;
    else after.dueBefore = before;
    node.dueBefore = node.dueAfter = undefined;
    if (this.#head === undefined && this.#timer !== undefined) this.#watchTurn();
  }

  #watchTurn(): void {
    if (this.#turnWatched) return;
    this.#turnWatched = true;
    this.#clock.afterTurn(this.#endTurn);
  }

  /** Coarse time has moved amid a turn: what comes now is postponed by less than what came before. */
  #moveOn(now: number): void {
    if (this.#tail !== this.#turnBefore) {
      this.#earlier ??= [];
      this.#earlier.push({ before: this.#turnBefore, start: this.#turnStart });
      this.#turnBefore = this.#tail;
    }
    this.#turnStart = now;
  }

  #settle(): void {
    this.#turnWatched = false;
    if (this.#turnOpen) {
      this.#turnOpen = false;
      const now = this.#clock.now();
      let node = this.#postpone(this.#tail, this.#turnBefore, now - this.#turnStart);
      const earlier = this.#earlier;
      if (earlier !== undefined) {
        for (const { before, start } of earlier.reverse()) node = this.#postpone(node, before, now - start);
        this.#earlier = undefined;
      }
      this.#turnBefore = undefined;
      if (this.#disordered) this.#putInOrder();
    }
    this.#arm();
  }

  /** Moves what stands from `last` back to before `until`, and answers that. */
  #postpone(last: Due | undefined, until: Due | undefined, driftMs: number): Due | undefined {
    // Whole milliseconds, for V8 keeps small integers without a box.
    const drift = Math.ceil(driftMs);
    if (drift <= 0) return until;
    for (let node = last; node !== undefined && node !== until; node = node.dueBefore) {
      node.dueAt = Math.min(node.dueAt + drift, node.latest);
      if (node.dueAfter !== undefined && node.dueAt > node.dueAfter.dueAt) this.#disordered = true;
    }
    return until;
  }

  /**
   * What was added later may be due before what was postponed: it has a deadline from outside that did not
   * move, a shorter span, or came so late in the turn that it was postponed by less.
   */
  #putInOrder(): void {
    this.#disordered = false;
    const all: Node[] = [];
    for (let node = this.#head; node !== undefined; node = node.dueAfter as Node | undefined) all.push(node);
    all.sort((a, b) => a.dueAt - b.dueAt);
    for (const [place, node] of all.entries()) {
      node.dueBefore = all[place - 1];
      node.dueAfter = all[place + 1];
    }
    this.#head = all[0];
    this.#tail = all.at(-1);
  }

  /** One timer for the nearest deadline, none when there is nothing to wait for. */
  #arm(): void {
    const head = this.#head;
    if (this.#timer !== undefined) {
      // A timer that is too early is left: it costs less to wake once than to rearm at every call.
      if (head !== undefined && this.#timerAt <= head.dueAt) return;
      this.#timer.cancel();
      this.#timer = undefined;
    }
    if (head === undefined) return;
    this.#timerAt = head.dueAt;
    // Somebody waits for these calls: the process must live to tell them.
    this.#timer = this.#clock.schedule(head.dueAt - this.#clock.now(), this.#fire, true);
  }

  #expireDue(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    const now = this.#clock.now();
    for (let head = this.#head; head !== undefined && head.dueAt <= now; head = this.#head) {
      this.remove(head);
      this.#onDue(head);
    }
    this.#arm();
  }
}
