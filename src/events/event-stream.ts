import { Fifo } from '../core/fifo.js';
import { EventOverflowError } from './event-errors.js';

/** What an {@link EventStream} goes by. */
export interface StreamRules {
  /** Who opened it, for errors. */
  readonly owner: string;
  readonly limit: number;
  readonly buffer: number;
  readonly overflow: 'error' | 'drop-oldest' | 'drop-newest';
  /** Called once when no more events are wanted. */
  readonly onEnd: () => void;
  /** Called for each event that is dropped. */
  readonly onDrop: () => void;
}

interface Reader<Event> {
  readonly resolve: (result: IteratorResult<Event, undefined>) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Events to be read one by one, with those that wait for their reader in a buffer. It listens from the moment
 * it is made until it is left: by `break`, `return()`, its limit or its signal.
 */
export class EventStream<Event> implements AsyncIterableIterator<Event, undefined> {
  readonly #rules: StreamRules;
  readonly #buffer = new Fifo<Event>();
  readonly #readers = new Fifo<Reader<Event>>();
  #left: number;
  #listening = true;
  #dropped = 0;
  /** What the reader gets behind the events that wait. */
  #error: { readonly error: unknown } | undefined;

  /** @internal */
  constructor(rules: StreamRules) {
    this.#rules = rules;
    this.#left = rules.limit;
  }

  /** The events that were dropped because the buffer was full. */
  get dropped(): number {
    return this.#dropped;
  }

  /** The events that wait for their reader. */
  get waiting(): number {
    return this.#buffer.size;
  }

  /** @internal */
  push(event: Event): void {
    if (!this.#listening) return;
    const reader = this.#readers.shift();
    if (reader !== undefined) {
      reader.resolve(this.#give(event));
      return;
    }
    const { buffer, overflow, owner } = this.#rules;
    if (this.#buffer.size >= buffer) {
      if (overflow === 'error') {
        const message = `${owner}: \`buffer\` is ${buffer}, and as many events wait for their reader`;
        this.fail(new EventOverflowError(message, { policy: owner }));
        return;
      }
      this.#dropped++;
      this.#rules.onDrop();
      if (overflow === 'drop-newest') return;
      this.#buffer.shift();
    }
    this.#buffer.push(event);
  }

  /** Ends it with an error, behind the events that wait. @internal */
  fail(error: unknown): void {
    const reader = this.#readers.shift();
    if (reader !== undefined) reader.reject(error);
    else this.#error = { error };
    this.end();
  }

  /** Lets go of the events that wait, and ends with the error. @internal */
  abort(error: unknown): void {
    this.#buffer.clear();
    this.fail(error);
  }

  /** Ends it behind the events that wait. @internal */
  end(): void {
    if (!this.#listening) return;
    this.#listening = false;
    for (let reader = this.#readers.shift(); reader !== undefined; reader = this.#readers.shift()) {
      reader.resolve({ done: true, value: undefined });
    }
    this.#rules.onEnd();
  }

  /**
   * The next event. Rejects with `ERR_EVENT_OVERFLOW` when the buffer was too small, or with the signal's
   * reason.
   */
  next(): Promise<IteratorResult<Event, undefined>> {
    if (this.#buffer.size > 0) return Promise.resolve(this.#give(this.#buffer.shift()!));
    if (this.#error !== undefined) {
      const { error } = this.#error;
      this.#error = undefined;
      return Promise.reject(error);
    }
    if (!this.#listening) return Promise.resolve({ done: true, value: undefined });
    const { buffer, owner } = this.#rules;
    if (this.#readers.size >= buffer) {
      const message = `${owner}: \`buffer\` is ${buffer}, and as many reads wait for an event`;
      return Promise.reject(new EventOverflowError(message, { policy: owner }));
    }
    return new Promise((resolve, reject) => this.#readers.push({ resolve, reject }));
  }

  /** Leaves it: nothing waits any more, and nothing more comes. */
  return(): Promise<IteratorResult<Event, undefined>> {
    this.#buffer.clear();
    this.#error = undefined;
    this.end();
    return Promise.resolve({ done: true, value: undefined });
  }

  /** Itself: events are read once. */
  [Symbol.asyncIterator](): this {
    return this;
  }

  /** As `return()`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  #give(event: Event): IteratorResult<Event, undefined> {
    // The limit counts what is read: what was dropped is not.
    if (--this.#left === 0) {
      this.#buffer.clear();
      this.#error = undefined;
      this.end();
    }
    return { done: false, value: event };
  }
}
