import { refused } from './rejection.mjs';

/** Spans of one length expire in the order in which they began: a linked list and one timer for its head. */
export class DeadlineList {
  #head;
  #tail;
  #armed = false;
  #fire = () => this.#expire();

  add(node, now) {
    node.previous = this.#tail;
    node.next = undefined;
    node.listed = true;
    if (this.#tail === undefined) this.#head = node;
    else this.#tail.next = node;
    this.#tail = node;
    if (!this.#armed) this.#arm(node.deadline - now);
  }

  remove(node) {
    if (!node.listed) return;
    node.listed = false;
    if (node.previous === undefined) this.#head = node.next;
    else node.previous.next = node.next;
    if (node.next === undefined) this.#tail = node.previous;
    else node.next.previous = node.previous;
  }

  // The timer is left to run when the list empties: clearing and setting it again would cost every call.
  #arm(ms) {
    this.#armed = true;
    setTimeout(this.#fire, Math.max(1, Math.ceil(ms))).unref();
  }

  #expire() {
    this.#armed = false;
    const now = performance.now();
    while (this.#head !== undefined && this.#head.deadline <= now) {
      const node = this.#head;
      this.remove(node);
      node.expire();
    }
    if (this.#head !== undefined && !this.#armed) this.#arm(this.#head.deadline - now);
  }
}

class Span {
  constructor(deadline, reject) {
    this.deadline = deadline;
    this.reject = reject;
    this.listed = false;
    this.previous = undefined;
    this.next = undefined;
  }

  expire() {
    this.reject(refused('too late'));
  }
}

export class BoundTimeout {
  #timeoutMs;
  #now;
  #list = new DeadlineList();

  constructor(timeoutMs, now) {
    this.#timeoutMs = timeoutMs;
    this.#now = now;
  }

  execute(operation) {
    return new Promise((resolve, reject) => {
      const now = this.#now();
      const span = new Span(now + this.#timeoutMs, reject);
      this.#list.add(span, now);
      operation().then(
        value => {
          this.#list.remove(span);
          resolve(value);
        },
        error => {
          this.#list.remove(span);
          reject(error);
        },
      );
    });
  }
}
