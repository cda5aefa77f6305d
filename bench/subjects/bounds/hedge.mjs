import { AsyncResource } from 'node:async_hooks';
import { DeadlineList } from './timeout.mjs';

class Race {
  constructor(deadline, operation, resolve, reject) {
    this.deadline = deadline;
    this.operation = operation;
    this.resolve = resolve;
    this.reject = reject;
    this.running = 1;
    this.scope = undefined;
    this.listed = false;
    this.previous = undefined;
    this.next = undefined;
  }

  expire() {
    this.running++;
    const { scope, operation } = this;
    const started = scope === undefined ? operation() : scope.runInAsyncScope(operation);
    started.then(this.resolve, error => this.fail(error));
  }

  fail(error) {
    if (--this.running === 0) this.reject(error);
  }
}

/** One more attempt after a delay, and the first success: none is given up, none starts at a failure. */
export class BoundHedge {
  #delayMs;
  #now;
  #list = new DeadlineList();

  constructor(delayMs, now) {
    this.#delayMs = delayMs;
    this.#now = now;
  }

  execute(operation) {
    return new Promise((resolve, reject) => {
      const now = this.#now();
      const race = new Race(now + this.#delayMs, operation, resolve, reject);
      this.scope(race);
      this.#list.add(race, now);
      operation().then(
        value => {
          this.#list.remove(race);
          resolve(value);
        },
        error => {
          this.#list.remove(race);
          race.fail(error);
        },
      );
    });
  }

  scope(_race) {}
}

/** The same, and the second attempt runs in the async context of its caller. */
export class ScopedHedge extends BoundHedge {
  scope(race) {
    race.scope = new AsyncResource('bound', { requireManualDestroy: true });
  }
}
