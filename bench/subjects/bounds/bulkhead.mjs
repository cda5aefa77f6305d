import { AsyncResource } from 'node:async_hooks';
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
    return new Promise((resolve, reject) =>
      this.push({ operation, resolve, reject, scope: undefined, next: undefined }),
    );
  }

  push(waiter) {
    if (this.#last === undefined) this.#first = waiter;
    else this.#last.next = waiter;
    this.#last = waiter;
  }

  run(waiter) {
    return waiter.operation();
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
    this.run(waiter).then(
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

/** The same, and whoever waited runs in the async context of its own caller. */
export class ScopedBulkhead extends BoundBulkhead {
  push(waiter) {
    waiter.scope = new AsyncResource('bound', { requireManualDestroy: true });
    super.push(waiter);
  }

  run(waiter) {
    return waiter.scope.runInAsyncScope(waiter.operation);
  }
}
