import { Redis } from 'ioredis';
import { afterAll, describe, it } from 'vitest';
import { redisStreams } from '../../src/adapters/redis/redis-streams.js';
import { busLaws } from '../../src/testing/bus-laws.js';
import { deleteAll, redisAnswers, redisUrl } from '../fixtures/redis.js';

const there = await redisAnswers();
const prefix = `keelson-test-${process.pid}`;
const client = there ? new Redis(redisUrl) : undefined;

afterAll(async () => {
  if (client === undefined) return;
  await deleteAll(client, `${prefix}:`);
  client.disconnect();
});

describe.skipIf(!there)('the bus over Redis Streams', () => {
  if (client === undefined) return;
  const laws = busLaws({
    capabilities: redisStreams({ client }).capabilities,
    driver: clock => redisStreams({ client, prefix, clock }),
    leaseMs: 500,
    // A machine that many share is slow to answer: what is due may be late.
    slackMs: 5_000,
  });
  // Each has topics of its own, and most of them wait.
  for (const { name, check } of laws) it.concurrent(name, check, 60_000);
});
