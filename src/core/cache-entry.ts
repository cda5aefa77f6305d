import { SieveNode } from './sieve.js';

/** For how long the entries of a cache may be served, in ms. */
export interface CacheRules {
  /** After `ttlMs` an entry may be served for so long while a run looks for a newer one. */
  readonly staleWhileRevalidateMs: number;
  /** After `ttlMs` an entry may be served for so long when a run for a newer one fails. */
  readonly staleIfErrorMs: number;
}

/**
 * What an entry is good for. `fresh`: served. `stale`: served, and somebody has to look for a newer one.
 * `spare`: served to those whose look for a newer one fails. `gone`: not served.
 */
export type CachePhase = 'fresh' | 'stale' | 'spare' | 'gone';

/** A cache has only one way to keep an error: fresh, and then gone. */
const noGrace: CacheRules = /* @__PURE__ */ Object.freeze({ staleWhileRevalidateMs: 0, staleIfErrorMs: 0 });

/**
 * What is remembered under a key, with the three ends of it: both spans of grace count from the end of
 * freshness, as in RFC 5861. Each phase ends at exactly its end, and none comes again.
 */
export class CacheEntry<V = unknown> extends SieveNode {
  /** Whether the operation answered; else `result` is what it threw. */
  readonly ok: boolean;
  readonly result: V;
  readonly freshUntil: number;
  readonly #staleUntil: number;
  readonly #spareUntil: number;

  constructor(key: string, ok: boolean, result: V, freshUntil: number, rules: CacheRules) {
    super(key);
    const { staleWhileRevalidateMs, staleIfErrorMs } = ok ? rules : noGrace;
    this.ok = ok;
    this.result = result;
    this.freshUntil = freshUntil;
    this.#staleUntil = freshUntil + staleWhileRevalidateMs;
    this.#spareUntil = freshUntil + staleIfErrorMs;
  }

  phase(now: number): CachePhase {
    if (now < this.freshUntil) return 'fresh';
    if (now < this.#staleUntil) return 'stale';
    return now < this.#spareUntil ? 'spare' : 'gone';
  }

  /** Whether the value may stand in for a run that failed now. */
  standsIn(now: number): boolean {
    return this.ok && this.phase(now) !== 'gone';
  }
}

/**
 * A time to live cut by chance, so that entries made together do not end together. Never lengthened: nobody
 * has promised that the value is good for longer.
 *
 * @param chance Uniform in `[0, 1)`.
 */
export function jitteredTtl(ttlMs: number, jitterRatio: number, chance: number): number {
  return ttlMs === Infinity ? Infinity : ttlMs * (1 - jitterRatio * chance);
}
