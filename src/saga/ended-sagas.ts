import type { Kept } from './in-memory-saga-record.js';
import { SagaQueue } from './saga-queue.js';
import { isFinal } from './saga-record.js';

/**
 * Sagas that are over, in the order in which nobody needs them any more. A step of a saga that is under way
 * is needed until that is over: it may be asked for its answers, or undone.
 */
export class EndedSagas {
  readonly #sagas: ReadonlyMap<string, Kept>;
  readonly #line = new SagaQueue<Kept>();

  /** `sagas` are all of them, by id. */
  constructor(sagas: ReadonlyMap<string, Kept>) {
    this.#sagas = sagas;
  }

  get size(): number {
    return this.#line.size;
  }

  get first(): Kept | undefined {
    return this.#line.first;
  }

  /** It is over; what was kept for its sake is not needed any more. */
  add(kept: Kept): void {
    const { record, steps } = kept;
    if (!isFinal(record.status) || this.#line.has(kept)) return;
    const parent = record.parent === undefined ? undefined : this.#sagas.get(record.parent);
    if (parent !== undefined && !isFinal(parent.record.status)) return;
    this.#line.add(kept);
    for (const step of steps ?? []) this.add(step);
  }

  /** It is taken up again, or forgotten. Without effect where it is not among them. */
  delete(kept: Kept): void {
    this.#line.delete(kept);
  }
}
