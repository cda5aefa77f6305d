/** What comes at its own pace, for one who asks for it one after the other. */
export class ArrivalQueue<T> {
  #arrived: T[] = [];
  #taken = 0;
  #ended = false;
  #failure: { readonly error: unknown } | undefined;
  #wake: (() => void) | undefined;

  push(item: T): void {
    this.#arrived.push(item);
    this.#wake?.();
  }

  end(): void {
    this.#ended = true;
    this.#wake?.();
  }

  fail(error: unknown): void {
    this.#failure = { error };
    this.#wake?.();
  }

  /** The next that has come; `undefined` after the last. Throws, after all that came, what it failed with. */
  async take(): Promise<T | undefined> {
    for (;;) {
      if (this.#taken < this.#arrived.length) return this.#arrived[this.#taken++];
      // All that came was taken: begin anew, so that nothing is kept that nobody needs.
      this.#arrived = [];
      this.#taken = 0;
      if (this.#failure !== undefined) throw this.#failure.error;
      if (this.#ended) return undefined;
      await new Promise<void>(resolve => {
        this.#wake = resolve;
      });
    }
  }
}
