import { checkKeys, checkNumber, given, refuse } from '../../kernel/options.js';
import type { RedisScripts } from './redis-client.js';

/** A connection that listens to a channel. */
export interface RedisListener {
  /** Hears what is sent to a channel from now on. */
  subscribe(channel: string): Promise<unknown>;
  /** Tells of messages. */
  on(event: 'message', listener: (channel: string, message: string) => void): unknown;
  /** Tells of the connection. */
  on(event: 'ready' | 'error', listener: () => void): unknown;
  /** Ends the connection at once. */
  disconnect(): void;
}

/** How a store of instances over Redis is made. */
export interface RedisRegistryStoreOptions {
  /**
   * The connection, which stays the caller's: it is neither opened nor closed here. One with `duplicate`, as
   * ioredis has it, makes another one to listen on; without it changes are found by looking.
   */
  readonly client: RedisScripts & { duplicate?(): RedisListener };
  /** What the names of all keys begin with, in braces: one slot of a cluster has them. @default 'keelson' */
  readonly prefix?: string;
  /** How often it is looked whether something has changed, in ms. @default 5000 */
  readonly pollMs?: number;
  /** So long after an instance was taken out a late word of it is not believed, in ms. @default 600000 */
  readonly tombstoneMs?: number;
  /** So many instances, of all services together. @default 100000 */
  readonly maxInstances?: number;
}

/** What stands where an option was left out. */
export const redisRegistryDefaults: {
  readonly prefix: string;
  readonly pollMs: number;
  readonly tombstoneMs: number;
  readonly maxInstances: number;
} = /* @__PURE__ */ Object.freeze({
  prefix: 'keelson',
  pollMs: 5_000,
  tombstoneMs: 600_000,
  maxInstances: 100_000,
});

/** @throws TypeError or RangeError that names the option, the rule and the value. */
export function checkRedisRegistry(options: RedisRegistryStoreOptions): Required<RedisRegistryStoreOptions> {
  const owner = 'redisRegistry';
  checkKeys(owner, options, ['client', ...Object.keys(redisRegistryDefaults)]);
  const { client, prefix, pollMs, tombstoneMs, maxInstances } = {
    ...redisRegistryDefaults,
    ...given(options),
  };
  if (typeof client?.evalsha !== 'function' || typeof client.eval !== 'function') {
    refuse(owner, 'client', 'a client, with `eval` and `evalsha`', client);
  }
  if (typeof prefix !== 'string' || !/^[\w:.-]{1,128}$/.test(prefix)) {
    refuse(owner, 'prefix', '1 to 128 characters of A-Z a-z 0-9 _ : . -', prefix);
  }
  checkNumber(owner, 'pollMs', pollMs, { min: 1, max: 2 ** 40 });
  checkNumber(owner, 'tombstoneMs', tombstoneMs, { min: 1, max: 2 ** 40, integer: true });
  checkNumber(owner, 'maxInstances', maxInstances, { min: 1, max: 2 ** 30, integer: true });
  return { client, prefix, pollMs, tombstoneMs, maxInstances };
}
