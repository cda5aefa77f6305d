import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, it } from 'vitest';
import { postgresSagaStore } from '../../src/adapters/postgres/saga-store.js';
import { sagaStoreLaws } from '../../src/testing/conformance/saga-store-laws.js';
import { poolOf, serverIsThere } from './postgres-server.js';

const there = await serverIsThere();
const pools = [poolOf(), poolOf()];
let made = 0;
/** More than any other law sends. */
const maxSignalsPerSaga = 40;

function onServer() {
  const schema = `saga_laws_${process.pid}_${made++}`;
  const [store, other] = pools.map(client => postgresSagaStore({ client, schema, maxSignalsPerSaga }));
  return {
    ...{ store: store!, other: other! },
    maxSignalsPerSaga,
    advance: async (ms: number) => void (await sleep(Math.ceil(ms) + 2)),
    close: async () => void (await pools[0]!.query(`DROP SCHEMA ${schema} CASCADE`)),
  };
}

describe.skipIf(!there)('the store of sagas in PostgreSQL keeps the law', () => {
  afterAll(() => Promise.all(pools.map(pool => pool.end())));
  for (const { name, check } of sagaStoreLaws(onServer)) it(name, check);
});
