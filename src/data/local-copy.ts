import { type Clock, systemClock } from '../kernel/clock.js';
import { checkNumber, refuse } from '../kernel/options.js';
import { CopyChangeError, CopyStaleError } from './local-copy-errors.js';
import {
  type CopiedRow,
  type CopyChange,
  type CopyFreshness,
  checkLocalCopy,
  type LocalCopyDefaults,
  type LocalCopyDescription,
  type LocalCopyOptions,
  localCopyDefaults,
  rowOf,
} from './local-copy-options.js';
import type { CopyRow, LocalCopyStore } from './local-copy-store.js';

/** How a copy is filled. */
export interface CopyLoad<Value> {
  /** Resolves when changes are being consumed: what happens from then on will come. */
  readonly subscribe: () => unknown;
  /**
   * Begins to read the rows that are there, and gives them one by one. What had been published before has to
   * be in it: ask the database that the other service writes to, not one that follows it.
   */
  readonly read: (signal: AbortSignal) => AsyncIterable<CopyChange<Value>> | Iterable<CopyChange<Value>>;
  /** Loads although the copy was loaded before: after changes were lost. @default false */
  readonly again?: boolean;
  /** Breaks it off when it aborts, with its reason. */
  readonly signal?: AbortSignal;
}

/** What a load has done. */
export interface CopyLoadReport {
  /** The rows that were read. */
  readonly read: number;
  /** Those of them that were put in the place of older ones, or of none. */
  readonly applied: number;
  /** The rows that were here and not there any more. */
  readonly swept: number;
}

/**
 * A copy of the data of another service, fed by its events, for questions that must be answered while that
 * service is away: its rows by their keys, each as new as the newest change that came, however late, twice or
 * in whatever order changes come.
 *
 * @example
 * ```ts
 * import { InMemoryLocalCopyStore, LocalCopy } from 'keelson/data';
 *
 * const store = new InMemoryLocalCopyStore();
 * const prices = new LocalCopy<{ cents: number }>({ name: 'prices', store, redeliveryMs: 86_400_000 });
 * await prices.apply({ key: 'tea', version: 2, value: { cents: 450 } }); // => true
 * await prices.apply({ key: 'tea', version: 1, value: { cents: 400 } }); // => false
 * (await prices.get('tea'))?.value; // => { cents: 450 }
 * ```
 */
export class LocalCopy<Value, Transaction = unknown> {
  readonly #store: LocalCopyStore<Transaction>;
  readonly #clock: Clock;
  readonly #rules: Omit<LocalCopyDescription, 'kind'>;

  /** @throws TypeError or RangeError that names the option, the rule and the value. */
  constructor(options: LocalCopyOptions<Transaction>) {
    this.#rules = checkLocalCopy(options as LocalCopyOptions<never>);
    this.#store = options.store;
    this.#clock = options.clock ?? systemClock;
  }

  /** What stands where an option was left out. */
  static get defaults(): LocalCopyDefaults {
    return localCopyDefaults;
  }

  /**
   * Takes a change, in `transaction` where there is one; whether it was newer than what is here. It may be
   * repeated: no inbox is needed for it.
   *
   * @throws CopyChangeError for what cannot be kept; what the database throws.
   */
  async apply(change: CopyChange<Value>, transaction?: Transaction): Promise<boolean> {
    const { name, maxValueBytes } = this.#rules;
    return this.#store.put(transaction, name, rowOf(name, change, maxValueBytes));
  }

  /**
   * All that the owner did up to `at`, epoch ms by its clock, has come by this source: what the owner sends
   * from time to time, behind its changes and in their order. Where changes come by several partitions, each
   * is a source.
   *
   * @throws CopyChangeError for a source that is one too many.
   */
  async heartbeat(at: number, source = '', transaction?: Transaction): Promise<void> {
    const { name, maxSources } = this.#rules;
    checkNumber(name, 'at', at, { min: 0, max: Number.MAX_SAFE_INTEGER });
    if (typeof source !== 'string' || source.length > 100) {
      refuse(name, 'source', 'a text of at most 100 characters', source);
    }
    if (await this.#store.reach(transaction, name, { source, at }, maxSources)) return;
    const says = `a heartbeat of another source than the first ${maxSources}`;
    throw new CopyChangeError(`${name}: ${says}: \`maxSources\` is ${maxSources}`);
  }

  /**
   * Fills the copy without a gap: first changes are subscribed to, then the rows are read, and of both the
   * newer one stays. What is here and was not there any more goes. `undefined` where it was loaded before.
   * One that breaks off is done again from its beginning; it may run in several processes at once.
   *
   * @throws What `subscribe` and `read` throw; the reason of the signal; CopyChangeError.
   */
  async load({
    subscribe,
    read,
    again = false,
    signal,
  }: CopyLoad<Value>): Promise<CopyLoadReport | undefined> {
    const { name, maxRows } = this.#rules;
    const giveUp = signal ?? new AbortController().signal;
    giveUp.throwIfAborted();
    await subscribe();
    if (!again && (await this.freshness()).loaded) return undefined;
    const generation = await this.#store.begin(name);
    let [rows, applied, swept] = [0, 0, 0];
    for await (const change of read(giveUp)) {
      giveUp.throwIfAborted();
      rows++;
      if (await this.apply(change)) applied++;
    }
    for (;;) {
      giveUp.throwIfAborted();
      const gone = await this.#store.sweep(name, generation, maxRows);
      if (gone === 0) return { read: rows, applied, swept };
      swept += gone;
    }
  }

  /** A row; `undefined` for one that is not there, or not yet. */
  async get(key: string): Promise<CopiedRow<Value> | undefined> {
    return (await this.getMany([key]))[0];
  }

  /** Those of these rows that are there, in any order. */
  async getMany(keys: readonly string[]): Promise<readonly CopiedRow<Value>[]> {
    const { name, maxRows } = this.#rules;
    if (!Array.isArray(keys) || keys.length > maxRows || keys.some(key => typeof key !== 'string')) {
      const got: unknown = Array.isArray(keys) ? keys.length : keys;
      refuse(name, 'keys', `an array of at most ${maxRows} texts`, got);
    }
    if (keys.length === 0) return [];
    return (await this.#store.rows(name, keys)).map(valued<Value>);
  }

  /** The rows after `after`, or from the first on, by their keys: at most `maxRows`. */
  async page(after?: string): Promise<readonly CopiedRow<Value>[]> {
    const { name, maxRows } = this.#rules;
    return (await this.#store.page(name, after, maxRows)).map(valued<Value>);
  }

  /** How old it is. */
  async freshness(): Promise<CopyFreshness> {
    const { generation, loaded, eventAt, sources } = await this.#store.standing(this.#rules.name);
    const wall = this.#clock.wall();
    // By clocks that do not agree, what has just happened may seem to come.
    const age = (at: number | undefined): number | undefined =>
      at === undefined ? undefined : Math.max(wall - at, 0);
    const slowest = sources.length === 0 ? undefined : Math.min(...sources.map(({ at }) => at));
    const ages = { eventAgeMs: age(eventAt), heartbeatAgeMs: age(slowest) };
    return { loaded: loaded > 0, loading: generation > loaded, ...ages };
  }

  /**
   * Whether it was loaded, and shows all that its owner had done until `ms` ago. Without heartbeats, of which
   * nobody has heard yet, the latest change is all that there is to tell it by.
   */
  async freshWithin(ms: number): Promise<boolean> {
    checkNumber(this.#rules.name, 'ms', ms, { min: 0, infinity: true });
    const { loaded, eventAgeMs, heartbeatAgeMs } = await this.freshness();
    return loaded && (heartbeatAgeMs ?? eventAgeMs ?? Infinity) <= ms;
  }

  /**
   * The same, for who would rather fail than answer by what is old.
   *
   * @throws CopyStaleError when it is older, or was not loaded.
   */
  async requireFresh(ms: number): Promise<void> {
    if (await this.freshWithin(ms)) return;
    const { loaded, heartbeatAgeMs, eventAgeMs } = await this.freshness();
    const age = heartbeatAgeMs ?? eventAgeMs;
    const says = !loaded
      ? 'was never loaded to its end'
      : `is ${age === undefined ? 'of an unknown age' : `${age} ms old`}`;
    throw new CopyStaleError(`${this.#rules.name}: the copy ${says}, at most ${ms} ms were asked for`);
  }

  /** Forgets deletions of more than `tombstoneMs` ago, at most `maxRows` of them; how many it were. */
  purge(): Promise<number> {
    const { name, tombstoneMs, maxRows } = this.#rules;
    return this.#store.purge(name, tombstoneMs, maxRows);
  }

  /** How it was made. */
  describe(): LocalCopyDescription {
    return { kind: 'local-copy', ...this.#rules };
  }
}

const valued = <Value>({ key, version, value, at }: CopyRow): CopiedRow<Value> => ({
  ...{ key, version, at, value: JSON.parse(value!) as Value },
});
