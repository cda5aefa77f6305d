import type { CacheEntry } from '../core/cache-entry.js';
import { backgroundContext, contextOf, noOperation } from '../kernel/call-options.js';
import { type Clock, systemClock } from '../kernel/clock.js';
import { CallContext, type CallOptions, type Context, RootContext } from '../kernel/context.js';
import { Emitter, type EventNames, type Listener, namesOf, type Observable } from '../kernel/events.js';
import { type UndoUpdate, updateOptions } from '../kernel/live-options.js';
import { given, refuse } from '../kernel/options.js';
import type { Operation, Policy } from '../kernel/policy.js';
import {
  type CacheDescription,
  type CacheEvents,
  type CacheOptions,
  type CacheSnapshot,
  type CacheUpdate,
  cacheDefaults,
  checkCache,
  describeCache,
  updatable,
} from './cache-options.js';
import { CacheShelf } from './cache-shelf.js';
import { launch } from './launch.js';
import { isReadOnce } from './read-once.js';
import { type CallKey, keyFor, SingleFlight, saidKey } from './single-flight.js';

const eventNames: EventNames<CacheEvents> = {
  hit: true,
  missed: true,
  stale: true,
  revalidated: true,
  revalidationFailed: true,
  evicted: true,
  evictFailed: true,
  updated: true,
};
/** Misses under way that can be joined, in a cache of few entries. */
const LEAST_FLIGHTS = 1000;

/**
 * Answers calls of the same key with what a run answered before: while that is fresh, and if you say so for
 * some time after that, while a newer answer is fetched or when none can be had. Misses of one key at one
 * time share one run, as in `Coalesce`.
 *
 * All callers are handed the same object, so do not change it. What can be read only once, such as a
 * `Response` with an unread body, is refused with a `TypeError`: read it inside the operation.
 *
 * A key stands for one kind of answer: use one cache for each operation.
 *
 * @example
 * ```ts
 * import { Cache } from 'keelson';
 *
 * const cache = new Cache<number>({ ttlMs: 60_000, staleIfErrorMs: 3_600_000 });
 * await cache.execute(async () => 1.08, { key: 'EUR/USD' }); // => 1.08
 * await cache.execute(async () => 1.09, { key: 'EUR/USD' }); // => 1.08
 * ```
 */
export class Cache<V = unknown> implements Policy<V>, Observable<CacheEvents> {
  declare readonly '~policy'?: (value: V) => never;

  /** Shown in errors, events and `describe()`. */
  readonly name: string;
  /** The source of time. */
  readonly clock: Clock;
  #keyOf: CallKey | undefined;
  readonly #shelf: CacheShelf<V>;
  readonly #single: SingleFlight;
  readonly #background: CallContext;
  #hits = 0;
  #misses = 0;
  #stale = 0;
  #unkeyed = 0;

  /** @throws TypeError or RangeError that names the option, the rule and the value. */
  constructor(options: CacheOptions<V>) {
    const all = checkCache(options);
    this.name = all.name;
    this.clock = all.clock ?? systemClock;
    this.#keyOf = all.key;
    this.#shelf = new CacheShelf(all, this.clock);
    this.#single = new SingleFlight(all.name, flightsOf(all), () => {});
    this.#background = backgroundContext(this.clock);
  }

  /** Callers are handed the answers of others: `streamed` refuses such a policy. */
  get sharesAnswers(): true {
    return true;
  }

  /** What stands where an option was left out. */
  static get defaults(): typeof cacheDefaults {
    return cacheDefaults;
  }

  /** Answers from the cache, or with what the operation answers. */
  execute<T extends V>(operation: Operation<T>, options?: CallOptions | Context): Promise<T> {
    if (typeof operation !== 'function') return Promise.reject(noOperation('execute', operation));
    if (this.#keyOf === undefined) {
      const key = saidKey(options);
      const entry = key === undefined ? undefined : this.#shelf.get(key);
      // What the caller says besides the key is not looked at any further: nothing of it is needed.
      if (entry !== undefined && this.clock.coarse() < entry.freshUntil && !hasGivenUp(options!)) {
        return this.#hit(entry) as Promise<T>;
      }
    }
    let call = this.#background;
    let key: string | undefined;
    try {
      if (options !== undefined) call = contextOf(options, this.clock);
      if (call.cancelled) return Promise.reject(call.reason);
      key = keyFor('Cache', this.#keyOf, call);
    } catch (error) {
      return Promise.reject(error);
    }
    if (key !== undefined) return this.#look(key, operation, call);
    this.#unkeyed++;
    return launch(operation, call);
  }

  on<Name extends keyof CacheEvents>(event: Name, listener: Listener<CacheEvents[Name]>): () => void {
    this.#shelf.events ??= new Emitter(namesOf(eventNames));
    return this.#shelf.events.on(event, listener);
  }

  /**
   * Changes options for the answers that come from now on, and answers how to put them back. Entries stay,
   * for as long as they were meant to; with fewer `maxEntries` those leave that nobody asked for lately.
   *
   * @throws TypeError or RangeError that names the option, the rule and the value; then nothing has changed.
   */
  update(options: CacheUpdate<V>): UndoUpdate {
    return updateOptions<CacheUpdate<V>>(
      {
        owner: 'Cache',
        read: () => updatable(this.#shelf.options),
        write: next => this.#amend(next as CacheOptions<V>),
        tell: changes => this.#shelf.tellUpdated(changes),
      },
      options,
    );
  }

  /** The value that a call of this key would get without waiting; `undefined` when there is none. */
  get(key: string): V | undefined {
    const entry = this.#shelf.get(key);
    if (entry === undefined || !entry.ok) return undefined;
    const phase = entry.phase(this.clock.coarse());
    return phase === 'fresh' || phase === 'stale' ? (entry.result as V) : undefined;
  }

  /**
   * Puts a value in, for `ttlMs` or what the option says. A run of this key that is under way keeps its
   * callers, but its answer is not kept.
   *
   * @throws TypeError for a promise and for what can be read only once; RangeError for a bad `ttlMs`.
   */
  set(key: string, value: V, ttlMs?: number): void {
    if (typeof key !== 'string') refuse('set', 'key', 'a string', key);
    // Its failure would be kept, which is only done where it was asked for.
    const { then } = Object(value) as { readonly then?: unknown };
    if (typeof then === 'function') refuse('set', 'value', 'no promise: await it first', value);
    const spanMs = ttlMs === undefined ? this.#shelf.ttlOf(value, this.#background) : ttlMs;
    const entry = this.#shelf.entryOf(key, value, spanMs);
    this.#single.flights.detach(key);
    if (entry === undefined) this.#shelf.drop(key, 'deleted');
    else this.#shelf.keep(entry);
  }

  /** Takes an entry out; true if there was one. A run under way keeps its callers, but is not kept. */
  delete(key: string): boolean {
    this.#single.flights.detach(key);
    return this.#shelf.drop(key, 'deleted');
  }

  /** Takes all entries out. Runs under way keep their callers, but are not kept. */
  clear(): void {
    this.#single.flights.detachAll();
    this.#shelf.clear();
  }

  /** How it is set up, as JSON. */
  describe(): CacheDescription {
    return describeCache(this.#shelf.options);
  }

  /** What it holds and has done so far, as JSON. */
  snapshot(): CacheSnapshot {
    return {
      name: this.name,
      size: this.#shelf.size,
      hits: this.#hits,
      misses: this.#misses,
      stale: this.#stale,
      unkeyed: this.#unkeyed,
      evicted: this.#shelf.evicted,
      running: this.#single.flights.size,
    };
  }

  #amend(next: CacheOptions<V>): void {
    const { name, clock, random } = this.#shelf.options;
    const all = checkCache(given({ ...next, name, clock, random }) as CacheOptions<V>);
    this.#keyOf = all.key;
    this.#single.flights.resize(flightsOf(all));
    this.#shelf.amend(all);
  }

  #hit(entry: CacheEntry<unknown>): Promise<unknown> {
    this.#hits++;
    if (this.#shelf.events !== undefined) this.#shelf.tell('hit', entry.key);
    return entry.ok ? Promise.resolve(entry.result) : Promise.reject(entry.result);
  }

  #look<T extends V>(key: string, operation: Operation<T>, call: CallContext): Promise<T> {
    const entry = this.#shelf.get(key);
    const phase = entry?.phase(this.clock.coarse());
    if (phase === 'fresh') return this.#hit(entry!) as Promise<T>;
    if (phase === 'stale') {
      const { result } = entry!;
      this.#serveStale(key, 'revalidating', undefined);
      const { flights } = this.#single;
      if (flights.get(key) === undefined && !flights.isFull) this.#revalidate(key, operation, call);
      return Promise.resolve(result as T);
    }
    if (phase === 'gone') this.#shelf.drop(key, 'expired');
    this.#misses++;
    this.#shelf.tell('missed', key);
    const answer = this.#single.share(key, this.#kept(key, operation, false), call);
    return phase === 'spare' ? answer.catch(error => this.#standIn(key, error, call) as T) : answer;
  }

  /** The operation, and what becomes of its outcome before any caller hears of it. */
  #kept<T extends V>(key: string, operation: Operation<T>, unasked: boolean): Operation<T> {
    const shelf = this.#shelf;
    return context =>
      launch(operation, context).then(
        value => {
          // A run that lost its key was overtaken by `set` or `delete`, or all of its callers left. What can
          // be read only once nobody gets who shares a run.
          if (!this.#isCurrent(key, context) || isReadOnce(value)) return value;
          const entry = shelf.entryOf(key, value, shelf.ttlOf(value, context));
          // What is not to be kept still says that the old answer is out of date.
          if (entry === undefined) shelf.drop(key, 'deleted');
          else shelf.keep(entry);
          if (unasked) shelf.tell('revalidated', key);
          return value;
        },
        error => {
          if (this.#isCurrent(key, context)) shelf.keepError(key, error, context);
          throw error;
        },
      );
  }

  #isCurrent(key: string, context: Context): boolean {
    return (this.#single.flights.get(key) as Context | undefined) === context;
  }

  /** Somebody has the old value already: the run belongs to nobody, and ends at a time of its own. */
  #revalidate<T extends V>(key: string, operation: Operation<T>, call: CallContext): void {
    const { idempotencyKey, idempotent, priority, attributes } = call;
    const { revalidateTimeoutMs } = this.#shelf.options;
    const facts = { key: call.key, idempotencyKey, idempotent, priority, attributes };
    const own = new RootContext(this.clock, facts, this.clock.now() + revalidateTimeoutMs, 1);
    this.#single
      .share(key, this.#kept(key, operation, true), own, false)
      .then(undefined, error => this.#shelf.tellFailed('revalidationFailed', key, error));
  }

  /** The old value, where it is still good for that; never for a caller who has given up. */
  #standIn(key: string, error: unknown, call: CallContext): unknown {
    const entry = this.#shelf.peek(key);
    if (entry === undefined || call.cancelled || !entry.standsIn(this.clock.coarse())) throw error;
    this.#serveStale(key, 'error', error);
    return entry.result;
  }

  #serveStale(key: string, reason: 'revalidating' | 'error', error: unknown): void {
    this.#stale++;
    this.#shelf.tellStale(key, reason, error);
  }
}

/** Whether a caller has given up already, or cannot be asked: then the full look finds out. */
function hasGivenUp(options: CallOptions | Context): boolean {
  if (options instanceof CallContext) return options.cancelled;
  try {
    return options.signal?.aborted === true;
  } catch {
    return true;
  }
}

const flightsOf = ({ maxEntries }: { readonly maxEntries: number }): number =>
  Math.max(maxEntries, LEAST_FLIGHTS);
