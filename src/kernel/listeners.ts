/** Those who want to hear of one thing once. One that fails must not keep the others from hearing of it. */
export class Listeners {
  #entries = new Set<{ readonly listener: () => void }>();

  get size(): number {
    return this.#entries.size;
  }

  /** Adds `listener`, which may be there already. The function returned takes it out. */
  add(listener: () => void): () => void {
    // An entry of its own, so that one function may subscribe twice.
    const entry = { listener };
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
    this.#entries = new Set();
    for (const { listener } of entries) {
      try {
        listener();
      } catch (error) {
        console.error('keelson: a listener of a cancellation failed', error);
      }
    }
  }
}
