/** What can stand in a {@link SagaQueue}. */
export interface Queued {
  before: this | undefined;
  after: this | undefined;
}

/** Sagas in the order in which they were added, each of which can be taken out: a list through themselves. */
export class SagaQueue<Saga extends Queued> {
  #first: Saga | undefined;
  #last: Saga | undefined;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get first(): Saga | undefined {
    return this.#first;
  }

  has(saga: Saga): boolean {
    return saga.before !== undefined || this.#first === saga;
  }

  /** Adds one that is not in it. */
  add(saga: Saga): void {
    saga.before = this.#last;
    if (this.#last === undefined) this.#first = saga;
    else this.#last.after = saga;
    this.#last = saga;
    this.#size++;
  }

  /** Without effect where it is not in it. */
  delete(saga: Saga): void {
    if (!this.has(saga)) return;
    const { before, after } = saga;
    if (before === undefined) this.#first = after;
    else before.after = after;
    if (after === undefined) this.#last = before;
    else after.before = before;
    saga.before = saga.after = undefined;
    this.#size--;
  }
}
