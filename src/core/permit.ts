import type { CircuitDecision } from './circuit-snapshot.js';

/** Permits of this epoch speak for no state at all. */
export const MUTE = 0;

/** The right to make a call that is followed by itself, and its node in the roster's list. */
export class FollowedCall {
  /** For which period of the circuit the result speaks. */
  readonly epoch: number;
  readonly startedAt: number;
  previous: FollowedCall = this;
  next: FollowedCall = this;

  constructor(epoch: number, startedAt: number) {
    this.epoch = epoch;
    this.startedAt = startedAt;
  }
}

/**
 * The right to make a call. Calls that need not be told apart share one: the decision that lets them all
 * pass.
 */
export type Permit = CircuitDecision | FollowedCall;

/** The calls of one epoch that are followed one by one, the oldest first, and the score of its probes. */
export class Roster {
  /** Calls in flight that are neither overdue nor given up. */
  inFlight = 0;
  /** Calls in flight that already count as slow. */
  overdue = 0;
  passed = 0;
  failed = 0;
  /** Both ends of a circular list. */
  readonly #ends = new FollowedCall(0, 0);

  get oldest(): FollowedCall | undefined {
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

  add(epoch: number, now: number): FollowedCall {
    const call = new FollowedCall(epoch, now);
    const ends = this.#ends;
    call.previous = ends.previous;
    call.next = ends;
    ends.previous = ends.previous.next = call;
    this.inFlight++;
    return call;
  }

  /** False when it was removed before. */
  remove(call: FollowedCall): boolean {
    if (call.next === call) return false;
    call.previous.next = call.next;
    call.next.previous = call.previous;
    call.previous = call.next = call;
    this.inFlight--;
    return true;
  }
}
