import { Refused, refused } from './rejection.mjs';
import { DeadlineList } from './timeout.mjs';

const wait = ms => new Promise(resolve => setTimeout(resolve, ms));

class Breaker {
  #window;
  #cooldownMs;
  #openUntil = 0;
  #epoch = {};

  constructor(window, cooldownMs) {
    this.#window = window;
    this.#cooldownMs = cooldownMs;
  }

  enter() {
    if (this.#openUntil === 0) return this.#epoch;
    if (performance.now() < this.#openUntil) throw refused('open');
    this.#openUntil = 0;
    return this.#epoch;
  }

  exit(epoch, ok) {
    if (epoch !== this.#epoch) return;
    if (ok) this.#window.succeed();
    else if (this.#window.fail()) {
      this.#window = this.#window.renewed();
      this.#epoch = {};
      this.#openUntil = performance.now() + this.#cooldownMs;
    }
  }
}

class Timeout {
  #timeoutMs;
  #now;
  #deadlines = new DeadlineList();

  constructor(timeoutMs, now) {
    this.#timeoutMs = timeoutMs;
    this.#now = now;
  }

  enter(call) {
    const now = this.#now();
    call.deadline = now + this.#timeoutMs;
    this.#deadlines.add(call, now);
    return true;
  }

  exit(_permit, _ok, call) {
    this.#deadlines.remove(call);
  }
}

class Bulkhead {
  #free;

  constructor(slots) {
    this.#free = slots;
  }

  enter() {
    if (this.#free === 0) throw refused('full');
    this.#free--;
    return true;
  }

  exit() {
    this.#free++;
  }
}

/** What the operation is handed: a part of the attempt that it is run for. */
class Call {
  constructor(attempt, plan, resolve, reject) {
    this.attempt = attempt;
    this.plan = plan;
    this.permits = plan.permits;
    this.resolve = resolve;
    this.reject = reject;
    this.answered = false;
    this.deadline = 0;
    this.listed = false;
    this.previous = undefined;
    this.next = undefined;
  }

  start(operation) {
    const { enters } = this.plan;
    for (let place = 0; place < enters.length; place++) {
      try {
        const permit = enters[place](this);
        if (permit !== this.permits[place]) this.permits = this.plan.withPermit(this.permits, place, permit);
      } catch (error) {
        this.exit(place - 1, 0, false);
        this.reject(error);
        return;
      }
    }
    operation(this).then(
      value => this.settle(true, value),
      error => this.settle(false, error),
    );
  }

  settle(ok, result) {
    const { enters, giver } = this.plan;
    this.exit(enters.length - 1, this.answered ? giver + 1 : 0, ok);
    if (ok) this.resolve(result);
    else this.reject(result);
  }

  expire() {
    this.answered = true;
    this.exit(this.plan.giver, 0, false);
    this.reject(refused('too late'));
  }

  exit(from, to, ok) {
    const { exits } = this.plan;
    for (let place = from; place >= to; place--) exits[place](this.permits[place], ok, this);
  }
}

class Attempt {
  constructor(number, operation) {
    this.number = number;
    this.operation = operation;
  }
}

/**
 * By hand as well, of parts that can be taken one by one and in any order: policies that somebody else may
 * have made, permits of an epoch, and a retry with a promise of its own, without which the next attempt would
 * run in the async context of whoever ended the last one.
 */
export class StackOfPolicies {
  #settings;
  #plan;

  constructor(settings, window, now) {
    const { cooldownMs, timeoutMs, slots } = settings;
    const policies = [new Breaker(window, cooldownMs), new Timeout(timeoutMs, now), new Bulkhead(slots)];
    this.#settings = settings;
    this.#plan = {
      enters: policies.map(policy => policy.enter.bind(policy)),
      exits: policies.map(policy => policy.exit.bind(policy)),
      giver: 1,
      permits: policies.map(() => undefined),
      withPermit(permits, place, permit) {
        this.permits = permits.with?.(place, permit) ?? Object.assign([...permits], { [place]: permit });
        return this.permits;
      },
    };
  }

  execute(operation) {
    const first = new Attempt(1, operation);
    return this.#run(first).then(undefined, error => this.#again(first, error));
  }

  #run(attempt) {
    return new Promise((resolve, reject) =>
      new Call(attempt, this.#plan, resolve, reject).start(attempt.operation),
    );
  }

  async #again({ operation }, firstError) {
    // What was refused has not run, and says when it does not want to.
    if (firstError instanceof Refused) throw firstError;
    let last = firstError;
    for (let number = 2; number <= this.#settings.attempts; number++) {
      await wait(this.#settings.delayMs);
      try {
        return await this.#run(new Attempt(number, operation));
      } catch (error) {
        last = error;
      }
    }
    throw last;
  }
}
