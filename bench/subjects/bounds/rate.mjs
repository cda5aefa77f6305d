import { refused } from './rejection.mjs';

/** The time at which the bucket is full, moved on by each call: one sum and one comparison. */
export class BoundRate {
  #spanMs;
  #eachMs;
  #now;
  #fullAt = 0;

  constructor({ limit, perMs, burst }, now) {
    this.#eachMs = perMs / limit;
    this.#spanMs = burst * this.#eachMs;
    this.#now = now;
  }

  execute(operation) {
    const now = this.#now();
    const fullAt = Math.max(this.#fullAt, now) + this.#eachMs;
    if (fullAt - now > this.#spanMs) return Promise.reject(refused('limited'));
    this.#fullAt = fullAt;
    return operation();
  }
}
