import { EventEmitter } from 'eventemitter3';
import { refuse, show } from './options.js';

/** Names of events and what each carries. */
type EventMap = object;

/** Listens to one event. What it throws is reported on the console and never felt by the call. */
export type Listener<Payload> = (payload: Payload) => void;

/** The names of all events: one that is left out does not compile. */
export type EventNames<Events extends EventMap> = Readonly<Record<keyof Events & string, true>>;

/** As a list, which by itself could miss one. */
export function namesOf<Events extends EventMap>(names: EventNames<Events>): (keyof Events & string)[] {
  return Object.keys(names) as (keyof Events & string)[];
}

/** What every primitive offers to those who watch it. */
export interface Observable<Events extends EventMap> {
  /**
   * Calls `listener` at each `event`; the function returned stops it. Throws a `TypeError` when there is no
   * such event or the listener is no function.
   */
  on<Name extends keyof Events & string>(event: Name, listener: Listener<Events[Name]>): () => void;
}

/** So many events wait at most until the listeners have heard of the present one. */
const MOST_LATER = 10_000;

function report(event: string, error: unknown): void {
  console.error(`keelson: a listener of "${event}" failed`, error);
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}

/**
 * An emitter whose listeners are kept apart from the code that emits, and from each other: all of them have
 * heard of an event before any hears of the next, even when one of them causes it.
 */
export class Emitter<Events extends EventMap> implements Observable<Events> {
  readonly #emitter = new EventEmitter();
  readonly #names: readonly string[];
  /** Whether anybody ever listened: most emitters have nobody, and are asked at each call. */
  #heard = false;
  /** Whether listeners are being told; what happens meanwhile is told after that. */
  #telling = false;
  #later: (readonly [event: string, payload: unknown])[] | undefined;

  /** `names` are those of all events; a listener to any other is refused. */
  constructor(names: readonly (keyof Events & string)[]) {
    this.#names = names;
  }

  /** @throws TypeError when there is no such event or the listener is no function. */
  on<Name extends keyof Events & string>(event: Name, listener: Listener<Events[Name]>): () => void {
    const names = this.#names;
    if (!names.includes(event)) {
      throw new TypeError(`on: unknown event ${show(event)}; known are ${names.join(', ')}`);
    }
    if (typeof listener !== 'function') refuse('on', 'listener', 'a function', listener);
    const guarded = (payload: Events[Name]): void => {
      try {
        const returned: unknown = listener(payload);
        // An async listener that rejects must not end the process as an unhandled rejection.
        if (isThenable(returned)) returned.then(undefined, (error: unknown) => report(event, error));
      } catch (error) {
        report(event, error);
      }
    };
    this.#emitter.on(event, guarded);
    this.#heard = true;
    return () => {
      this.#emitter.off(event, guarded);
    };
  }

  /** Whether anybody listens: ask before building a payload. */
  has(event: keyof Events & string): boolean {
    return this.#heard && this.#emitter.listenerCount(event) > 0;
  }

  emit<Name extends keyof Events & string>(event: Name, payload: Events[Name]): void {
    if (this.#telling) {
      this.#later ??= [];
      if (this.#later.length < MOST_LATER) this.#later.push([event, payload]);
      else report(event, new Error(`more than ${MOST_LATER} events while one was told of: this one is not`));
      return;
    }
    this.#telling = true;
    try {
      this.#emitter.emit(event, payload);
      // What is told of here may be followed by more.
      for (let later = this.#later; later !== undefined; later = this.#later) {
        this.#later = undefined;
        for (const [name, what] of later) this.#emitter.emit(name, what);
      }
    } finally {
      this.#telling = false;
      this.#later = undefined;
    }
  }
}
