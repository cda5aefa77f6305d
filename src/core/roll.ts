/** What can stand in a roll, in one at a time. The roll owns its place. */
export interface Listed {
  /** Where it stands; -1 while it stands nowhere. */
  place: number;
}

/**
 * Those that are here, in no order. To come and to leave is constant in time and allocates nothing.
 *
 * A `Set` whose members are ever new ones makes a table anew after a few of them, and V8 has each table know
 * the next. Once one of them has grown old, a collection of what is young keeps all that came after it, with
 * whatever was in them.
 */
export class Roll<T extends Listed> {
  readonly #all: T[] = [];

  get size(): number {
    return this.#all.length;
  }

  /** All of them at this time: who comes or leaves meanwhile changes nothing of it. */
  all(): readonly T[] {
    return this.#all.slice();
  }

  /** Only for what stands nowhere. */
  enter(item: T): void {
    item.place = this.#all.length;
    this.#all.push(item);
  }

  /** Takes `item` out; false if it was not here, which changes nothing. */
  leave(item: T): boolean {
    const { place } = item;
    if (this.#all[place] !== item) return false;
    item.place = -1;
    const last = this.#all.pop()!;
    if (last === item) return true;
    this.#all[place] = last;
    last.place = place;
    return true;
  }
}
