/** One value for each origin, the most recently used `limit` of them. */
export class PerOrigin<V> {
  readonly #values = new Map<string, V>();
  readonly #limit: number;
  readonly #make: (origin: string) => V;
  readonly #mayForget: (value: V) => boolean;

  constructor(limit: number, make: (origin: string) => V, mayForget: (value: V) => boolean) {
    this.#limit = limit;
    this.#make = make;
    this.#mayForget = mayForget;
  }

  get(origin: string): V {
    let value = this.#values.get(origin);
    if (value === undefined) {
      if (this.#values.size >= this.#limit) this.#forgetOne();
      value = this.#make(origin);
    } else {
      this.#values.delete(origin);
    }
    this.#values.set(origin, value);
    return value;
  }

  entries(): Iterable<[string, V]> {
    return this.#values.entries();
  }

  /** The one unused for longest, of those that hold nothing worth knowing as long as there is one. */
  #forgetOne(): void {
    let oldest: string | undefined;
    for (const [origin, value] of this.#values) {
      oldest ??= origin;
      if (!this.#mayForget(value)) continue;
      oldest = origin;
      break;
    }
    if (oldest !== undefined) this.#values.delete(oldest);
  }
}
