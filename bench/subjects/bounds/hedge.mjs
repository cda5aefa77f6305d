import { DeadlineList } from './timeout.mjs';

class Race {
  constructor(deadline, operation, resolve, reject) {
    this.deadline = deadline;
    this.operation = operation;
    this.resolve = resolve;
    this.reject = reject;
    this.running = 1;
    this.listed = false;
    this.previous = undefined;
    this.next = undefined;
  }

  expire() {
    this.running++;
    this.operation().then(this.resolve, error => this.fail(error));
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
}
