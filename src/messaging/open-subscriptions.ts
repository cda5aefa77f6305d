import type { DriverSubscription } from './driver.js';

/** The subscriptions of a driver that are not closed. Each is closed once, however often that is asked. */
export class OpenSubscriptions {
  readonly #open = new Set<DriverSubscription>();

  /** What whoever subscribed gets in place of `subscription`. */
  add(subscription: DriverSubscription): DriverSubscription {
    const handle: DriverSubscription = {
      request: count => subscription.request(count),
      pause: () => subscription.pause(),
      close: async () => {
        if (this.#open.delete(handle)) await subscription.close();
      },
    };
    this.#open.add(handle);
    return handle;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#open].map(subscription => subscription.close()));
  }
}
