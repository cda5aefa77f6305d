/** Permits of this epoch speak for no state at all. */
export const MUTE = 0;

/**
 * The right to make one call. The epoch says for which period of the circuit its result speaks. It is a node of the
 * roster's list at the same time, so that following a call costs no second object.
 */
export class Permit {
  readonly epoch: number;
  readonly startedAt: number;
  previous: Permit = this;
  next: Permit = this;

  constructor(epoch: number, startedAt: number) {
    this.epoch = epoch;
    this.startedAt = startedAt;
  }
}

/** The calls of one epoch that are followed one by one, the oldest first, and the score of its probes. */
export class Roster {
  /** Calls in flight that are neither overdue nor given up. */
  inFlight = 0;
  /** Calls in flight that already count as slow. */
  overdue = 0;
  passed = 0;
  failed = 0;
  /** Both ends of a circular list. */
  readonly #ends = new Permit(0, 0);

  get oldest(): Permit | undefined {
    return this.inFlight === 0 ? undefined : this.#ends.next;
  }

  /** Places of a half-open period that cannot be given to another call. */
  get taken(): number {
    return this.inFlight + this.overdue + this.passed + this.failed;
  }

  score(passed: boolean): void {
    if (passed) this.passed++;
    else this.failed++;
  }

  add(epoch: number, now: number): Permit {
    const permit = new Permit(epoch, now);
    const ends = this.#ends;
    permit.previous = ends.previous;
    permit.next = ends;
    ends.previous = ends.previous.next = permit;
    this.inFlight++;
    return permit;
  }

  /** False when it was removed before. */
  remove(permit: Permit): boolean {
    if (permit.next === permit) return false;
    permit.previous.next = permit.next;
    permit.next.previous = permit.previous;
    permit.previous = permit.next = permit;
    this.inFlight--;
    return true;
  }
}
