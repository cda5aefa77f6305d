import { type Labels, OVERFLOW } from './metric-family.js';

/** A series that is kept from call to call. */
interface Series {
  readonly labels: Labels;
}

/** Series by a key of theirs, at most so many; what is beyond goes on in one more. */
export class BoundedSeries<V extends Series> {
  readonly #most: number;
  readonly #make: (labels: Labels) => V;
  readonly #kept = new Map<string, V>();
  #rest: V | undefined;

  constructor(most: number, make: (labels: Labels) => V) {
    this.#most = most;
    this.#make = make;
  }

  get room(): number {
    return this.#most - this.#kept.size;
  }

  has(key: string): boolean {
    return this.#kept.has(key);
  }

  /** That of a key, made if there is none. */
  of(key: string, labels: () => Labels): V {
    const found = this.#kept.get(key);
    if (found !== undefined) return found;
    if (this.room <= 0) {
      this.#rest ??= this.#make(OVERFLOW);
      return this.#rest;
    }
    const made = this.#make(labels());
    this.#kept.set(key, made);
    return made;
  }

  /** Forgets those whose keys begin so. */
  forget(beginning: string): void {
    for (const key of this.#kept.keys()) if (key.startsWith(beginning)) this.#kept.delete(key);
  }

  *[Symbol.iterator](): Generator<V> {
    yield* this.#kept.values();
    if (this.#rest !== undefined) yield this.#rest;
  }
}
