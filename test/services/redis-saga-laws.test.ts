import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { afterAll, describe, it } from 'vitest';
import { redisSagaStore } from '../../src/adapters/redis/saga-store.js';
import { sagaStoreLaws } from '../../src/testing/conformance/saga-store-laws.js';
import { deleteAll, redisAnswers, redisUrl } from '../fixtures/redis.js';

const there = await redisAnswers();
const clients = there ? [new Redis(redisUrl), new Redis(redisUrl)] : [];
let made = 0;
/** More than any other law sends. */
const maxSignalsPerSaga = 40;

function onServer() {
  const prefix = `keelson-test-sagas-${process.pid}-${made++}`;
  const [store, other] = clients.map(client => redisSagaStore({ client, prefix, maxSignalsPerSaga }));
  return {
    ...{ store: store!, other: other! },
    maxSignalsPerSaga,
    advance: async (ms: number) => void (await sleep(Math.ceil(ms) + 2)),
    close: async () => void (await deleteAll(clients[0]!, `{${prefix}}`)),
  };
}

describe.skipIf(!there)('the store of sagas in Redis keeps the law', () => {
  afterAll(() => {
    for (const client of clients) client.disconnect();
  });
  for (const { name, check } of sagaStoreLaws(onServer)) it(name, check);
});
