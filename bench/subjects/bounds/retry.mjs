const wait = ms => new Promise(resolve => setTimeout(resolve, ms));

/** A success costs one closure and one hop; only a failure meets the loop. */
export class BoundRetry {
  #attempts;
  #delayMs;

  constructor(attempts, delayMs) {
    this.#attempts = attempts;
    this.#delayMs = delayMs;
  }

  execute(operation) {
    return operation().then(undefined, error => this.#again(operation, error));
  }

  /** The same, told its operation once: even the closure is spared. */
  wrap(operation) {
    const onError = error => this.#again(operation, error);
    return () => operation().then(undefined, onError);
  }

  async #again(operation, firstError) {
    let last = firstError;
    for (let attempt = 2; attempt <= this.#attempts; attempt++) {
      await wait(this.#delayMs);
      try {
        return await operation();
      } catch (error) {
        last = error;
      }
    }
    throw last;
  }
}
