/** A map of values, each good until a time that is looked up at every hit. */
export class BoundCache {
  #entries = new Map();
  #ttlMs;
  #now;

  constructor(ttlMs, now) {
    this.#ttlMs = ttlMs;
    this.#now = now;
  }

  execute(operation, key) {
    const entry = this.#entries.get(key);
    if (entry !== undefined && this.#now() < entry.until) return Promise.resolve(entry.value);
    return operation().then(value => {
      this.#entries.set(key, { value, until: this.#now() + this.#ttlMs });
      return value;
    });
  }
}

/** A map of runs under way, each forgotten when it settles. */
export class BoundSingleFlight {
  #runs = new Map();

  execute(operation, key) {
    const run = this.#runs.get(key);
    if (run !== undefined) return run;
    const started = operation().then(
      value => {
        this.#runs.delete(key);
        return value;
      },
      error => {
        this.#runs.delete(key);
        throw error;
      },
    );
    this.#runs.set(key, started);
    return started;
  }
}
