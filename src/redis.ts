export { RedisRateLimitStore, type RedisRateLimitStoreOptions } from './adapters/redis/rate-limit-store.js';
export type { RedisScripts } from './adapters/redis/redis-client.js';
