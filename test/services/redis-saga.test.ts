import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Cluster, Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { redisSagaStore } from '../../src/adapters/redis/saga-store.js';
import { sagaStoreLaws } from '../../src/testing/conformance/saga-store-laws.js';
import { deleteAll, redisAnswers, redisUrl } from '../fixtures/redis.js';
import { freePort, OwnRedis, redisServerInstalled } from '../fixtures/redis-server.js';
import { until } from './eventually.js';
import { kind, newSaga, writeOf } from './saga-samples.js';

const there = await redisAnswers();
const installed = redisServerInstalled();
const numbers = (count: number) => Array.from({ length: count }, (_, at) => at);
const wait = (ms: number) => new Promise(resolve => setTimeout(resolve, ms));

describe.skipIf(!there)('a store of sagas in Redis', () => {
  const prefix = `keelson-test-saga-${process.pid}`;
  const client = new Redis(redisUrl, { lazyConnect: true });
  const store = redisSagaStore({ client, prefix, maxHistory: 5 });

  afterAll(async () => {
    // Those of the store beside it, too.
    for (const own of [`{${prefix}}`, `{${prefix}-clean}`]) await deleteAll(client, own);
    client.disconnect();
  });

  it('keeps only the latest of a long history, numbered as they were', async () => {
    const { record } = await store.insert(newSaga());
    for (const n of numbers(3)) {
      const events = numbers(4).map(at => ({ kind: 'started', step: `${n * 4 + at}` }) as const);
      await store.write(writeOf({ ...record, revision: n }, { events }));
    }
    const kept = (await store.history(record.id)).map(({ seq, event }) => [seq, event]);
    const told = [8, 9, 10, 11, 12].map(seq => [seq, { kind: 'started', step: `${seq - 1}` }]);
    expect(kept).toEqual(told);
  });

  it('keeps all that it has under its prefix, and nothing of what is forgotten', async () => {
    const own = `${prefix}-clean`;
    const other = redisSagaStore({ client, prefix: own });
    const { record } = await other.insert(newSaga({ key: 'k', parent: 'p' }));
    await other.signal({ target: { id: record.id }, name: 'a', dedupe: 'd', payload: 1 });
    await other.signal({ target: { definition: 'order', key: 'k' }, name: 'a', dedupe: 'd', payload: 1 });
    await other.signal({ target: { definition: 'order', key: 'never' }, name: 'a', dedupe: 'd', payload: 1 });
    await other.lock({ lock: 'l', saga: record.id, epoch: 1, leaseMs: 1 });
    const release = { wakeAt: undefined, signals: 0 };
    const end = { status: 'completed', events: [{ kind: 'retried' }], release } as const;
    expect(await other.write(writeOf(record, end))).toEqual({ kind: 'written' });
    await wait(5);
    expect(await other.purge(1, 100)).toBe(2);
    expect(await client.keys(`{${own}}*`)).toEqual([`{${own}}:place`]);
  });

  it('says of an error whether it may have been done', async () => {
    const away = new Redis(1, '127.0.0.1', { maxRetriesPerRequest: 0, retryStrategy: () => null });
    away.on('error', () => {});
    const facts = { code: 'ERR_SAGA_STORE', retryable: true, maybeDone: true };
    await expect(redisSagaStore({ client: away }).now()).rejects.toMatchObject(facts);
    const never = () => new Promise<never>(() => {});
    const silent = redisSagaStore({ client: { evalsha: never, eval: never }, answerTimeoutMs: 20 });
    await expect(silent.now()).rejects.toMatchObject(facts);
    await client.set(`{${prefix}}:saga:text`, 'no hash');
    const wrong = { code: 'ERR_SAGA_STORE', retryable: false, maybeDone: false };
    await expect(store.get('text')).rejects.toMatchObject(wrong);
  });
});

describe.skipIf(!installed)('a Redis that is killed and confirms only what is on its disk', () => {
  let server: OwnRedis;

  beforeAll(async () => {
    server = await OwnRedis.make();
    await server.start();
  });
  afterAll(() => server.clear());

  it('has all that was answered when it comes back', async () => {
    const client = server.client();
    const store = redisSagaStore({ client });
    const written = new Map<string, number>();
    let ended = false;
    const drive = async (): Promise<void> => {
      while (!ended) {
        const { record } = await store.insert(newSaga());
        written.set(record.id, 0);
        for (const revision of numbers(5)) {
          const events = [{ kind: 'done', step: `s${revision}` }] as const;
          const answer = await store.write(writeOf({ ...record, revision }, { events }));
          // What was cut off is sent again by the client, and known again.
          expect(answer).toEqual({ kind: 'written' });
          written.set(record.id, revision + 1);
        }
      }
    };
    const drivers = Promise.all(numbers(20).map(drive));
    await until(() => written.size > 200);
    await server.kill();
    const before = new Map(written);
    await server.start();
    await until(() => written.size > before.size + 100);
    ended = true;
    await drivers;
    for (const [id, revision] of before) {
      const record = await store.get(id);
      expect(record?.revision).toBeGreaterThanOrEqual(revision);
      expect(await store.history(id)).toHaveLength(record!.revision);
    }
    expect(await store.claim('me', [kind], 10, 1)).toEqual([]);
    client.disconnect();
  });
});

describe.skipIf(!installed)('the store of sagas in a cluster of Redis keeps the law', () => {
  let folder: string;
  let child: ChildProcess;
  let cluster: Cluster;
  let made = 0;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'keelson-cluster-'));
    const port = await freePort();
    const facts = ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder, '--save', ''];
    // A node that has met no other does not know its own address.
    const place = ['--cluster-announce-ip', '127.0.0.1'];
    child = spawn('redis-server', [...facts, '--cluster-enabled', 'yes', ...place], { stdio: 'ignore' });
    const one = new Redis(port, '127.0.0.1', { maxRetriesPerRequest: null });
    one.on('error', () => {});
    await one.call('CLUSTER', 'ADDSLOTSRANGE', '0', '16383');
    await until(async () => String(await one.call('CLUSTER', 'INFO')).includes('cluster_state:ok'));
    one.disconnect();
    cluster = new Cluster([{ host: '127.0.0.1', port }]);
  });
  afterAll(async () => {
    cluster.disconnect();
    child.kill('SIGKILL');
    await rm(folder, { recursive: true, force: true });
  });

  const laws = sagaStoreLaws(() => ({
    store: redisSagaStore({ client: cluster, prefix: `laws-${made++}` }),
    advance: async (ms: number) => void (await wait(Math.ceil(ms) + 2)),
  }));
  for (const { name, check } of laws) it.concurrent(name, check);
});
