import type { Hold } from '../core/outbox-holds.js';
import type { Clock } from '../kernel/clock.js';

/** Messages of one bucket that the bus took in one turn. */
interface Batch {
  readonly ids: number[];
  readonly done: Promise<boolean>;
}

/**
 * Gathers what the bus has, until the turn of the event loop is over: a bucket is written down once for all
 * that came in a turn, and not for each message.
 */
export class RelayConfirms {
  readonly #confirm: (hold: Hold, ids: readonly number[]) => Promise<boolean>;
  readonly #clock: Clock;
  readonly #next = new Map<Hold, Batch>();

  /** `confirm` resolves with whether the claim was good. */
  constructor(confirm: (hold: Hold, ids: readonly number[]) => Promise<boolean>, clock: Clock) {
    this.#confirm = confirm;
    this.#clock = clock;
  }

  /** Resolves when it is written down; those of one turn and one bucket share the promise. */
  add(hold: Hold, id: number): Promise<boolean> {
    const batch = this.#next.get(hold);
    if (batch !== undefined) {
      batch.ids.push(id);
      return batch.done;
    }
    const ids = [id];
    let settle = (_: Promise<boolean>): void => {};
    const done = new Promise<boolean>(resolve => {
      settle = resolve;
    });
    this.#next.set(hold, { ids, done });
    // A virtual clock ends the turn within the call: so the batch has to stand there before.
    this.#clock.afterTurn(() => settle(this.#settle(hold, ids)));
    return done;
  }

  #settle(hold: Hold, ids: readonly number[]): Promise<boolean> {
    this.#next.delete(hold);
    return this.#confirm(hold, ids);
  }
}
