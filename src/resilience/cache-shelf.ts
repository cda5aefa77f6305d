import { CacheEntry, jitteredTtl } from '../core/cache-entry.js';
import { Sieve } from '../core/sieve.js';
import type { Clock } from '../kernel/clock.js';
import type { Context } from '../kernel/context.js';
import { isRejected } from '../kernel/errors.js';
import type { Emitter } from '../kernel/events.js';
import type { OptionChanges } from '../kernel/live-options.js';
import { systemRandom } from '../kernel/random.js';
import { type CacheEvents, type CacheEviction, type CheckedCacheOptions, checkTtl } from './cache-options.js';
import { isReadOnce, readOnceError } from './read-once.js';

/** The entries of a cache: what is let in and for how long, and who hears when one goes. */
export class CacheShelf<V> {
  #options: CheckedCacheOptions<V>;
  readonly #clock: Clock;
  readonly #sieve: Sieve<CacheEntry<unknown>>;
  /** Entries that had to go because the cache was full. */
  evicted = 0;
  events: Emitter<CacheEvents> | undefined;

  constructor(options: CheckedCacheOptions<V>, clock: Clock) {
    this.#options = options;
    this.#clock = clock;
    this.#sieve = new Sieve(options.maxEntries);
  }

  get options(): CheckedCacheOptions<V> {
    return this.#options;
  }

  /** Goes by other options. Entries keep their ends; those that have no room any more leave. */
  amend(options: CheckedCacheOptions<V>): void {
    this.#options = options;
    for (const gone of this.#sieve.resize(options.maxEntries)) {
      this.evicted++;
      this.#tellEvicted(gone, 'full', undefined);
    }
  }

  get size(): number {
    return this.#sieve.size;
  }

  get(key: string): CacheEntry<unknown> | undefined {
    return this.#sieve.get(key);
  }

  peek(key: string): CacheEntry<unknown> | undefined {
    return this.#sieve.peek(key);
  }

  ttlOf(value: V, context: Context): number {
    const { ttlMs } = this.#options;
    return typeof ttlMs === 'number' ? ttlMs : ttlMs(value, context);
  }

  /**
   * The entry for a value; `undefined` for one that is not to be kept.
   *
   * @throws RangeError or TypeError for a time to live that is none; TypeError for what can be read only
   * once.
   */
  entryOf(key: string, value: V, ttlMs: number): CacheEntry<unknown> | undefined {
    const { name, ttlJitterRatio, random = systemRandom } = this.#options;
    if (checkTtl('ttlMs', ttlMs) === 0) return undefined;
    if (isReadOnce(value)) throw readOnceError(name);
    const freshMs = ttlJitterRatio === 0 ? ttlMs : jitteredTtl(ttlMs, ttlJitterRatio, random());
    return new CacheEntry<unknown>(key, true, value, this.#clock.coarse() + freshMs, this.#options);
  }

  keep(entry: CacheEntry<unknown>): void {
    const gone = this.#sieve.add(entry);
    if (gone === undefined) return;
    const full = gone.key !== entry.key;
    if (full) this.evicted++;
    this.#tellEvicted(gone, full ? 'full' : 'replaced', entry.result);
  }

  /** Keeps an error where that is asked for. It never takes the place of a value that may still be served. */
  keepError(key: string, error: unknown, context: Context): void {
    const { negativeTtlMs } = this.#options;
    if (negativeTtlMs === undefined || isRejected(error)) return;
    const now = this.#clock.coarse();
    if (this.#sieve.peek(key)?.standsIn(now)) return;
    const said = negativeTtlMs(error, context);
    const ttlMs = said === undefined ? 0 : checkTtl('negativeTtlMs', said);
    if (ttlMs > 0) this.keep(new CacheEntry<unknown>(key, false, error, now + ttlMs, this.#options));
  }

  drop(key: string, reason: CacheEviction): boolean {
    const gone = this.#sieve.delete(key);
    if (gone === undefined) return false;
    this.#tellEvicted(gone, reason, undefined);
    return true;
  }

  clear(): void {
    // Listed first: whoever is told of one may put something in.
    for (const { key } of [...this.#sieve.nodes()]) this.drop(key, 'deleted');
  }

  tell(event: 'hit' | 'missed' | 'revalidated', key: string): void {
    if (this.events?.has(event)) this.events.emit(event, { policy: this.#options.name, at: this.#at(), key });
  }

  tellFailed(event: 'revalidationFailed' | 'evictFailed', key: string, error: unknown): void {
    if (!this.events?.has(event)) return;
    this.events.emit(event, { policy: this.#options.name, at: this.#at(), key, error });
  }

  tellStale(key: string, reason: 'revalidating' | 'error', error: unknown): void {
    if (!this.events?.has('stale')) return;
    this.events.emit('stale', { policy: this.#options.name, at: this.#at(), key, reason, error });
  }

  tellUpdated(changes: OptionChanges): void {
    if (!this.events?.has('updated')) return;
    this.events.emit('updated', { policy: this.#options.name, changes, at: this.#at() });
  }

  #tellEvicted({ key, ok, result }: CacheEntry<unknown>, reason: CacheEviction, successor: unknown): void {
    const { onEvict, name } = this.#options;
    if (this.events?.has('evicted'))
      this.events.emit('evicted', { policy: name, at: this.#at(), key, reason });
    // An object that took its own place has not left.
    if (!ok || onEvict === undefined || (reason === 'replaced' && Object.is(result, successor))) return;
    try {
      onEvict(result as V, key, reason);
    } catch (error) {
      this.tellFailed('evictFailed', key, error);
    }
  }

  #at(): number {
    return this.#clock.wall();
  }
}
