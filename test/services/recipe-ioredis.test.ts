import type { Redis } from 'ioredis';
import { expect, it, onTestFinished } from 'vitest';
import type { CircuitBreaker } from '../../src/resilience/circuit-breaker.js';
import { moduleOfPage } from '../fixtures/page-module.js';
import { redisAnswers, redisForTest, redisUrl } from '../fixtures/redis.js';
import { OwnRedis, redisServerInstalled } from '../fixtures/redis-server.js';
import { TcpRelay } from '../fixtures/tcp-relay.js';

/** What the page exports. */
interface Recipe {
  redisClient(url: string): Redis;
  priceCache(
    redis: Redis,
    load: (sku: string) => Promise<number>,
    prefix?: string,
  ): { priceOf(sku: string): Promise<number>; readonly breaker: CircuitBreaker };
}

const hasServer = await redisAnswers();

const recipe = () => moduleOfPage<Recipe>('docs/adapters/ioredis-recipe.md');

async function scene() {
  const { redisClient, priceCache } = await recipe();
  const { client: plain, prefix } = redisForTest();
  const relay = await TcpRelay.make(Number(new URL(redisUrl).port || 6379));
  const redis = redisClient(`redis://127.0.0.1:${relay.port}`);
  onTestFinished(async () => {
    redis.disconnect();
    await relay.close();
  });
  const loaded: string[] = [];
  const load = async (sku: string): Promise<number> => {
    loaded.push(sku);
    return 4.5;
  };
  await expect.poll(() => redis.status).toBe('ready');
  return { ...priceCache(redis, load, prefix), loaded, plain, prefix, redis, relay };
}

it.skipIf(!hasServer)('what was looked up is kept for a minute', async () => {
  const { priceOf, loaded, plain, prefix } = await scene();
  expect(await priceOf('tea')).toBe(4.5);
  await expect.poll(() => plain.get(`${prefix}tea`)).toBe('4.5');
  expect(await plain.ttl(`${prefix}tea`)).toBeGreaterThan(50);
  expect([await priceOf('tea'), loaded]).toEqual([4.5, ['tea']]);
});

it.skipIf(!hasServer)('what the server finds fault with is no failure of it', async () => {
  const { priceOf, breaker, plain, prefix, loaded } = await scene();
  for (let again = 0; again < 5; again++) {
    await plain.lpush(`${prefix}list-${again}`, 'not a text');
    expect(await priceOf(`list-${again}`)).toBe(4.5);
  }
  expect(loaded).toHaveLength(5);
  expect(breaker.state).toBe('closed');
});

it.skipIf(!hasServer)('a cache that is away costs no answer; when it is back it is asked again', async () => {
  const { priceOf, breaker, loaded, plain, prefix, relay, redis } = await scene();
  await priceOf('tea');
  await expect.poll(() => plain.get(`${prefix}tea`)).toBe('4.5');
  relay.cut(true);
  await expect.poll(() => redis.status).not.toBe('ready');
  const began = performance.now();
  for (let again = 0; again < 10; again++) expect(await priceOf('tea')).toBe(4.5);
  // Nothing waits for a connection.
  expect(performance.now() - began).toBeLessThan(1_000);
  expect(breaker.state).toBe('open');
  relay.cut(false);
  await expect.poll(() => redis.status, { timeout: 10_000 }).toBe('ready');
  await expect
    .poll(
      async () => {
        loaded.length = 0;
        await priceOf('tea');
        return [breaker.state, loaded.length];
      },
      { timeout: 10_000, interval: 200 },
    )
    .toEqual(['closed', 0]);
});

it.skipIf(!redisServerInstalled())('one that stalls costs a few timeouts, and then nothing', async () => {
  // All that are connected to a server would stall with it.
  const own = await OwnRedis.make();
  await own.start();
  onTestFinished(() => own.clear());
  const { redisClient, priceCache } = await recipe();
  const redis = redisClient(`redis://127.0.0.1:${own.port}`);
  onTestFinished(() => redis.disconnect());
  await expect.poll(() => redis.status).toBe('ready');
  const { priceOf, breaker } = priceCache(redis, async () => 4.5);
  await redis.call('CLIENT', 'PAUSE', '20000', 'ALL');
  const began = performance.now();
  for (let again = 0; again < 20; again++) expect(await priceOf('tea')).toBe(4.5);
  // Three lookups wait 100 ms each; those that are not kept are waited for by nobody.
  expect(performance.now() - began).toBeLessThan(1_000);
  expect(breaker.state).toBe('open');
});
