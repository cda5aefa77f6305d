import type { Clock } from '../kernel/clock.js';
import type { ClaimedSaga, SagaStore } from './saga-store.js';

/**
 * The time of a store, told by the monotonic clock of this process: what a worker writes down is a time of
 * the store, however wrong the clock on its own wall is, and whenever that is set.
 */
export class StoreTime {
  readonly #clock: Clock;
  readonly #store: SagaStore;
  #ahead = 0;

  constructor(store: SagaStore, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  /** In epoch ms, whole ones. */
  now(): number {
    return Math.round(this.#clock.now() + this.#ahead);
  }

  /** Asks the store; what the answer took is split between there and back. */
  async sync(): Promise<void> {
    const asked = this.#clock.now();
    this.#set(await this.#store.now(), asked);
  }

  /**
   * What claims say in passing, which end `leaseMs` from the time of the store. Without it, what the store
   * takes to be due and this process does not would be claimed and given back without end, where a clock was
   * set.
   */
  heard(claimed: readonly ClaimedSaga[], leaseMs: number, asked: number): void {
    const wakeAt = claimed[0]?.record.wakeAt;
    if (wakeAt !== undefined) this.#set(wakeAt - leaseMs, asked);
  }

  #set(told: number, asked: number): void {
    this.#ahead = told - (asked + this.#clock.now()) / 2;
  }
}
