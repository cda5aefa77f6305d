import type { Clock } from '../kernel/clock.js';
import { checkKeys, checkNumber, checkOneOf, refuse } from '../kernel/options.js';
import type { Policy } from '../kernel/policy.js';
import type { EventFeed, Position } from './event-feed.js';
import type { ProjectionStore } from './projection-store.js';

/** What a handler is told beside the event. */
export interface ProjectionContext<Transaction = undefined> {
  /** What it writes the read model by, where the store has transactions. */
  readonly transaction: Transaction;
  /** Where the event stands: what a read model that lives elsewhere tells repeated events by. */
  readonly position: Position;
  /** The name of the event. */
  readonly type: string;
  /** Whether another version has processed the event before: leave out whatever is felt outside. */
  readonly replaying: boolean;
  /** Whether the event was parked before, and so comes after later ones. */
  readonly late: boolean;
  /** Which run this is, from 1. */
  readonly attempt: number;
  /** Aborted by `stop()`. */
  readonly signal: AbortSignal;
}

/** Makes the next state of the present one, which it must not change, and an event. */
export type ProjectionHandler<State, Data, Transaction = undefined> = (
  state: State,
  data: Data,
  context: ProjectionContext<Transaction>,
) => State | Promise<State>;

/** Reads events of any version: an `EventRegistry`. */
export interface EventReader<Events extends object> {
  /** The data as it is now; rejects where it cannot be read. */
  decode(type: string, version: number, data: unknown): Promise<{ readonly data: unknown }>;
  /** For the compiler alone. */
  readonly '~events'?: { readonly events: Events } | undefined;
}

/** What a projection makes of events: all that a test of it needs. */
export interface ProjectionDefinition<Events extends object, State, Transaction = undefined> {
  /** Makes the state before the first event. */
  readonly init: () => State;
  /** By name of the event, what becomes of the state. Other events are passed over. */
  readonly on: {
    readonly [Name in keyof Events & string]?: ProjectionHandler<State, Events[Name], Transaction>;
  };
  /** Reads events of all versions. @default data is handed on as it is */
  readonly registry?: EventReader<Events>;
}

/** How a `Projection` is made. */
export interface ProjectionOptions<Events extends object, State, Transaction = undefined>
  extends ProjectionDefinition<Events, State, Transaction> {
  /** Which projection this is: its versions share the name. */
  readonly name: string;
  /** Raise it whenever `init` or `on` change: it begins anew, beside the version before it. @default 1 */
  readonly version?: number;
  /** Where the events come from. */
  readonly feed: EventFeed;
  /** Where position and read model are kept. */
  readonly store: ProjectionStore<State, Transaction>;
  /**
   * What becomes of an event whose handler fails. `stop`: nothing is processed any more. `park`: it is put
   * aside. `skip`: it is lost.
   * @default 'stop'
   */
  readonly onError?: 'stop' | 'park' | 'skip';
  /**
   * Runs each handler: a retry, a timeout, a pipeline. It fails when the policy gives up. @default runs once
   */
  readonly policy?: Policy<never, never>;
  /** How many events are read, and saved, at a time. @default 100 */
  readonly batch?: number;
  /** How many events may be parked; one more stops the projection. @default 1000 */
  readonly maxParked?: number;
  /** How long to wait for more events, in ms, unless `wake()` is called. @default 1000 */
  readonly pollMs?: number;
  /** The source of time. @default systemClock */
  readonly clock?: Clock;
}

/** What a projection tells. `at` is epoch ms. */
export interface ProjectionEvents {
  /** An event was put aside. */
  parked: ProjectionTrouble;
  /** An event was lost. */
  skipped: ProjectionTrouble;
  /** It stopped at an event. */
  failed: ProjectionTrouble;
  /** Reading or saving failed; it tries again, `pollMs` later. */
  interrupted: {
    readonly projection: string;
    readonly version: number;
    readonly error: unknown;
    readonly at: number;
  };
  /** It is the version that is read from now, in the stead of another one or of none. */
  activated: {
    readonly projection: string;
    readonly version: number;
    readonly instead: number | undefined;
    readonly at: number;
  };
}

/** An event that a projection could not process. */
export interface ProjectionTrouble {
  /** The name of the projection. */
  readonly projection: string;
  /** The version of the projection. */
  readonly version: number;
  /** Where the event stands. */
  readonly position: Position;
  /** The name of the event. */
  readonly type: string;
  /** What its handler threw. */
  readonly error: unknown;
  /** Epoch ms. */
  readonly at: number;
}

/** How a projection stands at a moment. */
export interface ProjectionSnapshot {
  /** Which projection this is. */
  readonly name: string;
  /** Its version. */
  readonly version: number;
  /** `retired`: another version is read from, and this one does nothing any more. */
  readonly status: 'idle' | 'running' | 'failed' | 'retired';
  /** `shadow`: it catches up with the version that is read from; `unknown` before it looked. */
  readonly role: 'active' | 'shadow' | 'unknown';
  /** What is saved; `undefined` before the first event. */
  readonly position: Position | undefined;
  /**
   * How long ago the last event that it is through with happened, in ms, while there are more; 0 when there
   * were none left, `undefined` where the feed does not say when events happened.
   */
  readonly lagMs: number | undefined;
  /** The events that it has passed since it was made, those without a handler included. */
  readonly processed: number;
  /** The events that were lost. */
  readonly skipped: number;
  /** The events that are parked. */
  readonly parked: number;
  /** Those who wait by `whenProcessed`. */
  readonly waiting: number;
}

/** How a projection was made. */
export interface ProjectionDescription {
  /** What this is. */
  readonly kind: 'projection';
  /** Which projection this is. */
  readonly name: string;
  /** Its version. */
  readonly version: number;
  /** The names of the events that it has a handler for. */
  readonly on: readonly string[];
  /** What becomes of an event whose handler fails. */
  readonly onError: 'stop' | 'park' | 'skip';
  /** The events of one reading. */
  readonly batch: number;
  /** The most parked events. */
  readonly maxParked: number;
  /** The wait for more events. */
  readonly pollMs: number;
}

interface Defaults {
  readonly version: number;
  readonly onError: 'stop';
  readonly batch: number;
  readonly maxParked: number;
  readonly pollMs: number;
}

export const projectionDefaults: Defaults = /* @__PURE__ */ Object.freeze({
  version: 1,
  onError: 'stop',
  batch: 100,
  maxParked: 1000,
  pollMs: 1000,
});

const known = [
  ...['name', 'version', 'init', 'on', 'registry', 'feed', 'store', 'onError', 'policy', 'batch'],
  ...['maxParked', 'pollMs', 'clock'],
];
const owner = 'Projection';

/** What a projection goes by. */
export type ProjectionRules = Omit<ProjectionDescription, 'kind' | 'on'> & {
  readonly handlers: ReadonlyMap<string, ProjectionHandler<unknown, unknown>>;
};

/** @throws TypeError or RangeError that names the option, the rule and the value. */
export function checkProjection(options: ProjectionOptions<object, never>): ProjectionRules {
  checkKeys(owner, options, known);
  const { name, init, on, registry, feed, store, policy } = options;
  if (typeof name !== 'string' || name === '') refuse(owner, 'name', 'a string that is not empty', name);
  if (typeof init !== 'function') refuse(owner, 'init', 'a function', init);
  if (typeof on !== 'object' || on === null) refuse(owner, 'on', 'an object of functions', on);
  if (typeof feed?.read !== 'function') refuse(owner, 'feed', 'an EventFeed', feed);
  for (const method of ['load', 'save', 'active', 'activate'] as const) {
    if (typeof store?.[method] !== 'function')
      refuse(owner, 'store', `a ProjectionStore with ${method}`, store);
  }
  if (registry !== undefined && typeof registry?.decode !== 'function') {
    refuse(owner, 'registry', 'an EventRegistry', registry);
  }
  if (policy !== undefined && typeof policy?.execute !== 'function') {
    refuse(owner, 'policy', 'a policy', policy);
  }
  const handlers = new Map<string, ProjectionHandler<unknown, unknown>>();
  for (const [event, handler] of Object.entries(on)) {
    if (typeof handler !== 'function') refuse(owner, `on.${event}`, 'a function', handler);
    handlers.set(event, handler as ProjectionHandler<unknown, unknown>);
  }
  const number = (option: 'version' | 'batch' | 'maxParked'): number =>
    checkNumber(owner, option, options[option] ?? projectionDefaults[option], { min: 1, integer: true });
  return {
    name,
    version: number('version'),
    onError: checkOneOf(owner, 'onError', options.onError ?? projectionDefaults.onError, [
      'stop',
      'park',
      'skip',
    ]),
    batch: number('batch'),
    maxParked: number('maxParked'),
    pollMs: checkNumber(owner, 'pollMs', options.pollMs ?? projectionDefaults.pollMs, {
      above: 0,
      infinity: true,
    }),
    handlers,
  };
}
