import type { ServiceRegistry } from '../../discovery/service-registry.js';
import { type RegistryOptions, StoredRegistry } from '../../discovery/stored-registry.js';
import { given } from '../../kernel/options.js';
import type { RedisRegistryStoreOptions } from './registry-options.js';
import { redisRegistryStore } from './registry-store.js';

/** How a registry over Redis is made. */
export interface RedisRegistryOptions extends RedisRegistryStoreOptions, RegistryOptions {}

/**
 * A service registry in Redis 5 or later, for all processes that reach it.
 *
 * It is as durable as the server is set up to be, and need not be more: what the server forgets its instances
 * register again at their next heartbeat.
 *
 * @throws TypeError or RangeError that names the option, the rule and the value.
 *
 * @example
 * ```ts
 * import { redisRegistry } from 'keelson/redis';
 * import { Redis } from 'ioredis';
 *
 * const registry = redisRegistry({ client: new Redis('redis://redis.example') });
 * const cart = registry.register({ service: 'cart', address: 'http://10.0.0.5:8080' });
 * await cart.ready;
 * ```
 */
export function redisRegistry(options: RedisRegistryOptions): ServiceRegistry {
  const { client, prefix, pollMs, tombstoneMs, maxInstances, ...rest } = options;
  const own = { client, ...given({ prefix, pollMs, tombstoneMs, maxInstances }) };
  const store = redisRegistryStore(own as RedisRegistryStoreOptions);
  return new StoredRegistry(store, { name: 'redis', ...rest });
}
