import { createHash } from 'node:crypto';
import { checkKeys, refuse } from '../../kernel/options.js';
import type {
  RateLimitDecision,
  RateLimitStore,
  RateLimitTake,
  RateLimitTarget,
} from '../../resilience/rate-limit-store.js';
import { rateLimitScript } from './rate-limit-script.js';
import { type RedisScripts, runScript } from './redis-client.js';

/** How a {@link RedisRateLimitStore} is made. */
export interface RedisRateLimitStoreOptions {
  /** The connection, which stays the caller's: it is neither opened nor closed here. */
  readonly client: RedisScripts;
  /** What the names of all keys begin with. @default 'keelson:rate:' */
  readonly prefix?: string;
}

/** A longer key is kept by its hash: who chooses keys freely shall not fill the memory with them. */
const LONGEST_KEY = 200;
/** The longest wait that is exact, in µs: Lua has no whole numbers but doubles. */
const LONGEST_WAIT = 2 ** 50;

/**
 * Limits that all processes share which reach one Redis, 5 or later: each decision is one script with one
 * key, by the clock of the server. It works with a cluster. A key expires when its bucket is full, so memory
 * follows the keys in use.
 *
 * The limit is as durable as the data of Redis: a failover to a replica that lags forgets the last takes.
 *
 * @example
 * ```ts
 * import { SharedRateLimiter } from 'keelson';
 * import { RedisRateLimitStore } from 'keelson/redis';
 * import { Redis } from 'ioredis';
 *
 * const store = new RedisRateLimitStore({ client: new Redis('redis://redis.example') });
 * const search = new SharedRateLimiter({ name: 'search', limit: 100, perMs: 1_000, store });
 * ```
 */
export class RedisRateLimitStore implements RateLimitStore {
  readonly #client: RedisScripts;
  readonly #prefix: string;
  readonly #script: { readonly text: string; readonly sha: string };

  /** @throws TypeError that names the option, the rule and the value. */
  constructor(options: RedisRateLimitStoreOptions) {
    checkKeys('RedisRateLimitStore', options, ['client', 'prefix']);
    const { client, prefix = 'keelson:rate:' } = options;
    if (typeof client?.evalsha !== 'function' || typeof client.eval !== 'function') {
      refuse('RedisRateLimitStore', 'client', 'a client, with `eval` and `evalsha`', client);
    }
    if (typeof prefix !== 'string') refuse('RedisRateLimitStore', 'prefix', 'a string', prefix);
    this.#client = client;
    this.#prefix = prefix;
    const sha = createHash('sha1').update(rateLimitScript).digest('hex');
    this.#script = { text: rateLimitScript, sha };
  }

  async take({ cost, maxWaitMs, ...target }: RateLimitTake): Promise<RateLimitDecision> {
    const maxWait = Math.min(Math.floor(maxWaitMs * 1_000), LONGEST_WAIT);
    const [taken, wait, left] = await this.#run(target, cost, maxWait);
    const [waitMs, remaining] = [Number(wait) / 1_000, Number(left)];
    return taken === '1'
      ? { allowed: true, waitMs, remaining }
      : { allowed: false, retryAfterMs: waitMs, remaining };
  }

  async refund({ cost, ...target }: RateLimitTarget & { readonly cost: number }): Promise<void> {
    await this.#run(target, -cost, 0);
  }

  async #run({ key, rule }: RateLimitTarget, cost: number, maxWait: number): Promise<readonly unknown[]> {
    const args = [cost, rule.limit, rule.perMs * 1_000, rule.burst, maxWait].map(String);
    const answer = await runScript(this.#client, this.#script, this.#prefix + short(key), args);
    if (Array.isArray(answer) && answer.length === 3) return answer.map(String);
    throw new TypeError('RedisRateLimitStore: the client answered with something else than the script');
  }
}

function short(key: string): string {
  return key.length <= LONGEST_KEY ? key : `sha256:${createHash('sha256').update(key).digest('hex')}`;
}
