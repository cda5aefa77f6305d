import type { Timer } from '../kernel/clock.js';

/** A timer of a virtual clock. */
export class VirtualTimer implements Timer {
  readonly due: number;
  readonly keepAlive: boolean;
  readonly callback: () => void;
  /** Of two that are due at the same time, the one that was scheduled first has the smaller. */
  order = 0;
  /** Where it stands in the heap, -1 while it is out. */
  place = -1;
  readonly #heap: TimerHeap;

  constructor(due: number, callback: () => void, keepAlive: boolean, heap: TimerHeap) {
    this.due = due;
    this.keepAlive = keepAlive;
    this.callback = callback;
    this.#heap = heap;
  }

  fire(): void {
    const { callback } = this;
    callback();
  }

  cancel(): void {
    this.#heap.remove(this);
  }
}

/** Timers in firing order, ties as they came: a binary heap whose entries know their places. */
export class TimerHeap {
  readonly #heap: VirtualTimer[] = [];
  #added = 0;

  get size(): number {
    return this.#heap.length;
  }

  get first(): VirtualTimer | undefined {
    return this.#heap[0];
  }

  add(timer: VirtualTimer): void {
    timer.order = this.#added++;
    this.#rise(timer, this.#heap.length);
  }

  /** Nothing happens to one that is out. */
  remove(timer: VirtualTimer): void {
    const { place } = timer;
    if (place < 0) return;
    timer.place = -1;
    const last = this.#heap.pop()!;
    if (last === timer) return;
    if (place > 0 && firesBefore(last, this.#heap[(place - 1) >> 1]!)) this.#rise(last, place);
    else this.#sink(last, place);
  }

  [Symbol.iterator](): Iterator<VirtualTimer> {
    return this.#heap[Symbol.iterator]();
  }

  #rise(timer: VirtualTimer, from: number): void {
    const heap = this.#heap;
    let place = from;
    while (place > 0) {
      const above = heap[(place - 1) >> 1]!;
      if (firesBefore(above, timer)) break;
      heap[place] = above;
      above.place = place;
      place = (place - 1) >> 1;
    }
    heap[place] = timer;
    timer.place = place;
  }

  #sink(timer: VirtualTimer, from: number): void {
    const heap = this.#heap;
    let place = from;
    for (let below = 2 * place + 1; below < heap.length; below = 2 * place + 1) {
      if (below + 1 < heap.length && firesBefore(heap[below + 1]!, heap[below]!)) below++;
      const next = heap[below]!;
      if (firesBefore(timer, next)) break;
      heap[place] = next;
      next.place = place;
      place = below;
    }
    heap[place] = timer;
    timer.place = place;
  }
}

function firesBefore(one: VirtualTimer, other: VirtualTimer): boolean {
  return one.due < other.due || (one.due === other.due && one.order < other.order);
}
