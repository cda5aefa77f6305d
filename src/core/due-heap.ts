/** Something that is due at a time. */
export class Due<T> {
  readonly item: T;
  readonly at: number;
  /** @internal Where it stands in the heap, -1 once it is out. */
  place = -1;

  constructor(item: T, at: number) {
    this.item = item;
    this.at = at;
  }
}

/**
 * What is due at which time, the earliest at hand: a binary heap whose entries know their places, so that any
 * of them can be taken out. Adding in order of time is constant, everything else O(log n).
 */
export class DueHeap<T> {
  readonly #heap: Due<T>[] = [];

  get size(): number {
    return this.#heap.length;
  }

  /** The earliest time at which something is due, `Infinity` when nothing is. */
  get earliest(): number {
    return this.#heap[0]?.at ?? Infinity;
  }

  add(item: T, at: number): Due<T> {
    const due = new Due(item, at);
    this.#heap.push(due);
    this.#rise(due, this.#heap.length - 1);
    return due;
  }

  /** Takes `due` out; false if it was out before, which changes nothing. */
  remove(due: Due<T>): boolean {
    const { place } = due;
    if (this.#heap[place] !== due) return false;
    due.place = -1;
    const last = this.#heap.pop()!;
    if (last === due) return true;
    if (place > 0 && last.at < this.#heap[(place - 1) >> 1]!.at) this.#rise(last, place);
    else this.#sink(last, place);
    return true;
  }

  /** Takes out what is due first, if its time has come by `now`. */
  shift(now: number): T | undefined {
    const first = this.#heap[0];
    if (first === undefined || first.at > now) return undefined;
    this.remove(first);
    return first.item;
  }

  #rise(due: Due<T>, from: number): void {
    let place = from;
    while (place > 0) {
      const above = (place - 1) >> 1;
      if (this.#heap[above]!.at <= due.at) break;
      this.#put(this.#heap[above]!, place);
      place = above;
    }
    this.#put(due, place);
  }

  #sink(due: Due<T>, from: number): void {
    const heap = this.#heap;
    let place = from;
    for (let below = 2 * place + 1; below < heap.length; below = 2 * place + 1) {
      if (below + 1 < heap.length && heap[below + 1]!.at < heap[below]!.at) below++;
      if (heap[below]!.at >= due.at) break;
      this.#put(heap[below]!, place);
      place = below;
    }
    this.#put(due, place);
  }

  #put(due: Due<T>, place: number): void {
    this.#heap[place] = due;
    due.place = place;
  }
}
