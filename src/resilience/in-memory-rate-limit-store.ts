import type { RateRule } from '../core/allowance.js';
import { Bucket } from '../core/bucket.js';
import { KeptKey, KeptKeys } from '../core/kept-keys.js';
import { type Clock, systemClock } from '../kernel/clock.js';
import { checkKeys, checkNumber } from '../kernel/options.js';
import type {
  RateLimitDecision,
  RateLimitStore,
  RateLimitTake,
  RateLimitTarget,
} from './rate-limit-store.js';

/** What an {@link InMemoryRateLimitStore} is given. */
export interface RateLimitMemory {
  /**
   * How many keys it keeps; an integer from 1 to ten million. A key whose bucket is full is forgotten for
   * another. When none is full, further keys of one rule share one bucket, so that nobody wins anything by
   * many keys.
   * @default 100_000
   */
  readonly maxKeys?: number;
  /** The source of time. @default systemClock */
  readonly clock?: Clock;
}

/** Rules that have a shared bucket of their own at a time; a program has few, unless it makes them up. */
const MOST_RULES = 100;

const nobody = { total: 0, [Symbol.iterator]: () => [][Symbol.iterator]() };

/** The bucket of a key, with the rule that it goes by. */
class KeptBucket extends KeptKey {
  readonly bucket: Bucket;
  rule: RateRule;

  constructor({ key, rule }: RateLimitTarget, now: number) {
    super(key);
    this.rule = rule;
    this.bucket = new Bucket(rule, now);
  }

  follow(rule: RateRule, now: number): Bucket {
    const { limit, perMs, burst } = this.rule;
    if (limit !== rule.limit || perMs !== rule.perMs || burst !== rule.burst) this.bucket.update(rule, now);
    this.rule = rule;
    return this.bucket;
  }
}

/**
 * Limits that are shared within one process: for tests, and for first steps before there is a store that
 * several processes reach.
 *
 * @example
 * ```ts
 * import { InMemoryRateLimitStore, SharedRateLimiter } from 'keelson';
 *
 * const store = new InMemoryRateLimitStore();
 * const search = new SharedRateLimiter({ name: 'search', limit: 100, perMs: 1_000, store });
 * await search.execute(() => 'answer'); // => 'answer'
 * ```
 */
export class InMemoryRateLimitStore implements RateLimitStore {
  readonly #clock: Clock;
  readonly #kept: KeptKeys<KeptBucket>;
  /** By their rules: one bucket that went by several would forget for each of them what the others took. */
  readonly #shared = new Map<string, KeptBucket>();

  /** @throws TypeError or RangeError that names the option, the rule and the value. */
  constructor(options: RateLimitMemory = {}) {
    checkKeys('InMemoryRateLimitStore', options, ['maxKeys', 'clock']);
    const { maxKeys = 100_000, clock = systemClock } = options;
    checkNumber('InMemoryRateLimitStore', 'maxKeys', maxKeys, { min: 1, max: 10_000_000, integer: true });
    this.#clock = clock;
    this.#kept = new KeptKeys({ maxKeys, idleMs: Infinity });
  }

  /** How many keys it keeps. */
  get size(): number {
    return this.#kept.size;
  }

  take({ cost, maxWaitMs, ...target }: RateLimitTake): Promise<RateLimitDecision> {
    const now = this.#clock.now();
    const bucket = this.#find(target, now).follow(target.rule, now);
    return Promise.resolve(decide(bucket, cost, maxWaitMs, now));
  }

  refund({ cost, ...target }: RateLimitTarget & { readonly cost: number }): Promise<void> {
    const now = this.#clock.now();
    // A key that is not kept has a full bucket, or shares one, which then stays as strict as it is.
    this.#kept.peek(target.key)?.follow(target.rule, now).refund(cost);
    return Promise.resolve();
  }

  #find(target: RateLimitTarget, now: number): KeptBucket {
    const known = this.#kept.peek(target.key);
    if (known !== undefined) {
      this.#kept.touch(known, now);
      return known;
    }
    if (this.#kept.isFull) this.#kept.makeRoom(({ bucket }) => bucket.restsAt <= now);
    if (this.#kept.isFull) return this.#findShared(target, now);
    const made = new KeptBucket(target, now);
    this.#kept.add(made, now);
    return made;
  }

  #findShared({ rule }: RateLimitTarget, now: number): KeptBucket {
    const key = `${rule.limit} in ${rule.perMs}, ${rule.burst}`;
    const known = this.#shared.get(key);
    if (known !== undefined) return known;
    if (this.#shared.size >= MOST_RULES) {
      for (const [rested, { bucket }] of this.#shared) if (bucket.restsAt <= now) this.#shared.delete(rested);
    }
    const [oldest] = this.#shared.values();
    if (this.#shared.size >= MOST_RULES) return oldest!;
    const made = new KeptBucket({ key, rule }, now);
    this.#shared.set(key, made);
    return made;
  }
}

function decide(bucket: Bucket, cost: number, maxWaitMs: number, now: number): RateLimitDecision {
  if (bucket.take(cost, now)) return { allowed: true, waitMs: 0, remaining: bucket.available(now) };
  const waitMs = bucket.dueAt(cost, now, nobody) - now;
  const remaining = bucket.available(now);
  if (waitMs > maxWaitMs) return { allowed: false, retryAfterMs: waitMs, remaining };
  bucket.spend(cost, now);
  return { allowed: true, waitMs, remaining: bucket.available(now) };
}
