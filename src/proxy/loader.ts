import type { Context } from '../kernel/context.js';
import { CallContext } from '../kernel/context.js';
import { checkKeys, checkNumber, given, refuse } from '../kernel/options.js';
import { launch } from '../resilience/launch.js';
import { AggregateCall } from './aggregate-call.js';

/** How a {@link Loader} is set up. */
export interface LoaderOptions {
  /** How many keys one batch has at most; 1 to 10 000. @default 100 */
  readonly maxBatch?: number;
  /**
   * How many keys are remembered within one answer, 1 to a million; beyond that each asks anew.
   * @default 10_000
   */
  readonly maxKeys?: number;
}

/**
 * Loads many at once: the values in the order of their keys. An `Error` in place of a value fails that key
 * alone; what is thrown fails all keys of the batch.
 */
export type LoadBatch<Key, Value> = (
  keys: readonly Key[],
  context: Context,
) => PromiseLike<readonly (Value | Error)[]> | readonly (Value | Error)[];

const defaults: { readonly maxBatch: number; readonly maxKeys: number } = /* @__PURE__ */ Object.freeze({
  maxBatch: 100,
  maxKeys: 10_000,
});

interface Asked<Key, Value> {
  readonly key: Key;
  readonly resolve: (value: Value) => void;
  readonly reject: (error: unknown) => void;
}

/** What is known and asked within one answer. */
class Shelf<Key, Value> {
  readonly answers = new Map<Key, Promise<Value>>();
  asked: Asked<Key, Value>[] = [];
}

/**
 * Gathers what the parts of one answer ask for into batches, and asks for each key once. What it knows is
 * forgotten with the answer: it is no cache.
 *
 * Keys that are asked for in one go of microtasks come into one batch; the batch is sent when no more come.
 *
 * @example
 * ```ts
 * import { aggregate, Loader } from 'keelson';
 *
 * const names = new Loader(async (ids: readonly number[]) => ids.map(id => `user ${id} of ${ids.length}`));
 * const page = aggregate({
 *   author: context => names.load(1, context),
 *   editor: context => names.load(2, context),
 *   owner: context => names.load(1, context),
 * });
 * (await page.execute()).data; // => { author: 'user 1 of 2', editor: 'user 2 of 2', owner: 'user 1 of 2' }
 * ```
 */
export class Loader<Key, Value> {
  readonly #load: LoadBatch<Key, Value>;
  readonly #maxBatch: number;
  readonly #maxKeys: number;
  readonly #shelves = new WeakMap<AggregateCall, Shelf<Key, Value>>();

  /** @throws TypeError or RangeError that names the option, the rule and the value. */
  constructor(load: LoadBatch<Key, Value>, options: LoaderOptions = {}) {
    if (typeof load !== 'function') refuse('Loader', 'load', 'a function', load);
    checkKeys('Loader', options, ['maxBatch', 'maxKeys']);
    const { maxBatch, maxKeys } = { ...defaults, ...given(options) };
    this.#load = load;
    this.#maxBatch = checkNumber('Loader', 'maxBatch', maxBatch, { min: 1, max: 10_000, integer: true });
    this.#maxKeys = checkNumber('Loader', 'maxKeys', maxKeys, { min: 1, max: 1_000_000, integer: true });
  }

  /** What stands where an option was left out. */
  static get defaults(): typeof defaults {
    return defaults;
  }

  /**
   * The value of `key`, for the part of an answer that was handed `context`.
   *
   * @throws TypeError when the context is none of a part, or the batch answered with another count of values.
   */
  load(key: Key, context: Context): Promise<Value> {
    const scope = scopeOf(context);
    if (scope === undefined) {
      return Promise.reject(new TypeError('Loader: the context must be that of a part of an aggregate'));
    }
    let shelf = this.#shelves.get(scope);
    if (shelf === undefined) {
      shelf = new Shelf();
      this.#shelves.set(scope, shelf);
    }
    const known = shelf.answers.get(key);
    if (known !== undefined) return known;
    const { asked } = shelf;
    const answer = new Promise<Value>((resolve, reject) => {
      asked.push({ key, resolve, reject });
    });
    if (shelf.answers.size < this.#maxKeys) shelf.answers.set(key, answer);
    if (asked.length === 1) void this.#collect(shelf, scope);
    return answer;
  }

  /** Waits until no more keys come, and sends them. */
  async #collect(shelf: Shelf<Key, Value>, scope: AggregateCall): Promise<void> {
    for (let before = 0; before < shelf.asked.length; ) {
      before = shelf.asked.length;
      await undefined;
      await undefined;
    }
    const { asked } = shelf;
    shelf.asked = [];
    for (let from = 0; from < asked.length; from += this.#maxBatch) {
      void this.#send(asked.slice(from, from + this.#maxBatch), scope);
    }
  }

  async #send(batch: readonly Asked<Key, Value>[], scope: AggregateCall): Promise<void> {
    try {
      const keys = batch.map(({ key }) => key);
      const values = await launch<readonly (Value | Error)[]>(context => this.#load(keys, context), scope);
      if (!Array.isArray(values) || values.length !== batch.length) {
        const got = Array.isArray(values) ? `${values.length} values` : typeof values;
        throw new TypeError(`Loader: \`load\` must answer ${batch.length} values in a list, got ${got}`);
      }
      batch.forEach(({ resolve, reject }, at) => {
        const value = (values as readonly (Value | Error)[])[at]!;
        if (value instanceof Error) reject(value);
        else resolve(value);
      });
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  }
}

/** The outermost answer that a context belongs to: what one within another loads is shared with it. */
function scopeOf(context: Context): AggregateCall | undefined {
  let scope: AggregateCall | undefined;
  let at = context instanceof CallContext ? context : undefined;
  for (; at !== undefined; at = at.parent) if (at instanceof AggregateCall) scope = at;
  return scope;
}
