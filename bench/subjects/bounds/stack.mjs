import { refused } from './rejection.mjs';
import { DeadlineList } from './timeout.mjs';

/** One record per call: the node of the deadline list, the attempt counter and the ends of the promise. */
class Call {
  constructor(stack, operation, resolve, reject) {
    this.stack = stack;
    this.operation = operation;
    this.resolve = resolve;
    this.reject = reject;
    this.attempt = 0;
    this.deadline = 0;
    this.listed = false;
    this.previous = undefined;
    this.next = undefined;
  }

  expire() {
    this.stack.failed(this, refused('too late'));
  }
}

/** retry(breaker(timeout(bulkhead))) by hand, fused: without a line, without waits between attempts. */
export class BoundStack {
  #settings;
  #window;
  #now;
  #free;
  #openUntil = 0;
  #deadlines = new DeadlineList();

  constructor(settings, window, now) {
    this.#settings = settings;
    this.#window = window;
    this.#now = now;
    this.#free = settings.slots;
  }

  execute(operation) {
    return new Promise((resolve, reject) => this.#start(new Call(this, operation, resolve, reject)));
  }

  #start(call) {
    if (this.#openUntil !== 0 && performance.now() < this.#openUntil) {
      call.reject(refused('open'));
      return;
    }
    if (this.#free === 0) {
      call.reject(refused('full'));
      return;
    }
    this.#free--;
    this.#openUntil = 0;
    const attempt = ++call.attempt;
    const now = this.#now();
    call.deadline = now + this.#settings.timeoutMs;
    this.#deadlines.add(call, now);
    call.operation().then(
      value => {
        this.#free++;
        if (attempt !== call.attempt || !call.listed) return;
        this.#deadlines.remove(call);
        this.#window.succeed();
        call.resolve(value);
      },
      error => {
        this.#free++;
        if (attempt === call.attempt && call.listed) this.failed(call, error);
      },
    );
  }

  failed(call, error) {
    this.#deadlines.remove(call);
    if (this.#window.fail()) {
      this.#window = this.#window.renewed();
      this.#openUntil = performance.now() + this.#settings.cooldownMs;
    }
    if (call.attempt < this.#settings.attempts) this.#start(call);
    else call.reject(error);
  }
}
