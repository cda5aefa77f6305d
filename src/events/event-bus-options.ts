import type { Clock } from '../kernel/clock.js';
import { checkKeys, checkNumber, checkOneOf, refuse } from '../kernel/options.js';
import type { Policy } from '../kernel/policy.js';

/**
 * What a bus asks about each event that is emitted: an `EventRegistry`, or one of yours. The types are those
 * of what is emitted, and of what it becomes when it is valid.
 */
export interface EventCheck<Events extends object, Emitted extends object = Events> {
  /** All names of events. */
  readonly names: readonly string[];
  /** The payload as listeners get it, at once or later; throws or rejects where it is wrong. */
  validate(name: string, payload: unknown): unknown;
  /** For the compiler alone. */
  readonly '~events'?: { readonly events: Events; readonly emitted: Emitted } | undefined;
}

/** How an `EventBus` is made. */
export interface EventBusOptions<Events extends object, Emitted extends object = Events> {
  /** Knows all events, and whether a payload is valid. @default any event with any payload */
  readonly registry?: EventCheck<Events, Emitted>;
  /**
   * `parallel`: all listeners of an event are called before any of them is awaited. `series`: one is awaited
   * before the next is called.
   * @default 'parallel'
   */
  readonly mode?: 'parallel' | 'series';
  /** How many listeners of one event may run at a time, when they are parallel. @default Infinity */
  readonly concurrency?: number;
  /** How many listeners there may be, of all events; iterators and `once` count. @default 10_000 */
  readonly maxListeners?: number;
  /** How many events may wait while one is told, because its listeners emit. @default 100_000 */
  readonly maxQueued?: number;
  /**
   * How many events may cause one another within one turn, each in a listener of the last. @default 1_000_000
   */
  readonly maxDepth?: number;
  /** Shown in errors and `describe()`. @default 'event-bus' */
  readonly name?: string;
  /** The source of time, for `timeoutMs`. @default systemClock */
  readonly clock?: Clock;
}

/** What a listener may be told to keep to. */
export interface ListenOptions {
  /** Ends the subscription when it aborts. */
  readonly signal?: AbortSignal | undefined;
  /** Whether it hears of one event only. @default false */
  readonly once?: boolean | undefined;
  /** How long what it does asynchronously may take, in ms. @default no limit */
  readonly timeoutMs?: number | undefined;
  /** Runs the listener for each event: a retry, a breaker, a pipeline. */
  readonly policy?: Policy<never, unknown> | undefined;
}

/** How to wait for one event. */
export interface OnceOptions<Payload> {
  /** Ends the wait when it aborts, with its reason. */
  readonly signal?: AbortSignal | undefined;
  /** Which event is meant; others are passed over. @default any */
  readonly where?: ((payload: Payload) => boolean) | undefined;
  /** How long to wait, in ms. @default no limit */
  readonly timeoutMs?: number | undefined;
}

/** How to read events one by one. */
export interface IterateOptions {
  /** Ends the reading when it aborts, with its reason. */
  readonly signal?: AbortSignal | undefined;
  /** After so many events it ends. @default Infinity */
  readonly limit?: number | undefined;
  /** How many events may wait for their reader. @default 1000 */
  readonly buffer?: number | undefined;
  /**
   * What happens when as many wait: `error` ends the reading with `ERR_EVENT_OVERFLOW`, behind the events
   * that wait; the others drop the oldest of them or the new one, and count it. @default 'error'
   */
  readonly overflow?: 'error' | 'drop-oldest' | 'drop-newest' | undefined;
}

/** How an event bus stands at a moment. */
export interface EventBusSnapshot {
  /** That of the bus. */
  readonly name: string;
  /** The listeners, with iterators and those who wait by `once`. */
  readonly listeners: number;
  /** How many listen, by pattern. */
  readonly patterns: Readonly<Record<string, number>>;
  /** The events that were told since the bus was made. */
  readonly emitted: number;
  /** The runs of listeners. */
  readonly delivered: number;
  /** The runs that failed. */
  readonly failed: number;
  /** The events that iterators have dropped. */
  readonly dropped: number;
  /** The events whose listeners have not all settled. */
  readonly running: number;
  /** The events that wait until the present one is told. */
  readonly queued: number;
  /** Whether `close` was called. */
  readonly closed: boolean;
}

/** How an event bus was made. */
export interface EventBusDescription {
  /** What this is. */
  readonly kind: 'event-bus';
  /** That of the bus. */
  readonly name: string;
  /** Whether listeners are awaited together or one by one. */
  readonly mode: 'parallel' | 'series';
  /** `null` for no limit. */
  readonly concurrency: number | null;
  /** The most listeners. */
  readonly maxListeners: number;
  /** The most events that wait. */
  readonly maxQueued: number;
  /** The most events that cause one another. */
  readonly maxDepth: number;
  /** The names that the registry knows; `null` without one. */
  readonly events: readonly string[] | null;
}

interface Defaults {
  readonly mode: 'parallel';
  readonly concurrency: number;
  readonly maxListeners: number;
  readonly maxQueued: number;
  readonly maxDepth: number;
  readonly name: string;
}

export const busDefaults: Defaults = /* @__PURE__ */ Object.freeze({
  mode: 'parallel',
  concurrency: Infinity,
  maxListeners: 10_000,
  maxQueued: 100_000,
  maxDepth: 1_000_000,
  name: 'event-bus',
});

const known = ['registry', 'mode', 'concurrency', 'maxListeners', 'maxQueued', 'maxDepth', 'name', 'clock'];

/** What a dispatcher goes by. */
export interface DispatchRules {
  readonly name: string;
  readonly mode: 'parallel' | 'series';
  readonly concurrency: number;
  readonly maxQueued: number;
  readonly maxDepth: number;
}

/** What a bus goes by. */
export interface BusRules extends DispatchRules {
  readonly maxListeners: number;
}

/** @throws TypeError or RangeError that names the option, the rule and the value. */
export function checkBusOptions(options: EventBusOptions<object>): BusRules {
  const owner = 'EventBus';
  checkKeys(owner, options, known);
  const { registry } = options;
  const rules: BusRules = {
    name: options.name ?? busDefaults.name,
    mode: checkOneOf(owner, 'mode', options.mode ?? busDefaults.mode, ['parallel', 'series']),
    concurrency: checkNumber(owner, 'concurrency', options.concurrency ?? busDefaults.concurrency, {
      min: 1,
      integer: true,
      infinity: true,
    }),
    maxListeners: checkCount('maxListeners', options.maxListeners),
    maxQueued: checkCount('maxQueued', options.maxQueued),
    maxDepth: checkCount('maxDepth', options.maxDepth),
  };
  if (
    registry !== undefined &&
    (typeof registry?.validate !== 'function' || !Array.isArray(registry.names))
  ) {
    refuse(owner, 'registry', 'an EventRegistry', registry);
  }
  if (rules.mode === 'series' && options.concurrency !== undefined) {
    refuse(owner, 'concurrency', "left out where `mode` is 'series'", options.concurrency);
  }
  return rules;
}

function checkCount(option: 'maxListeners' | 'maxQueued' | 'maxDepth', value: number | undefined): number {
  return checkNumber('EventBus', option, value ?? busDefaults[option], { min: 1, integer: true });
}

/** @throws TypeError when there is a signal that is none. */
export function checkSignal(owner: string, signal: unknown): void {
  if (signal !== undefined && typeof (signal as AbortSignal | null)?.removeEventListener !== 'function') {
    refuse(owner, 'signal', 'an AbortSignal', signal);
  }
}

export function checkTimeout(owner: string, timeoutMs: number | undefined): number {
  if (timeoutMs === undefined) return Infinity;
  return checkNumber(owner, 'timeoutMs', timeoutMs, { above: 0, infinity: true });
}
