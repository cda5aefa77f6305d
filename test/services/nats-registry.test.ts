import { setTimeout as sleep } from 'node:timers/promises';
import { jetstreamManager } from '@nats-io/jetstream';
import { afterAll, describe, expect, it } from 'vitest';
import { natsRegistry } from '../../src/adapters/nats/registry.js';
import { natsRegistryStore } from '../../src/adapters/nats/registry-store.js';
import { ServiceWatcher } from '../../src/discovery/service-watcher.js';
import { registryLaws } from '../../src/testing/conformance/registry-laws.js';
import { natsAnswers, natsClient } from '../fixtures/nats.js';
import { natsServerInstalled, OwnNats } from '../fixtures/nats-server.js';
import { until } from './eventually.js';

const there = await natsAnswers();
const clients = there ? [await natsClient(), await natsClient()] : [];
afterAll(async () => void (await Promise.all(clients.map(client => client.close()))));
let made = 0;
const newBucket = () => `test-registry-${process.pid}-${made++}`;
const forget = async (bucket: string) =>
  void (await (await jetstreamManager(clients[0]!)).streams.delete(`KV_${bucket}`).catch(() => {}));

function onServer() {
  const bucket = newBucket();
  // So rarely does it look that what comes in time was told; laws have leases of an hour.
  const options = { bucket, pollMs: 250, tombstoneMs: 7_200_000 };
  const [store, other] = clients.map(client => natsRegistryStore({ client, ...options }));
  return {
    ...{ store: store!, other: other! },
    advance: async (ms: number) => void (await sleep(Math.ceil(ms) + 20)),
    close: async () => {
      await Promise.all([store!.close?.(), other!.close?.()]);
      await forget(bucket);
    },
  };
}

describe.skipIf(!there)('the store of instances in NATS keeps the law', () => {
  for (const { name, check } of registryLaws(onServer)) it.concurrent(name, check);
});

const cart = { service: 'cart', id: 'c1', address: 'http://10.0.0.5:8080' };

describe.skipIf(!there)('a registry in NATS', () => {
  it('tells of changes at once, though it looks rarely, and says nothing of heartbeats', async () => {
    const bucket = newBucket();
    const [registry, other] = clients.map(client => natsRegistry({ client, bucket, pollMs: 3_600_000 }));
    const heard: string[] = [];
    other!.watch('cart', ({ instances }) => void heard.push(instances.map(({ id }) => id).join()));
    await until(() => heard.length === 1);
    const hints: unknown[] = [];
    const store = natsRegistryStore({ client: clients[1]!, bucket });
    const unfollow = store.follow!(service => void hints.push(service));
    const registration = registry!.register(cart, { drainMs: 0, ttlMs: 300 });
    await until(() => heard.at(-1) === 'c1');
    // Long after its lease would have ended without a word of it.
    await sleep(700);
    expect([registration.state, hints]).toEqual(['registered', ['cart']]);
    await registration.close();
    await until(() => heard.at(-1) === '');
    unfollow();
    await Promise.all([registry!.close(), other!.close(), store.close?.()]);
    await forget(bucket);
  });

  it('passes over what somebody else has written there', async () => {
    const [bucket, client] = [newBucket(), clients[0]!];
    const registry = natsRegistry({ client, bucket });
    await registry.register(cart, { drainMs: 0 }).ready;
    const evil = { ...cart, id: 'x', address: 'http://user:pw@evil' };
    client.publish(`$KV.${bucket}.cart.x`, JSON.stringify({ incarnation: 1, ttlMs: 60_000, instance: evil }));
    client.publish(`$KV.${bucket}.cart.y`, 'no record at all');
    client.publish(`$KV.${bucket}.cart`, '{}');
    // It says that it is another than its key.
    client.publish(`$KV.${bucket}.cart.z`, JSON.stringify({ incarnation: 1, ttlMs: 60_000, instance: cart }));
    await client.flush();
    expect((await registry.instances('cart')).map(({ id }) => id)).toEqual(['c1']);
    await registry.close();
    await forget(bucket);
  });

  it('takes names that no subject could have', async () => {
    const bucket = newBucket();
    const store = natsRegistryStore({ client: clients[0]!, bucket });
    const names = ['a.b', '10.0.0.1:80', 'x+y=', 'a@b'];
    const instance = (id: string) => ({
      ...{ service: 'cart.v2', id, address: '10.0.0.1:80', version: '1.0.0', zone: 'z' },
      ...{ weight: 1, tags: [], metadata: {}, status: 'up' as const },
    });
    for (const id of names) await store.register(instance(id), 1, 60_000);
    const view = await store.read('cart.v2', undefined);
    expect(view.kind === 'all' && view.instances.map(({ id }) => id).sort()).toEqual([...names].sort());
    expect(await store.services()).toEqual(['cart.v2']);
    await store.close?.();
    await forget(bucket);
  });

  it('says what keeps it from being as it has to be', async () => {
    const [bucket, client] = [newBucket(), clients[0]!];
    const instance = (id: string) => ({
      ...{ service: 'cart', id, address: '10.0.0.1:80', version: '1.0.0', zone: 'z' },
      ...{ weight: 1, tags: [], metadata: {}, status: 'up' as const },
    });
    const missing = natsRegistryStore({ client, bucket, topology: 'check' });
    await expect(missing.services()).rejects.toMatchObject({ code: 'ERR_TOPOLOGY' });
    const small = natsRegistryStore({ client, bucket, maxInstances: 1 });
    expect(await small.register(instance('a'), 1, 1_000)).toEqual({ kind: 'registered' });
    expect(await small.register(instance('b'), 1, 1_000)).toEqual({
      ...{ kind: 'full', option: 'maxInstances', limit: 1 },
    });
    await expect(small.register(instance('a'), 1, 600_001)).rejects.toThrow(
      'natsRegistry: `ttlMs` must be at most `tombstoneMs` (600000), got 600001',
    );
    const longer = natsRegistryStore({ client, bucket, tombstoneMs: 700_000 });
    await expect(longer.services()).rejects.toThrow(/`ttl` of the bucket .* must be 0 or at least/);
    await Promise.all([missing, small, longer].map(store => store.close?.()));
    await forget(bucket);
  });
});

describe.skipIf(!natsServerInstalled())('a NATS that goes away', () => {
  it('is outlived: what was known stays, and all are there again when it is back', async () => {
    const server = await OwnNats.make();
    await server.start();
    const [mine, theirs] = [await natsClient(server.url), await natsClient(server.url)];
    const registry = natsRegistry({ client: mine, answerTimeoutMs: 500 });
    const other = natsRegistry({ client: theirs, answerTimeoutMs: 500, pollMs: 100 });
    try {
      const registration = registry.register(cart, { ttlMs: 600, drainMs: 0 });
      await registration.ready;
      const watcher = new ServiceWatcher({ registry: other, service: 'cart' });
      await watcher.ready;
      await server.stop();
      await until(() => watcher.staleMs > 0 && registration.state === 'lost');
      expect(watcher.usable().map(({ id }) => id)).toEqual(['c1']);
      await expect(other.instances('cart')).rejects.toMatchObject({ code: 'ERR_REGISTRY_UNAVAILABLE' });
      // What it kept in memory it has forgotten.
      await server.start();
      await until(() => watcher.staleMs === 0 && registration.state === 'registered');
      expect((await other.instances('cart')).length).toBe(1);
      watcher.close();
    } finally {
      await Promise.all([registry.close(), other.close()]);
      await Promise.all([mine.close(), theirs.close()]);
      await server.clear();
    }
  });

  it('may stand still: nobody is seen for longer than a lease and a look, and all come again', async () => {
    const server = await OwnNats.make();
    await server.start();
    const [mine, theirs] = [await natsClient(server.url), await natsClient(server.url)];
    const registry = natsRegistry({ client: mine, answerTimeoutMs: 300 });
    const other = natsRegistry({ client: theirs, answerTimeoutMs: 300, pollMs: 100 });
    try {
      const registration = registry.register(cart, { ttlMs: 600, drainMs: 0 });
      await registration.ready;
      const again: boolean[] = [];
      registration.on('registered', event => void again.push(event.again));
      const heard: string[] = [];
      other.watch('cart', ({ instances }) => void heard.push(instances.map(({ id }) => id).join()));
      await until(() => heard.at(-1) === 'c1');
      await server.freeze(true);
      await until(() => registration.state === 'lost');
      await server.freeze(false);
      await until(() => registration.state === 'registered' && again.includes(true));
      await until(async () => (await other.instances('cart').catch(() => [])).length === 1);
      await until(() => heard.at(-1) === 'c1');
      // What was asked while it stood still does not undo what was asked since.
      await registration.close();
      await until(() => heard.at(-1) === '');
    } finally {
      await server.freeze(false);
      await Promise.all([registry.close(), other.close()]);
      await Promise.all([mine.close(), theirs.close()]);
      await server.clear();
    }
  });
});
