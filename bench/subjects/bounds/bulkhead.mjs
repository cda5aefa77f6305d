import { refused } from './rejection.mjs';

/** A count of the running, a linked line of the waiting; a slot passes on in the same turn. */
export class BoundBulkhead {
  #free;
  #room;
  #first;
  #last;
  #onValue;
  #onError;

  constructor(slots, queue) {
    this.#free = slots;
    this.#room = queue;
    this.#onValue = value => {
      this.#leave();
      return value;
    };
    this.#onError = error => {
      this.#leave();
      throw error;
    };
  }

  execute(operation) {
    if (this.#free > 0) {
      this.#free--;
      return operation().then(this.#onValue, this.#onError);
    }
    if (this.#room === 0) return Promise.reject(refused('full'));
    this.#room--;
    return new Promise((resolve, reject) => this.#push({ operation, resolve, reject, next: undefined }));
  }

  #push(waiter) {
    if (this.#last === undefined) this.#first = waiter;
    else this.#last.next = waiter;
    this.#last = waiter;
  }

  #leave() {
    const waiter = this.#first;
    if (waiter === undefined) {
      this.#free++;
      return;
    }
    this.#first = waiter.next;
    if (waiter.next === undefined) this.#last = undefined;
    this.#room++;
    waiter.operation().then(
      value => {
        this.#leave();
        waiter.resolve(value);
      },
      error => {
        this.#leave();
        waiter.reject(error);
      },
    );
  }
}
