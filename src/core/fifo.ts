/** Below this many the places of what was taken are not worth reclaiming. */
const FEW = 32;

/** First in, first out. A step takes constant time on average, and what was taken is let go of. */
export class Fifo<T> {
  readonly #items: (T | undefined)[] = [];
  #first = 0;

  /** How many there are. */
  get size(): number {
    return this.#items.length - this.#first;
  }

  push(item: T): void {
    this.#items.push(item);
  }

  /** Takes the oldest out; `undefined` when there is none. */
  shift(): T | undefined {
    if (this.#first === this.#items.length) return undefined;
    const item = this.#items[this.#first];
    this.#items[this.#first++] = undefined;
    if (this.#first === this.#items.length) this.clear();
    else if (this.#first > FEW && this.#first * 2 > this.#items.length) {
      this.#items.splice(0, this.#first);
      this.#first = 0;
    }
    return item;
  }

  /** Lets go of all. */
  clear(): void {
    this.#items.length = 0;
    this.#first = 0;
  }

  /** The oldest first. */
  *[Symbol.iterator](): Iterator<T> {
    for (let at = this.#first; at < this.#items.length; at++) yield this.#items[at]!;
  }
}
