import { Cancellation } from '../kernel/cancellation.js';
import type { Clock } from '../kernel/clock.js';
import type { Context } from '../kernel/context.js';
import { TimeoutError } from '../kernel/errors.js';
import type { Policy } from '../kernel/policy.js';

/** What a listener is told beside the payload. */
export interface EventInfo<Name extends string = string> {
  /** Of the event: a pattern may match several. */
  readonly name: Name;
  /** Aborted when nobody waits for the listener any more: its time is up, or its policy gives it up. */
  readonly signal: AbortSignal;
  /** Which run this is for the event, from 1: a policy may run a listener again. */
  readonly attempt: number;
  /** What `emit` was given: the schema of a registry may have made another payload of it. */
  readonly emitted: unknown;
}

/** Hears of events. What it returns is awaited by `emit` when it is a promise. */
export type EventListener<Payload, Name extends string = string> = (
  payload: Payload,
  info: EventInfo<Name>,
) => unknown;

/** A listener of any event. */
export type Call = (payload: unknown, info: EventInfo) => unknown;

/** What a listener is told that has neither a policy nor a time. */
export class Told implements EventInfo {
  readonly name: string;
  readonly emitted: unknown;

  constructor(name: string, emitted: unknown) {
    this.name = name;
    this.emitted = emitted;
  }

  /** One that never aborts, made anew each time: a shared one would gather everybody's listeners. */
  get signal(): AbortSignal {
    return new AbortController().signal;
  }

  get attempt(): number {
    return 1;
  }
}

/** What a listener is told that a policy runs. */
class ToldInCall implements EventInfo {
  readonly name: string;
  readonly emitted: unknown;
  readonly #context: Context;

  constructor({ name, emitted }: EventInfo, context: Context) {
    this.name = name;
    this.emitted = emitted;
    this.#context = context;
  }

  get signal(): AbortSignal {
    return this.#context.signal;
  }

  get attempt(): number {
    return this.#context.attempt;
  }
}

/** What a listener is told whose time is limited. */
class ToldInTime implements EventInfo {
  readonly name: string;
  readonly emitted: unknown;
  readonly #cancellation: Cancellation;

  constructor({ name, emitted }: EventInfo, cancellation: Cancellation) {
    this.name = name;
    this.emitted = emitted;
    this.#cancellation = cancellation;
  }

  get signal(): AbortSignal {
    return this.#cancellation.signal;
  }

  get attempt(): number {
    return 1;
  }
}

export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}

/** The listener as an operation of a policy. `limited` says whether `info.signal` may ever abort. */
export function underPolicy(listener: Call, policy: Policy<never, unknown>, limited: boolean): Call {
  const { execute } = policy as unknown as Policy;
  return (payload, info) =>
    execute.call(
      policy,
      context => listener(payload, new ToldInCall(info, context)),
      limited ? { signal: info.signal } : undefined,
    );
}

/** The listener with so many ms for what it does asynchronously; nothing can interrupt the rest. */
export function withinTime(listener: Call, timeoutMs: number, clock: Clock, owner: string): Call {
  return (payload, info) => {
    const { name } = info;
    const cancellation = new Cancellation();
    const returned = listener(payload, new ToldInTime(info, cancellation));
    if (!isThenable(returned)) return returned;
    return new Promise((resolve, reject) => {
      const expire = (): void => {
        const message = `${owner}: a listener of "${name}" took longer than ${timeoutMs} ms`;
        const error = new TimeoutError(message, timeoutMs, { policy: owner });
        reject(error);
        cancellation.give(error);
      };
      const timer = clock.schedule(timeoutMs, expire, true);
      const settle = (): void => timer.cancel();
      Promise.resolve(returned).then(resolve, reject).then(settle, settle);
    });
  };
}
