export { RedisRateLimitStore, type RedisRateLimitStoreOptions } from './adapters/redis/rate-limit-store.js';
export type { RedisCapabilities } from './adapters/redis/redis-capabilities.js';
export type { RedisScripts } from './adapters/redis/redis-client.js';
export type { RedisConnection, RedisConnectionOptions } from './adapters/redis/redis-connection.js';
export { type RedisStreamsOptions, redisStreams } from './adapters/redis/redis-streams.js';
export { type RedisRegistryOptions, redisRegistry } from './adapters/redis/registry.js';
export type { RedisListener, RedisRegistryStoreOptions } from './adapters/redis/registry-options.js';
export { redisRegistryStore } from './adapters/redis/registry-store.js';
export { type RedisSagaStoreOptions, redisSagaStore } from './adapters/redis/saga-store.js';
