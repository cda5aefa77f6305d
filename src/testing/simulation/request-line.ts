/** Requests that wait, oldest first, taken from either end. Whoever adds them sees to a bound. */
export class RequestLine<T> {
  #items: (T | undefined)[] = [];
  /** What lies before it is gone, and cut off now and then. */
  #head = 0;

  get size(): number {
    return this.#items.length - this.#head;
  }

  push(item: T): void {
    this.#items.push(item);
  }

  takeOldest(): T | undefined {
    if (this.size === 0) return undefined;
    const item = this.#items[this.#head];
    this.#items[this.#head++] = undefined;
    if (this.#head >= 1_024 && this.#head * 2 >= this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return item;
  }

  takeNewest(): T | undefined {
    return this.size === 0 ? undefined : this.#items.pop();
  }
}
