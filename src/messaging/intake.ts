import type { Clock, Timer } from '../kernel/clock.js';
import type { DriverSubscription } from './driver.js';

/** The first wait after a driver that could not be asked, and the longest. */
const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 10_000;

/** What a consumer asks its driver for. One that throws in place of taking the request is asked again. */
export class Intake {
  readonly #clock: Clock;
  readonly #failed: (error: unknown) => void;
  readonly #again: () => void;
  #subscription: DriverSubscription | undefined;
  #asked = 0;
  #waitMs = FIRST_WAIT_MS;
  #wait: Timer | undefined;

  /** `failed` hears of each failure; `again` is called when it is time for another try. */
  constructor(clock: Clock, failed: (error: unknown) => void, again: () => void) {
    this.#clock = clock;
    this.#failed = failed;
    this.#again = again;
  }

  /** What was asked for and has not come. */
  get asked(): number {
    return this.#asked;
  }

  attach(subscription: DriverSubscription): void {
    this.#subscription = subscription;
  }

  /** One of those that were asked for, or one that nobody asked for any more. */
  came(): void {
    if (this.#asked > 0) this.#asked--;
  }

  /** Without effect before there is a subscription, and while it waits for another try. */
  ask(count: number): void {
    if (this.#subscription === undefined || this.#wait !== undefined) return;
    // Before the driver is asked: it may hand over at once.
    this.#asked += count;
    try {
      this.#subscription.request(count);
      this.#waitMs = FIRST_WAIT_MS;
    } catch (error) {
      this.#asked = Math.max(0, this.#asked - count);
      this.#putOff();
      this.#failed(error);
    }
  }

  /** What was asked for and has not come is for others. What has come stays: it may have been counted. */
  async pause(): Promise<void> {
    this.#asked = 0;
    try {
      await this.#subscription?.pause();
    } catch {
      // A broker that does not hear of it is gone, and hands over nothing.
    }
  }

  async end(): Promise<void> {
    await this.pause();
    this.#asked = 0;
    this.#wait?.cancel();
  }

  #putOff(): void {
    const waitMs = this.#waitMs;
    this.#waitMs = Math.min(2 * waitMs, LONGEST_WAIT_MS);
    // Somebody waits for messages: the process must live to get them.
    this.#wait = this.#clock.schedule(
      waitMs,
      () => {
        this.#wait = undefined;
        this.#again();
      },
      true,
    );
  }
}
