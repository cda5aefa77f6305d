import { Redis } from 'ioredis';
import { describe, it } from 'vitest';
import { redisStreams } from '../../src/adapters/redis/redis-streams.js';
import { createBus } from '../../src/messaging/driver-bus.js';
import { topic } from '../../src/messaging/topic.js';

declare const client: Redis;
const orders = topic<{ readonly n: number }>('orders');

describe('the types of a bus over Redis Streams', () => {
  it('take a client of ioredis, and refuse what Redis cannot do', () => {
    const bus = createBus(redisStreams({ client }));
    void bus.publish(orders, { n: 1 }, { delayMs: 5, ttlMs: 5 });
    bus.subscribe(orders, { group: 'g', order: 'key', start: 'earliest' }, () => {});
    bus.subscribe('orders.*', { group: null }, () => {});
    // @ts-expect-error: there are no priorities
    void bus.publish(orders, { n: 1 }, { priority: 1 });
    // @ts-expect-error: a client is needed
    redisStreams({});
    // @ts-expect-error: a cluster is no one server
    redisStreams({ client: new Redis.Cluster([]) });
  });
});
