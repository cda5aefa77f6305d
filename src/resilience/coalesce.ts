import { backgroundContext, contextOf, noOperation } from '../kernel/call-options.js';
import { type Clock, systemClock } from '../kernel/clock.js';
import type { CallContext, CallOptions, Context } from '../kernel/context.js';
import { Emitter, type Listener, namesOf, type Observable } from '../kernel/events.js';
import { type OptionChanges, type UndoUpdate, updateOptions } from '../kernel/live-options.js';
import { checkKeys, checkNumber, functionName, given, refuse } from '../kernel/options.js';
import type { Operation, Policy } from '../kernel/policy.js';
import { launch } from './launch.js';
import type { SharedRun } from './shared-run.js';
import { type CallKey, keyFor, SingleFlight, saidKey } from './single-flight.js';

/** How a {@link Coalesce} is set up. */
export interface CoalesceOptions {
  /**
   * Which calls are the same; `undefined` for a call that is like no other. All of a caller's rights that the
   * answer depends on belong into it.
   * @default context.key
   */
  readonly key?: CallKey;
  /** Runs that are shared at a time; beyond that a call runs alone. @default 10_000 */
  readonly maxKeys?: number;
  /** Shown in errors, events and `describe()`. @default 'coalesce' */
  readonly name?: string;
  /** The source of time. @default systemClock */
  readonly clock?: Clock;
}

/** What can be listened to by `coalesce.on`; `at` is the wall clock, in ms since the epoch. */
export interface CoalesceEvents {
  /** A call joined a run that was under way, and waits for it as one of `callers`. */
  joined: { readonly policy: string; readonly at: number; readonly key: string; readonly callers: number };
  /** All callers of a run left before its end, the last one for `reason`: its signal was aborted. */
  abandoned: { readonly policy: string; readonly at: number; readonly key: string; readonly reason: unknown };
  /** Options were changed by `update`. */
  updated: { readonly policy: string; readonly changes: OptionChanges; readonly at: number };
}

/** What a {@link Coalesce} has done so far. */
export interface CoalesceSnapshot {
  /** That of the policy. */
  readonly name: string;
  /** Runs under way that can be joined. */
  readonly running: number;
  /** Runs that were begun to be shared. */
  readonly started: number;
  /** Calls that joined a run of others. */
  readonly joined: number;
  /** Calls that ran alone although they had a key: too many keys, or a call made by the run itself. */
  readonly alone: number;
  /** Calls without a key, which run alone. */
  readonly unkeyed: number;
  /** Runs that all callers left. */
  readonly abandoned: number;
}

/** What of it can be changed while it works. */
export type CoalesceUpdate = Partial<Pick<CoalesceOptions, 'key' | 'maxKeys'>>;

/** How a {@link Coalesce} is set up. */
export interface CoalesceDescription {
  /** Which policy this is. */
  readonly kind: 'coalesce';
  /** Its option of that name. */
  readonly name: string;
  /** Its option of that name. */
  readonly maxKeys: number;
  /** The name of the function; left out where there is none. */
  readonly key?: string;
}

const defaults: { readonly maxKeys: number; readonly name: string } = /* @__PURE__ */ Object.freeze({
  maxKeys: 10_000,
  name: 'coalesce',
});
const known = ['key', 'maxKeys', 'name', 'clock'];

function checked(options: CoalesceUpdate): { readonly maxKeys: number; readonly key: CallKey | undefined } {
  const { maxKeys = defaults.maxKeys, key } = options;
  checkNumber('Coalesce', 'maxKeys', maxKeys, { min: 1, max: 1_000_000, integer: true });
  if (key !== undefined && typeof key !== 'function') refuse('Coalesce', 'key', 'a function', key);
  return { maxKeys, key };
}

/**
 * Lets calls of the same key that are made at the same time share one run (single flight). What a run
 * answered or threw goes to those who joined it and is then forgotten: it is no cache.
 *
 * Each caller keeps an abort and a deadline of its own and fails alone. The run is given up when all of its
 * callers have left; until then no policy inside ends it by the deadline of one of them. All callers are
 * handed the same object, so what can be read only once, such as a `Response` with an unread body, is
 * refused with a `TypeError`: read it inside the operation.
 *
 * A call that a run makes with its own context and key would wait for itself, and so runs alone.
 *
 * @example
 * ```ts
 * import { Coalesce } from 'keelson';
 *
 * const coalesce = new Coalesce();
 * let runs = 0;
 * const rate = async () => ++runs;
 * const call = () => coalesce.execute(rate, { key: 'EUR' });
 * await Promise.all([call(), call()]); // => [1, 1]
 * ```
 */
export class Coalesce implements Policy, Observable<CoalesceEvents> {
  /** Shown in errors, events and `describe()`. */
  readonly name: string;
  /** The source of time. */
  readonly clock: Clock;
  #maxKeys: number;
  #keyOf: CallKey | undefined;
  readonly #single: SingleFlight;
  readonly #background: CallContext;
  #unkeyed = 0;
  #abandoned = 0;
  #events: Emitter<CoalesceEvents> | undefined;

  /** @throws TypeError or RangeError that names the option, the rule and the value. */
  constructor(options: CoalesceOptions = {}) {
    checkKeys('Coalesce', options, known);
    const { maxKeys, key } = checked(options);
    const { name = defaults.name } = options;
    this.name = name;
    this.clock = options.clock ?? systemClock;
    this.#maxKeys = maxKeys;
    this.#keyOf = key;
    this.#background = backgroundContext(this.clock);
    this.#single = new SingleFlight(name, maxKeys, (run, reason) => this.#abandon(run, reason));
  }

  /** Callers are handed the answers of others: `streamed` refuses such a policy. */
  get sharesAnswers(): true {
    return true;
  }

  /** What stands where an option was left out. */
  static get defaults(): typeof defaults {
    return defaults;
  }

  /** Joins the run of the call's key, or starts it. */
  execute<T>(operation: Operation<T>, options?: CallOptions | Context): Promise<T> {
    if (typeof operation !== 'function') return Promise.reject(noOperation('execute', operation));
    const key = this.#keyOf === undefined ? saidKey(options) : undefined;
    if (key !== undefined) {
      const run = this.#single.flights.get(key);
      if (run?.answer !== undefined && saysNoMore(options!)) return this.#join(run) as Promise<T>;
    }
    let call = this.#background;
    let checked: string | undefined;
    try {
      if (options !== undefined) call = contextOf(options, this.clock);
      if (call.cancelled) return Promise.reject(call.reason);
      checked = keyFor('Coalesce', this.#keyOf, call);
    } catch (error) {
      return Promise.reject(error);
    }
    return this.#executeAs(checked, operation, call);
  }

  on<Name extends keyof CoalesceEvents>(event: Name, listener: Listener<CoalesceEvents[Name]>): () => void {
    this.#events ??= new Emitter(namesOf<CoalesceEvents>({ joined: true, abandoned: true, updated: true }));
    return this.#events.on(event, listener);
  }

  /**
   * Changes options for the calls that begin from now on, and answers how to put them back. Runs under way
   * keep their callers, and can be joined by those of the same key.
   *
   * @throws TypeError or RangeError that names the option, the rule and the value; then nothing has changed.
   */
  update(options: CoalesceUpdate): UndoUpdate {
    return updateOptions<ReturnType<typeof checked>>(
      {
        owner: 'Coalesce',
        read: () => ({ maxKeys: this.#maxKeys, key: this.#keyOf }),
        write: next => {
          const { maxKeys, key } = checked(given(next) as CoalesceUpdate);
          this.#maxKeys = maxKeys;
          this.#keyOf = key;
          this.#single.flights.resize(maxKeys);
        },
        tell: changes => {
          if (!this.#events?.has('updated')) return;
          this.#events.emit('updated', { policy: this.name, changes, at: this.clock.wall() });
        },
      },
      options as Partial<ReturnType<typeof checked>>,
    );
  }

  /** How it is set up, as JSON. */
  describe(): CoalesceDescription {
    const key = functionName(this.#keyOf);
    return given({
      kind: 'coalesce' as const,
      name: this.name,
      maxKeys: this.#maxKeys,
      key,
    }) as CoalesceDescription;
  }

  /** What it has done so far, as JSON. */
  snapshot(): CoalesceSnapshot {
    const { flights, started, joined, alone } = this.#single;
    return {
      name: this.name,
      running: flights.size,
      started,
      joined,
      alone,
      unkeyed: this.#unkeyed,
      abandoned: this.#abandoned,
    };
  }

  /** A caller who can never leave needs no record: it waits for the promise of the run itself. */
  #join(run: SharedRun): Promise<unknown> {
    this.#single.joined++;
    const answer = run.joinTied();
    if (this.#events !== undefined) this.#tellJoined(run);
    return answer;
  }

  #executeAs<T>(key: string | undefined, operation: Operation<T>, call: CallContext): Promise<T> {
    if (key === undefined) {
      this.#unkeyed++;
      return launch(operation, call);
    }
    const single = this.#single;
    const before = single.joined;
    const run = single.flights.get(key);
    const answer = single.share(key, operation, call);
    if (run !== undefined && single.joined > before) this.#tellJoined(run);
    return answer;
  }

  #tellJoined(run: SharedRun): void {
    if (!this.#events?.has('joined')) return;
    const { sharedKey: key, callers } = run;
    this.#events.emit('joined', { policy: this.name, at: this.clock.wall(), key, callers });
  }

  #abandon({ sharedKey: key }: SharedRun, reason: unknown): void {
    this.#abandoned++;
    if (!this.#events?.has('abandoned')) return;
    this.#events.emit('abandoned', { policy: this.name, at: this.clock.wall(), key, reason });
  }
}

/**
 * Whether a caller says nothing that could make it leave early, nor what run it is part of. Mistakes in the
 * rest of its options are found when it starts a run: most calls that join one are written in one place.
 */
function saysNoMore(options: CallOptions | Context): boolean {
  try {
    return !('remainingMs' in options) && options.signal === undefined && options.timeoutMs === undefined;
  } catch {
    return false;
  }
}
