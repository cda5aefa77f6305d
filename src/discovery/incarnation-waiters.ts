/** Those who wait until the store has an incarnation. */
export class IncarnationWaiters {
  #waiters: { incarnation: number; resolve: () => void; reject: (error: unknown) => void }[] = [];

  /** Resolves when the store has `incarnation` or a later one. */
  wait(incarnation: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiters.push({ incarnation, resolve, reject });
    });
  }

  /** What they wait for has got greater numbers. */
  shift(by: number): void {
    for (const waiter of this.#waiters) waiter.incarnation += by;
  }

  /** The store has `incarnation`. */
  resolve(incarnation: number): void {
    const waiters = this.#waiters;
    this.#waiters = waiters.filter(waiter => waiter.incarnation > incarnation);
    for (const waiter of waiters) if (waiter.incarnation <= incarnation) waiter.resolve();
  }

  /** The store will have none of what they wait for. */
  reject(error: unknown): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const waiter of waiters) waiter.reject(error);
  }
}
