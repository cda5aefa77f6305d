import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { afterAll, describe, expect, it } from 'vitest';
import { redisRegistry } from '../../src/adapters/redis/registry.js';
import { redisRegistryStore } from '../../src/adapters/redis/registry-store.js';
import { ServiceWatcher } from '../../src/discovery/service-watcher.js';
import { registryLaws } from '../../src/testing/conformance/registry-laws.js';
import { deleteAll, redisAnswers, redisForTest, redisUrl } from '../fixtures/redis.js';
import { OwnRedis, redisServerInstalled } from '../fixtures/redis-server.js';
import { until } from './eventually.js';

const there = await redisAnswers();
const clients = there ? [new Redis(redisUrl), new Redis(redisUrl)] : [];
let made = 0;

function onServer() {
  const prefix = `keelson-test-registry-${process.pid}-${made++}`;
  // So rarely does it look that what comes in time was told.
  const [store, other] = clients.map(client => redisRegistryStore({ client, prefix, pollMs: 250 }));
  return {
    ...{ store: store!, other: other! },
    advance: async (ms: number) => void (await sleep(Math.ceil(ms) + 2)),
    close: async () => void (await deleteAll(clients[0]!, `{${prefix}}`)),
  };
}

describe.skipIf(!there)('the store of instances in Redis keeps the law', () => {
  afterAll(() => {
    for (const client of clients) client.disconnect();
  });
  for (const { name, check } of registryLaws(onServer)) it.concurrent(name, check);
});

const cart = { service: 'cart', id: 'c1', address: 'http://10.0.0.5:8080' };

describe.skipIf(!there)('a registry in Redis', () => {
  it('tells of changes at once, though it looks rarely', async () => {
    const { client, prefix } = redisForTest();
    const options = { client, prefix: prefix.slice(0, -1), pollMs: 3_600_000 };
    const [registry, other] = [redisRegistry(options), redisRegistry(options)];
    const heard: string[] = [];
    other.watch('cart', ({ instances }) => void heard.push(instances.map(({ id }) => id).join()));
    await until(() => heard.length === 1);
    const registration = registry.register(cart, { drainMs: 0 });
    await until(() => heard.at(-1) === 'c1');
    await registration.close();
    await until(() => heard.at(-1) === '');
    await Promise.all([registry.close(), other.close()]);
    await deleteAll(client, `{${prefix.slice(0, -1)}}`);
  });

  it('passes over what somebody else has written there', async () => {
    const { client, prefix } = redisForTest();
    const name = prefix.slice(0, -1);
    const registry = redisRegistry({ client, prefix: name });
    await registry.register(cart, { drainMs: 0 }).ready;
    const key = `{${name}}:registry:i:cart`;
    const evil = JSON.stringify({ ...cart, id: 'x', address: 'http://user:pw@evil' });
    await client.hset(key, 'x', `1 ${evil}`, 'y', 'no entry at all', 'z', '1 {');
    const found = await registry.instances('cart');
    expect(found.map(({ id }) => id)).toEqual(['c1']);
    await registry.close();
    await deleteAll(client, `{${name}}`);
  });
});

describe.skipIf(!redisServerInstalled())('a Redis that goes away', () => {
  it('is outlived: what was known stays, and all are there again when it is back', async () => {
    const server = await OwnRedis.make();
    await server.start();
    const [mine, theirs] = [server.client(), server.client()];
    const registry = redisRegistry({ client: mine, answerTimeoutMs: 500 });
    const other = redisRegistry({ client: theirs, answerTimeoutMs: 300, pollMs: 100 });
    try {
      const registration = registry.register(cart, { ttlMs: 600, drainMs: 0 });
      await registration.ready;
      const watcher = new ServiceWatcher({ registry: other, service: 'cart' });
      await watcher.ready;
      await server.kill();
      await until(() => watcher.staleMs > 0 && registration.state === 'lost');
      expect(watcher.usable().map(({ id }) => id)).toEqual(['c1']);
      await expect(other.instances('cart')).rejects.toMatchObject({ code: 'ERR_REGISTRY_UNAVAILABLE' });
      await server.start();
      await until(() => watcher.staleMs === 0 && registration.state === 'registered');
      expect((await other.instances('cart')).length).toBe(1);
      // It has forgotten all.
      await mine.flushall();
      await until(async () => (await other.instances('cart')).length === 1);
      watcher.close();
    } finally {
      await Promise.all([registry.close(), other.close()]);
      for (const client of [mine, theirs]) client.disconnect();
      await server.clear();
    }
  });
});
