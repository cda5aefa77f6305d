import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { type EtcdRegistryOptions, etcdRegistry } from '../../src/adapters/etcd/registry.js';
import { type Certificates, makeCertificates } from '../e2e/gateway-wire/certificates.js';
import { EtcdCluster } from '../fixtures/etcd-cluster.js';
import { etcdInstalled } from '../fixtures/etcd-server.js';
import { until } from './eventually.js';

const there = etcdInstalled();
const cart = (id: string) => ({ service: 'cart', id, address: 'http://10.0.0.5:8080' });

describe.skipIf(!there)('three members of an etcd that speak TLS', () => {
  let certificates: Certificates;
  let cluster: EtcdCluster;
  beforeAll(async () => {
    certificates = makeCertificates();
    cluster = await EtcdCluster.started(certificates.ca, certificates.server);
  });
  afterAll(() => cluster?.clear());

  const open = (more: Partial<EtcdRegistryOptions> = {}) => {
    const tls = { ca: certificates.ca };
    const registry = etcdRegistry({ endpoints: cluster.urls, tls, pollMs: 500, ...more });
    onTestFinished(() => registry.close());
    return registry;
  };

  it('hold the instances of a service, whichever of them is killed', async () => {
    const [mine, theirs] = [open(), open()];
    await mine.register(cart('stays'), { ttlMs: 15_000, drainMs: 0 }).ready;
    const left: string[] = [];
    let ids = '';
    theirs.watch('cart', ({ removed, instances }) => {
      left.push(...removed.map(({ id }) => id));
      ids = instances
        .map(({ id }) => id)
        .sort()
        .join(' ');
    });
    await until(() => ids === 'stays');
    for (const at of [0, 1, 2]) {
      await cluster.kill(at);
      // What comes while one is away is taken, and heard of.
      await mine.register(cart(`while-${at}`), { ttlMs: 60_000, drainMs: 0 }).ready;
      await until(() => ids.includes(`while-${at}`), 60_000);
      await cluster.restart(at);
    }
    // Longer than a heartbeat is apart from the next one.
    await sleep(5_500);
    expect(left).toEqual([]);
    expect(ids).toBe('stays while-0 while-1 while-2');
  });

  it('are not spoken to when nobody vouches for them', async () => {
    const registry = open({ tls: { ca: certificates.stranger.cert }, requestTimeoutMs: 5_000 });
    await expect(registry.instances('cart')).rejects.toThrow(/certificate|etcd/);
  });
});
