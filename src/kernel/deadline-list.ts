import type { Clock, Timer } from './clock.js';

/** What stands in a deadline list; the list owns the links, and moves a deadline only to later. */
export interface Due {
  deadline: number;
  dueBefore: Due | undefined;
  dueAfter: Due | undefined;
}

/** The smallest age of a turn, in ms, that is worth correcting for. */
const DRIFT = 1;

/**
 * Deadlines in order of time behind one timer, for many that start and few that fire. Adding and removing are
 * constant in time and touch no timer: that is settled once per turn of the event loop.
 *
 * A deadline counts from the end of the turn in which it was added, so that a turn that blocked the loop is not
 * charged to the remote; and when it comes, replies that lie in the socket buffers are read before it fires.
 */
export class DeadlineList<Node extends Due> {
  readonly #clock: Clock;
  readonly #onDue: (node: Node) => void;
  #head: Node | undefined;
  #tail: Node | undefined;
  /** The first node that was added in this turn, and the time it was stamped with. */
  #fresh: Node | undefined;
  #stamp = 0;
  #timer: Timer | undefined;
  #timerAt = 0;
  #turnWatched = false;
  readonly #endTurn = (): void => this.#settle();
  readonly #fire = (): void => this.#clock.afterTurn(this.#expire);
  readonly #expire = (): void => this.#expireDue();

  constructor(clock: Clock, onDue: (node: Node) => void) {
    this.#clock = clock;
    this.#onDue = onDue;
  }

  /** Whether `deadline` keeps the order when it is added now. */
  fits(deadline: number): boolean {
    return this.#tail === undefined || this.#tail.deadline <= deadline;
  }

  /** Adds `node`, whose deadline {@link fits}; `now` is the coarse time that it was reckoned from. */
  add(node: Node, now: number): void {
    const tail = this.#tail;
    node.dueBefore = tail;
    if (tail === undefined) this.#head = node;
    else tail.dueAfter = node;
    this.#tail = node;
    if (this.#fresh === undefined) {
      this.#fresh = node;
      this.#stamp = now;
    }
    this.#watchTurn();
  }

  /** Takes `node` out; without effect when it is not in. */
  remove(node: Node): void {
    const before = node.dueBefore as Node | undefined;
    const after = node.dueAfter as Node | undefined;
    if (before === undefined && this.#head !== node) return;
    if (before === undefined) this.#head = after;
    else before.dueAfter = after;
    if (after === undefined) this.#tail = before;
    else after.dueBefore = before;
    if (this.#fresh === node) this.#fresh = after;
    node.dueBefore = node.dueAfter = undefined;
    if (this.#head === undefined) this.#watchTurn();
  }

  #watchTurn(): void {
    if (this.#turnWatched) return;
    this.#turnWatched = true;
    this.#clock.afterTurn(this.#endTurn);
  }

  #settle(): void {
    this.#turnWatched = false;
    const fresh = this.#fresh;
    this.#fresh = undefined;
    if (fresh !== undefined) this.#postpone(fresh, this.#clock.now() - this.#stamp);
    this.#arm();
  }

  #postpone(first: Node, drift: number): void {
    if (drift < DRIFT) return;
    for (let node: Due | undefined = first; node !== undefined; node = node.dueAfter) node.deadline += drift;
  }

  /** One timer for the nearest deadline, none when there is nothing to wait for. */
  #arm(): void {
    const head = this.#head;
    if (this.#timer !== undefined) {
      // A timer that is too early is left: it costs less to wake once than to rearm at every call.
      if (head !== undefined && this.#timerAt <= head.deadline) return;
      this.#timer.cancel();
      this.#timer = undefined;
    }
    if (head === undefined) return;
    this.#timerAt = head.deadline;
    // Somebody waits for these calls: the process must live to tell them.
    this.#timer = this.#clock.schedule(head.deadline - this.#clock.now(), this.#fire, true);
  }

  #expireDue(): void {
    this.#timer = undefined;
    const now = this.#clock.now();
    for (let head = this.#head; head !== undefined && head.deadline <= now; head = this.#head) {
      this.remove(head);
      this.#onDue(head);
    }
    this.#arm();
  }
}
