/** Those who want to hear of one thing once. One that fails must not keep the others from hearing of it. */
export class Listeners {
  #entries: Set<{ readonly listener: () => void }> | undefined;

  get size(): number {
    return this.#entries?.size ?? 0;
  }

  /** Adds `listener`, which may be there already. The function returned takes it out; it may be called often. */
  add(listener: () => void): () => void {
    // An entry of its own, so that one function may subscribe twice.
    const entry = { listener };
    this.#entries ??= new Set();
    const entries = this.#entries;
    entries.add(entry);
    // From the very set, for it may be walked at that time.
    return () => {
      entries.delete(entry);
    };
  }

  /** Calls all of them, and forgets them. */
  tell(): void {
    const entries = this.#entries;
    this.#entries = undefined;
    if (entries === undefined) return;
    for (const { listener } of entries) {
      try {
        listener();
      } catch (error) {
        console.error('keelson: a listener of a cancellation failed', error);
      }
    }
  }
}
