import { Fifo } from './fifo.js';

/**
 * Keeps what has the same key in order: the first of a key goes ahead and holds the lane, the others wait
 * behind it until it leaves. Lanes of different keys do not touch each other; a lane that nobody is in is
 * forgotten.
 */
export class Lanes<T> {
  /** A key that is there is held; nothing is kept for those behind before there are any. */
  readonly #behind = new Map<string, Fifo<T> | undefined>();

  /** How many lanes are held. */
  get held(): number {
    return this.#behind.size;
  }

  /** Whether `item` holds the lane now; otherwise it waits, and `leave` answers with it in its turn. */
  enter(key: string, item: T): boolean {
    if (!this.#behind.has(key)) {
      this.#behind.set(key, undefined);
      return true;
    }
    let behind = this.#behind.get(key);
    if (behind === undefined) {
      behind = new Fifo();
      this.#behind.set(key, behind);
    }
    behind.push(item);
    return false;
  }

  /** Whoever holds the lane leaves it: the next one of the key holds it from now on. */
  leave(key: string): T | undefined {
    const next = this.#behind.get(key)?.shift();
    if (next === undefined) this.#behind.delete(key);
    return next;
  }
}
