import { type Clock, systemClock } from '../kernel/clock.js';
import { checkKeys, checkNumber } from '../kernel/options.js';

/**
 * What is known of a message: `new`, it is to be handled, and nobody else may for the time being; `busy`,
 * somebody else is at it; `done`, it has been handled.
 */
export type Familiarity = 'new' | 'busy' | 'done';

/**
 * Remembers what a group has handled, so that a message which comes twice has its effect once. It is marked
 * after its handling has succeeded, never before: a crash in between means that it is handled again.
 */
export interface IdempotencyStore {
  /** Takes `key` for `leaseMs`, unless it is done or somebody else has it. */
  begin(key: string, leaseMs: number): Promise<Familiarity>;
  /** It has been handled. */
  complete(key: string): Promise<void>;
  /** It has not been handled: whoever comes next may try. */
  release(key: string): Promise<void>;
}

/** How an `InMemoryIdempotencyStore` is made. */
export interface InMemoryIdempotencyOptions {
  /** So many keys are remembered at most; the oldest goes first. @default 100000 */
  readonly maxKeys?: number;
  /** How long a key is remembered, in ms. @default 86400000 */
  readonly ttlMs?: number;
  /** The source of time. @default systemClock */
  readonly clock?: Clock;
}

interface Entry {
  done: boolean;
  until: number;
}

const defaults: { readonly maxKeys: number; readonly ttlMs: number } = /* @__PURE__ */ Object.freeze({
  maxKeys: 100_000,
  ttlMs: 86_400_000,
});

/** An {@link IdempotencyStore} in memory: for tests, and where one process is all there is. */
export class InMemoryIdempotencyStore implements IdempotencyStore {
  readonly #entries = new Map<string, Entry>();
  readonly #maxKeys: number;
  readonly #ttlMs: number;
  readonly #clock: Clock;

  /** @throws TypeError or RangeError that names the option, the rule and the value. */
  constructor(options: InMemoryIdempotencyOptions = {}) {
    const owner = 'InMemoryIdempotencyStore';
    checkKeys(owner, options, ['maxKeys', 'ttlMs', 'clock']);
    const { maxKeys = defaults.maxKeys, ttlMs = defaults.ttlMs, clock = systemClock } = options;
    this.#maxKeys = checkNumber(owner, 'maxKeys', maxKeys, { min: 1, integer: true });
    this.#ttlMs = checkNumber(owner, 'ttlMs', ttlMs, { above: 0 });
    this.#clock = clock;
  }

  /** What stands where an option was left out. */
  static get defaults(): typeof defaults {
    return defaults;
  }

  /** How many keys it remembers. */
  get size(): number {
    return this.#entries.size;
  }

  begin(key: string, leaseMs: number): Promise<Familiarity> {
    const now = this.#clock.now();
    const entry = this.#entries.get(key);
    if (entry !== undefined && now < entry.until) return Promise.resolve(entry.done ? 'done' : 'busy');
    this.#put(key, { done: false, until: now + leaseMs });
    return Promise.resolve('new');
  }

  complete(key: string): Promise<void> {
    this.#put(key, { done: true, until: this.#clock.now() + this.#ttlMs });
    return Promise.resolve();
  }

  release(key: string): Promise<void> {
    if (this.#entries.get(key)?.done === false) this.#entries.delete(key);
    return Promise.resolve();
  }

  /** The latest stands last, so that the first is the one to go. */
  #put(key: string, entry: Entry): void {
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    if (this.#entries.size > this.#maxKeys) this.#entries.delete(this.#entries.keys().next().value!);
  }
}
