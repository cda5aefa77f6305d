import { refused } from './rejection.mjs';

/** AIMD over windows of 100 calls that are timed each: a drop takes a tenth, its absence gives one. */
export class BoundAdaptive {
  #limit;
  #now;
  #running = 0;
  #calls = 0;
  #drops = 0;
  #sum = 0;

  constructor(limit, now) {
    this.#limit = limit;
    this.#now = now;
  }

  execute(operation) {
    if (this.#running >= this.#limit) return Promise.reject(refused('full'));
    this.#running++;
    const since = this.#now();
    return operation().then(
      value => {
        this.#leave(since, false);
        return value;
      },
      error => {
        this.#leave(since, true);
        throw error;
      },
    );
  }

  #leave(since, dropped) {
    this.#sum += this.#now() - since;
    if (dropped) this.#drops++;
    const unused = 2 * this.#running < this.#limit;
    this.#running--;
    if (++this.#calls < 100) return;
    if (this.#drops > 0) this.#limit = Math.max(1, Math.floor(0.9 * this.#limit));
    else if (!unused && this.#sum > 0) this.#limit++;
    this.#calls = 0;
    this.#drops = 0;
    this.#sum = 0;
  }
}
