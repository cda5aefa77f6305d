/** Who has which lock, in memory. */
export class SagaLocks {
  readonly #held = new Map<string, { readonly saga: string; readonly leaseMs: number }>();
  readonly #bySaga = new Map<string, Set<string>>();

  /** Gives `lock` to `saga`, unless `keeps` says that its holder still has it. */
  take(
    lock: string,
    saga: string,
    leaseMs: number,
    keeps: (holder: string, leaseMs: number) => boolean,
  ): boolean {
    const there = this.#held.get(lock);
    if (there !== undefined && there.saga !== saga) {
      if (keeps(there.saga, there.leaseMs)) return false;
      this.#bySaga.get(there.saga)?.delete(lock);
    }
    this.#held.set(lock, { saga, leaseMs });
    const locks = this.#bySaga.get(saga);
    if (locks === undefined) this.#bySaga.set(saga, new Set([lock]));
    else locks.add(lock);
    return true;
  }

  /** All locks of a saga are free. */
  free(saga: string): void {
    const locks = this.#bySaga.get(saga);
    if (locks === undefined) return;
    for (const lock of locks) this.#held.delete(lock);
    this.#bySaga.delete(saga);
  }
}
