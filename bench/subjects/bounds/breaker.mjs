import { Refused, refused } from './rejection.mjs';

const closed = 0;
const open = 1;
const probing = 2;

/**
 * The cheapest breaker we know: one `then` with two callbacks made once per closed period. Late results of an
 * older period find the callbacks of that period, which no longer trip anything.
 */
export class BoundBreaker {
  #window;
  #cooldownMs;
  #state = closed;
  #openUntil = 0;
  #onValue;
  #onError;

  constructor(window, cooldownMs) {
    this.#cooldownMs = cooldownMs;
    this.#close(window);
  }

  execute(operation) {
    if (this.#state !== closed) return this.#probe(operation);
    return operation().then(this.#onValue, this.#onError);
  }

  refusal() {
    return refused('open');
  }

  #close(window) {
    this.#window = window;
    this.#state = closed;
    this.#onValue = value => {
      window.succeed();
      return value;
    };
    this.#onError = error => {
      if (window.fail() && this.#window === window) this.#trip();
      throw error;
    };
  }

  #trip() {
    this.#window = this.#window.renewed();
    this.#state = open;
    this.#openUntil = performance.now() + this.#cooldownMs;
  }

  #probe(operation) {
    if (this.#state === probing || performance.now() < this.#openUntil) return Promise.reject(this.refusal());
    this.#state = probing;
    return operation().then(
      value => {
        this.#close(this.#window);
        return value;
      },
      error => {
        this.#trip();
        throw error;
      },
    );
  }
}

const shared = new Refused('open');

/** Refuses with one and the same error: what the promise alone costs. */
export class SharedErrorBreaker extends BoundBreaker {
  refusal() {
    return shared;
  }
}
