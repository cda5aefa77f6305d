import type { Clock } from '../kernel/clock.js';
import type { Context } from '../kernel/context.js';
import type { OptionChanges } from '../kernel/live-options.js';
import { checkKeys, checkNumber, functionName, given, orNull, refuse } from '../kernel/options.js';
import type { Random } from '../kernel/random.js';
import type { CallKey } from './single-flight.js';

/** Why a value is not in the cache any more. */
export type CacheEviction = 'full' | 'expired' | 'replaced' | 'deleted';

/** How a {@link Cache} is set up. */
export interface CacheOptions<V = unknown> {
  /**
   * How long an answer is fresh, in ms; 0 is not kept, `Infinity` is for ever. A function decides for each
   * answer; the call rejects with what it throws, and with a `RangeError` when it answers no such number.
   */
  readonly ttlMs: number | ((value: V, context: Context) => number);
  /** Entries held; of more, one that nobody asked for lately has to go. @default 1000 */
  readonly maxEntries?: number;
  /**
   * For so long after `ttlMs`, in ms, a call gets the old value at once while a new one is fetched.
   * @default 0
   */
  readonly staleWhileRevalidateMs?: number;
  /** For so long after `ttlMs`, in ms, a call whose run fails gets the old value. @default 0 */
  readonly staleIfErrorMs?: number;
  /**
   * How long an error is kept, in ms; 0 or `undefined` for not at all. Errors that say that the operation
   * never ran, and those of calls that were given up, are never kept.
   * @default no error is kept
   */
  readonly negativeTtlMs?: (error: unknown, context: Context) => number | undefined;
  /** By how much of itself chance may shorten a `ttlMs`, so that not all entries end at once. @default 0 */
  readonly ttlJitterRatio?: number;
  /** How long a run in the background may take, in ms; then it is given up. @default 30_000 */
  readonly revalidateTimeoutMs?: number;
  /**
   * What the answer depends on, all of the caller's rights included; `undefined` for a call that is not to be
   * cached.
   * @default context.key
   */
  readonly key?: CallKey;
  /** Told of each value that leaves the cache; somebody may still be using it. */
  readonly onEvict?: (value: V, key: string, reason: CacheEviction) => void;
  /** Shown in errors, events and `describe()`. @default 'cache' */
  readonly name?: string;
  /** The source of time. @default systemClock */
  readonly clock?: Clock;
  /** The source of chance, for the jitter. @default systemRandom */
  readonly random?: Random;
}

/** What can be listened to by `cache.on`; `at` is the wall clock, in ms since the epoch. */
export interface CacheEvents {
  /** A call was answered from the cache, with an answer that is fresh or an error that is kept. */
  hit: { readonly policy: string; readonly at: number; readonly key: string };
  /** A call had to wait for a run, its own or one under way. */
  missed: { readonly policy: string; readonly at: number; readonly key: string };
  /** A call got an old value: while a new one is fetched, or because its own run failed with `error`. */
  stale: {
    readonly policy: string;
    readonly at: number;
    readonly key: string;
    readonly reason: 'revalidating' | 'error';
    readonly error: unknown;
  };
  /** A run in the background has brought a new value. */
  revalidated: { readonly policy: string; readonly at: number; readonly key: string };
  /** A run in the background failed; nobody waited for it. */
  revalidationFailed: {
    readonly policy: string;
    readonly at: number;
    readonly key: string;
    readonly error: unknown;
  };
  /** An entry left the cache. */
  evicted: {
    readonly policy: string;
    readonly at: number;
    readonly key: string;
    readonly reason: CacheEviction;
  };
  /** `onEvict` threw; the call does not feel it. */
  evictFailed: {
    readonly policy: string;
    readonly at: number;
    readonly key: string;
    readonly error: unknown;
  };
  /** Options were changed by `update`. */
  updated: { readonly policy: string; readonly changes: OptionChanges; readonly at: number };
}

/** What of a cache can be changed while it works. */
export type CacheUpdate<V = unknown> = Partial<Omit<CacheOptions<V>, 'name' | 'clock' | 'random'>>;

/** What a {@link Cache} has done so far. */
export interface CacheSnapshot {
  /** That of the cache. */
  readonly name: string;
  /** Entries held, those included that have ended and that nobody has asked for since. */
  readonly size: number;
  /** Calls answered with something fresh. */
  readonly hits: number;
  /** Calls that waited for a run, those included that got an old value when it failed. */
  readonly misses: number;
  /** Calls that got an old value. */
  readonly stale: number;
  /** Calls without a key, which are not cached. */
  readonly unkeyed: number;
  /** Entries that had to go because the cache was full. */
  readonly evicted: number;
  /** Runs under way that can be joined. */
  readonly running: number;
}

/** How a {@link Cache} is set up, functions by name; `null` stands for no limit. */
export interface CacheDescription {
  /** Which policy this is. */
  readonly kind: 'cache';
  /** Its option of that name. */
  readonly name: string;
  /** Its option of that name. */
  readonly maxEntries: number;
  /** Its option of that name, in ms. */
  readonly ttlMs: number | string | null;
  /** Its option of that name, in ms. */
  readonly staleWhileRevalidateMs: number | null;
  /** Its option of that name, in ms. */
  readonly staleIfErrorMs: number | null;
  /** The name of the function; left out where there is none. */
  readonly negativeTtlMs?: string;
  /** Its option of that name. */
  readonly ttlJitterRatio: number;
  /** Its option of that name, in ms. */
  readonly revalidateTimeoutMs: number | null;
  /** The name of the function; left out where there is none. */
  readonly key?: string;
  /** The name of the function; left out where there is none. */
  readonly onEvict?: string;
}

type Defaulted =
  | 'maxEntries'
  | 'staleWhileRevalidateMs'
  | 'staleIfErrorMs'
  | 'ttlJitterRatio'
  | 'revalidateTimeoutMs'
  | 'name';

export const cacheDefaults: Required<Pick<CacheOptions, Defaulted>> = /* @__PURE__ */ Object.freeze({
  maxEntries: 1000,
  staleWhileRevalidateMs: 0,
  staleIfErrorMs: 0,
  ttlJitterRatio: 0,
  revalidateTimeoutMs: 30_000,
  name: 'cache',
});

const known = [
  'ttlMs',
  'maxEntries',
  'staleWhileRevalidateMs',
  'staleIfErrorMs',
  'negativeTtlMs',
  'ttlJitterRatio',
  'revalidateTimeoutMs',
  'key',
  'onEvict',
  'name',
  'clock',
  'random',
];

/** The options with what stands for those left out. */
export type CheckedCacheOptions<V> = CacheOptions<V> & typeof cacheDefaults;

/** @throws TypeError or RangeError that names the option, the rule and the value. */
export function checkCache<V>(options: CacheOptions<V>): CheckedCacheOptions<V> {
  checkKeys('Cache', options, known);
  const all = { ...cacheDefaults, ...given(options) };
  const span = { min: 0, infinity: true };
  checkNumber('Cache', 'maxEntries', all.maxEntries, { min: 1, max: 10_000_000, integer: true });
  checkNumber('Cache', 'staleWhileRevalidateMs', all.staleWhileRevalidateMs, span);
  checkNumber('Cache', 'staleIfErrorMs', all.staleIfErrorMs, span);
  checkNumber('Cache', 'ttlJitterRatio', all.ttlJitterRatio, { min: 0, max: 1 });
  checkNumber('Cache', 'revalidateTimeoutMs', all.revalidateTimeoutMs, { above: 0, infinity: true });
  if (typeof all.ttlMs !== 'function') checkTtl('ttlMs', all.ttlMs);
  for (const option of ['negativeTtlMs', 'key', 'onEvict', 'random'] as const) {
    const value = all[option];
    if (value !== undefined && typeof value !== 'function') refuse('Cache', option, 'a function', value);
  }
  if (typeof all.name !== 'string') refuse('Cache', 'name', 'a string', all.name);
  return all;
}

/** The present options, by their names. */
export function updatable<V>(options: CheckedCacheOptions<V>): CacheUpdate<V> {
  const { ttlMs, maxEntries, staleWhileRevalidateMs, staleIfErrorMs, negativeTtlMs } = options;
  const { ttlJitterRatio, revalidateTimeoutMs, key, onEvict } = options;
  return {
    ...{ ttlMs, maxEntries, staleWhileRevalidateMs, staleIfErrorMs, ttlJitterRatio, revalidateTimeoutMs },
    ...({ negativeTtlMs, key, onEvict } as CacheUpdate<V>),
  };
}

/** In the words of the options. */
export function describeCache<V>(options: CheckedCacheOptions<V>): CacheDescription {
  const { name, maxEntries, ttlMs, staleWhileRevalidateMs, staleIfErrorMs, ttlJitterRatio } = options;
  return given({
    kind: 'cache' as const,
    name,
    maxEntries,
    ttlMs: typeof ttlMs === 'number' ? orNull(ttlMs) : functionName(ttlMs),
    staleWhileRevalidateMs: orNull(staleWhileRevalidateMs),
    staleIfErrorMs: orNull(staleIfErrorMs),
    negativeTtlMs: functionName(options.negativeTtlMs),
    ttlJitterRatio,
    revalidateTimeoutMs: orNull(options.revalidateTimeoutMs),
    key: functionName(options.key),
    onEvict: functionName(options.onEvict),
  }) as CacheDescription;
}

export function checkTtl(option: 'ttlMs' | 'negativeTtlMs', value: unknown): number {
  return checkNumber('Cache', option, value, { min: 0, infinity: true });
}
