import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, it } from 'vitest';
import { etcdRegistryStore } from '../../src/adapters/etcd/registry-store.js';
import { registryLaws } from '../../src/testing/conformance/registry-laws.js';
import { etcdInstalled, OwnEtcd } from '../fixtures/etcd-server.js';

const there = etcdInstalled();
const server = there ? await OwnEtcd.started() : undefined;
afterAll(() => server?.clear());

const SHORT_MS = 1_000;
/** etcd looks twice a second for leases that have ended, and then has to agree on it. */
const LATE_MS = 1_500;
let made = 0;

function onServer() {
  // So rarely does it look that what comes in time was told.
  const options = {
    endpoints: server!.url,
    prefix: `laws-${made++}`,
    pollMs: 2_000,
    requestTimeoutMs: 10_000,
  };
  const [store, other] = [etcdRegistryStore(options), etcdRegistryStore(options)];
  // Whoever waits for the end of a lease waits for etcd as well.
  const advance = async (ms: number) => void (await sleep(ms > SHORT_MS ? ms + LATE_MS : ms + 2));
  const close = async () => void (await Promise.all([store.close?.(), other.close?.()]));
  return { store, other, advance, shortMs: SHORT_MS, close };
}

describe.skipIf(!there)('the store of instances in etcd keeps the law', () => {
  for (const { name, check } of registryLaws(onServer)) it.concurrent(name, check);
});
