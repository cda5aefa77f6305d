export type { RedisCapabilities } from './adapters/redis/redis-capabilities.js';
export type { RedisConnection, RedisConnectionOptions } from './adapters/redis/redis-connection.js';
export { type RedisStreamsOptions, redisStreams } from './adapters/redis/redis-streams.js';
