import { EventEmitter } from 'eventemitter3';

/** Names of events and what each carries. */
type EventMap = object;

/** Listens to one event. What it throws is reported on the console and never felt by the call. */
export type Listener<Payload> = (payload: Payload) => void;

/** What every primitive offers to those who watch it. */
export interface Observable<Events extends EventMap> {
  /** Calls `listener` at each `event`; the function returned stops it. */
  on<Name extends keyof Events & string>(event: Name, listener: Listener<Events[Name]>): () => void;
}

function report(event: string, error: unknown): void {
  console.error(`keelson: a listener of "${event}" failed`, error);
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}

/** An emitter whose listeners are kept apart from the code that emits. */
export class Emitter<Events extends EventMap> implements Observable<Events> {
  readonly #emitter = new EventEmitter();

  on<Name extends keyof Events & string>(event: Name, listener: Listener<Events[Name]>): () => void {
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
    return () => {
      this.#emitter.off(event, guarded);
    };
  }

  /** Whether anybody listens: ask before building a payload. */
  has(event: keyof Events & string): boolean {
    return this.#emitter.listenerCount(event) > 0;
  }

  emit<Name extends keyof Events & string>(event: Name, payload: Events[Name]): void {
    this.#emitter.emit(event, payload);
  }
}
