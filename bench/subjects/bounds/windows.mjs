// A window answers `fail()` with whether the breaker should trip, and `renewed()` with an empty one of its
// kind. Nothing is allocated after construction.

export class Consecutive {
  #failures = 0;
  #limit;

  constructor(limit) {
    this.#limit = limit;
  }

  succeed() {
    this.#failures = 0;
  }

  fail() {
    return ++this.#failures >= this.#limit;
  }

  renewed() {
    return new Consecutive(this.#limit);
  }
}

const bitsPerWord = 30;

/** A ring of up to 120 outcomes in four small integers: a typed array alone would add some 270 bytes. */
export class CountRing {
  #a = 0;
  #b = 0;
  #c = 0;
  #d = 0;
  #at = 0;
  #seen = 0;
  #failures = 0;
  #calls;
  #limit;

  constructor(calls, limit) {
    this.#calls = calls;
    this.#limit = limit;
  }

  /** Puts the outcome in the place of the oldest, which it returns. */
  #swap(at, outcome) {
    const shift = at % bitsPerWord;
    const mask = ~(1 << shift);
    const bit = outcome << shift;
    let word;
    switch ((at / bitsPerWord) | 0) {
      case 0:
        word = this.#a;
        this.#a = (word & mask) | bit;
        break;
      case 1:
        word = this.#b;
        this.#b = (word & mask) | bit;
        break;
      case 2:
        word = this.#c;
        this.#c = (word & mask) | bit;
        break;
      default:
        word = this.#d;
        this.#d = (word & mask) | bit;
    }
    return (word >> shift) & 1;
  }

  #record(outcome) {
    const at = this.#at;
    this.#failures += outcome - this.#swap(at, outcome);
    this.#at = at + 1 === this.#calls ? 0 : at + 1;
    if (this.#seen < this.#calls) this.#seen++;
  }

  succeed() {
    this.#record(0);
  }

  fail() {
    this.#record(1);
    return this.#seen === this.#calls && this.#failures >= this.#limit;
  }

  renewed() {
    return new CountRing(this.#calls, this.#limit);
  }
}

const buckets = 10;
const minCalls = 100;

export class TimeBuckets {
  #bucketMs;
  #now;
  #ratio;
  #slot;
  #totals = new Int32Array(buckets);
  #failed = new Int32Array(buckets);
  #total = 0;
  #failures = 0;

  constructor(bucketMs, ratio, now) {
    this.#bucketMs = bucketMs;
    this.#ratio = ratio;
    this.#now = now;
    this.#slot = Math.floor(now() / bucketMs);
  }

  #bucket() {
    const slot = Math.floor(this.#now() / this.#bucketMs);
    if (slot !== this.#slot) this.#rotate(slot);
    return slot % buckets;
  }

  #rotate(slot) {
    for (let each = Math.max(this.#slot + 1, slot - buckets + 1); each <= slot; each++) {
      const bucket = each % buckets;
      this.#total -= this.#totals[bucket];
      this.#failures -= this.#failed[bucket];
      this.#totals[bucket] = 0;
      this.#failed[bucket] = 0;
    }
    this.#slot = slot;
  }

  succeed() {
    this.#totals[this.#bucket()]++;
    this.#total++;
  }

  fail() {
    const bucket = this.#bucket();
    this.#totals[bucket]++;
    this.#failed[bucket]++;
    this.#total++;
    return ++this.#failures >= this.#ratio * this.#total && this.#total >= minCalls;
  }

  renewed() {
    return new TimeBuckets(this.#bucketMs, this.#ratio, this.#now);
  }
}

export function windowOf({ consecutive, calls, ratio, windowMs }, now) {
  if (consecutive !== undefined) return new Consecutive(consecutive);
  if (calls !== undefined) return new CountRing(calls, Math.ceil(ratio * calls));
  return new TimeBuckets(windowMs / buckets, ratio, now);
}
