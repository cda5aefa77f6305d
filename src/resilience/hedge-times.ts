import type { Due } from '../core/due-heap.js';
import type { Clock } from '../kernel/clock.js';
import { DeadlineList } from '../kernel/deadline-list.js';
import { DueTimer } from './due-timer.js';

/** A call whose next attempt has its time; the fields belong to {@link HedgeTimes}. */
export interface HedgeWait {
  dueAt: number;
  dueBefore: HedgeWait | undefined;
  dueAfter: HedgeWait | undefined;
  readonly latest: number;
  /** Where it stands when its time is out of order. */
  outOfOrder: Due<HedgeWait> | undefined;
  /** Its time has come. */
  due(): void;
}

/** The times of the next attempts of all calls, behind one timer, two when they come out of order. */
export class HedgeTimes {
  readonly #clock: Clock;
  readonly #inOrder: DeadlineList<HedgeWait>;
  #others: DueTimer<HedgeWait> | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#inOrder = new DeadlineList(clock, wait => wait.due());
  }

  /** Calls `wait.due()` in `delayMs`, which is finite. */
  add(wait: HedgeWait, delayMs: number): void {
    const now = this.#clock.coarse();
    if (this.#inOrder.fits(now + delayMs)) {
      wait.dueAt = now + delayMs;
      this.#inOrder.add(wait, now);
      return;
    }
    this.#others ??= new DueTimer<HedgeWait>(this.#clock, other => {
      other.outOfOrder = undefined;
      other.due();
    });
    wait.outOfOrder = this.#others.add(wait, this.#clock.now() + delayMs);
  }

  /** Without effect when it does not wait. */
  remove(wait: HedgeWait): void {
    this.#inOrder.remove(wait);
    if (wait.outOfOrder === undefined) return;
    this.#others!.remove(wait.outOfOrder);
    wait.outOfOrder = undefined;
  }
}
