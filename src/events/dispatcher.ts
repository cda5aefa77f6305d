import pLimit from 'p-limit';
import { Fifo } from '../core/fifo.js';
import type { DispatchRules } from './event-bus-options.js';
import { EventOverflowError, ListenersFailedError } from './event-errors.js';
import { type EventInfo, isThenable } from './event-listener.js';
import type { Subscription } from './listener-table.js';

/** An event that waits until the present one has been told. */
interface Waiting {
  readonly listeners: readonly Subscription[];
  readonly payload: unknown;
  readonly info: EventInfo;
  readonly depth: number;
  readonly resolve: (told: Promise<void> | undefined) => void;
}

type Failure = readonly [place: number, error: unknown];

/** `emitSync` in a listener of `emitSync` in a listener …: each level stands on the stack of the process. */
const MOST_SYNC_DEPTH = 256;

/**
 * Tells listeners of events, one event after the other: what a listener emits is told when all others have
 * heard of the present event. Events so caused wait in a queue and not on the stack.
 */
export class Dispatcher {
  readonly #rules: DispatchRules;
  readonly #queue = new Fifo<Waiting>();
  readonly #done = Promise.resolve();
  #telling = false;
  #depth = 0;
  #syncDepth = 0;
  #whenIdle: (() => void)[] = [];
  /** Events that have been told. */
  emitted = 0;
  /** Runs of listeners. */
  delivered = 0;
  /** Runs that failed. */
  failed = 0;
  /** Events whose listeners have not all settled. */
  running = 0;

  constructor(rules: DispatchRules) {
    this.#rules = rules;
  }

  /** Events that wait for the present one. */
  get queued(): number {
    return this.#queue.size;
  }

  /** Tells the listeners, now or when the present event has been told. Settles when all of them have. */
  dispatch(listeners: readonly Subscription[], payload: unknown, info: EventInfo): Promise<void> {
    if (this.#telling) return this.#enqueue(listeners, payload, info);
    this.#telling = true;
    try {
      const told = this.#tell(listeners, payload, info);
      if (this.#queue.size > 0) this.#drain();
      // One promise for all events of which there is no more to say.
      return told ?? this.#done;
    } finally {
      this.#rest();
    }
  }

  /** Tells the listeners now, even in the middle of another event, and throws what they threw. */
  dispatchSync(listeners: readonly Subscription[], payload: unknown, info: EventInfo): void {
    if (this.#syncDepth >= MOST_SYNC_DEPTH) {
      const message = `${this.#rules.name}: emitSync stands in emitSync ${MOST_SYNC_DEPTH} times; use emit`;
      throw new EventOverflowError(message, { policy: this.#rules.name });
    }
    const outermost = !this.#telling;
    this.#telling = true;
    this.#syncDepth++;
    try {
      this.emitted++;
      const failures: Failure[] = [];
      const { name } = info;
      for (let i = 0; i < listeners.length; i++) {
        const returned = this.#call(listeners[i]!, payload, info, i, failures);
        if (returned !== undefined) this.#refusePromise(returned, name, i, failures);
      }
      if (failures.length > 0) throw this.#failure(name, listeners.length, failures);
    } finally {
      this.#syncDepth--;
      if (outermost) {
        if (this.#queue.size > 0) this.#drain();
        this.#rest();
      }
    }
  }

  /** Resolves when nothing is told, waits or runs. */
  idle(): Promise<void> {
    if (this.#isIdle()) return this.#done;
    return new Promise(resolve => this.#whenIdle.push(resolve));
  }

  #isIdle(): boolean {
    return this.running === 0 && !this.#telling;
  }

  #rest(): void {
    this.#telling = false;
    this.#depth = 0;
    this.#tellIdle();
  }

  #tellIdle(): void {
    if (this.#whenIdle.length === 0 || !this.#isIdle()) return;
    const waiting = this.#whenIdle;
    this.#whenIdle = [];
    for (const resolve of waiting) resolve();
  }

  #enqueue(listeners: readonly Subscription[], payload: unknown, info: EventInfo): Promise<void> {
    const { name, maxQueued, maxDepth } = this.#rules;
    const depth = this.#depth + 1;
    const full = this.#queue.size >= maxQueued;
    if (full || depth > maxDepth) {
      const why = full
        ? `\`maxQueued\` is ${maxQueued}, and as many events wait`
        : `\`maxDepth\` is ${maxDepth}, and as many events have caused one another`;
      return Promise.reject(
        new EventOverflowError(`${name}: "${info.name}" is not told: ${why}`, { policy: name }),
      );
    }
    return new Promise(resolve => {
      // Resolved with the promise of the listeners, and so as they are.
      this.#queue.push({ listeners, payload, info, depth, resolve: told => resolve(told) });
    });
  }

  #drain(): void {
    for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) {
      this.#depth = next.depth;
      next.resolve(this.#tell(next.listeners, next.payload, next.info));
    }
  }

  /** `undefined` when all listeners have settled well already. Throws nothing. */
  #tell(listeners: readonly Subscription[], payload: unknown, info: EventInfo): Promise<void> | undefined {
    this.emitted++;
    const { length } = listeners;
    if (length === 0) return undefined;
    const { mode, concurrency } = this.#rules;
    if (mode === 'series') return this.#tellSeries(listeners, payload, info);
    if (length > concurrency) return this.#track(this.#tellBounded(listeners, payload, info));
    let running: PromiseLike<unknown>[] | undefined;
    let failures: Failure[] | undefined;
    for (let i = 0; i < length; i++) {
      const listener = listeners[i]!;
      if (!listener.active) continue;
      this.delivered++;
      try {
        const returned = listener.tell(payload, info);
        if (returned === undefined || !isThenable(returned)) continue;
        running ??= [];
        running[i] = returned;
      } catch (error) {
        failures ??= [];
        failures.push([i, error]);
      }
    }
    if (running !== undefined) return this.#settle(running, failures ?? [], info.name, length);
    if (failures === undefined) return undefined;
    return Promise.reject(this.#failure(info.name, length, failures));
  }

  /** Calls one listener; what it throws becomes a failure. Answers with the promise that it returned. */
  #call(
    listener: Subscription,
    payload: unknown,
    info: EventInfo,
    place: number,
    failures: Failure[],
  ): PromiseLike<unknown> | undefined {
    if (!listener.active) return undefined;
    this.delivered++;
    try {
      const returned = listener.tell(payload, info);
      return isThenable(returned) ? returned : undefined;
    } catch (error) {
      failures.push([place, error]);
      return undefined;
    }
  }

  /** Counts instead of `Promise.allSettled`, which takes four times as long. */
  #settle(
    running: readonly PromiseLike<unknown>[],
    failures: Failure[],
    event: string,
    length: number,
  ): Promise<void> {
    this.running++;
    return new Promise((resolve, reject) => {
      let left = 1;
      const end = (): void => {
        if (--left > 0) return;
        this.running--;
        if (failures.length > 0) reject(this.#failure(event, length, failures));
        else resolve();
        this.#tellIdle();
      };
      // Listeners that answered at once have left a hole, which is passed over.
      running.forEach((one, i) => {
        left++;
        const promise = one instanceof Promise ? one : Promise.resolve(one);
        promise.then(end, (error: unknown) => {
          failures.push([i, error]);
          end();
        });
      });
      end();
    });
  }

  #tellSeries(
    listeners: readonly Subscription[],
    payload: unknown,
    info: EventInfo,
  ): Promise<void> | undefined {
    const failures: Failure[] = [];
    for (let i = 0; i < listeners.length; i++) {
      const running = this.#call(listeners[i]!, payload, info, i, failures);
      if (running === undefined) continue;
      return this.#track(this.#restOfSeries(listeners, payload, info, i, running, failures));
    }
    return failures.length === 0
      ? undefined
      : Promise.reject(this.#failure(info.name, listeners.length, failures));
  }

  async #restOfSeries(
    listeners: readonly Subscription[],
    payload: unknown,
    info: EventInfo,
    from: number,
    first: PromiseLike<unknown>,
    failures: Failure[],
  ): Promise<void> {
    let running: PromiseLike<unknown> | undefined = first;
    for (let i = from; ; running = this.#call(listeners[i]!, payload, info, i, failures)) {
      try {
        await running;
      } catch (error) {
        failures.push([i, error]);
      }
      if (++i >= listeners.length) break;
    }
    if (failures.length > 0) throw this.#failure(info.name, listeners.length, failures);
  }

  async #tellBounded(listeners: readonly Subscription[], payload: unknown, info: EventInfo): Promise<void> {
    const limit = pLimit(this.#rules.concurrency);
    const failures: Failure[] = [];
    const run = async (listener: Subscription, i: number): Promise<void> => {
      try {
        await this.#call(listener, payload, info, i, failures);
      } catch (error) {
        failures.push([i, error]);
      }
    };
    await Promise.all(listeners.map((listener, i) => limit(run, listener, i)));
    if (failures.length > 0) throw this.#failure(info.name, listeners.length, failures);
  }

  async #track(told: Promise<void>): Promise<void> {
    this.running++;
    try {
      await told;
    } finally {
      this.running--;
      this.#tellIdle();
    }
  }

  #refusePromise(returned: PromiseLike<unknown>, event: string, place: number, failures: Failure[]): void {
    const { name } = this.#rules;
    const why = 'returned a promise, which emitSync cannot await; use emit';
    const message = `${name}: a listener of "${event}" ${why}`;
    failures.push([place, new TypeError(message)]);
    Promise.resolve(returned).catch((error: unknown) => {
      console.error(`keelson: a listener of "${event}" failed after emitSync`, error);
    });
  }

  #failure(event: string, length: number, failures: Failure[]): ListenersFailedError {
    this.failed += failures.length;
    const errors = failures.sort(([a], [b]) => a - b).map(([, error]) => error);
    const message = `${this.#rules.name}: ${errors.length} of ${length} listeners of "${event}" failed`;
    return new ListenersFailedError(message, event, errors, { policy: this.#rules.name });
  }
}
