import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, it } from 'vitest';
import { postgresSagaStore } from '../../src/adapters/postgres/saga-store.js';
import { sagaStoreLaws } from '../../src/testing/conformance/saga-store-laws.js';
import { freshPglite } from '../fixtures/pglite.js';

// It takes long to start: one for all.
const client = await freshPglite();
let made = 0;
/** More than any other law sends. */
const maxSignalsPerSaga = 40;

function onPGlite() {
  const schema = `laws_${made++}`;
  return {
    store: postgresSagaStore({ client, schema, maxSignalsPerSaga }),
    other: postgresSagaStore({ client, schema, maxSignalsPerSaga }),
    maxSignalsPerSaga,
    advance: async (ms: number) => void (await sleep(Math.ceil(ms) + 2)),
    close: async () => void (await client.exec(`DROP SCHEMA ${schema} CASCADE`)),
  };
}

afterAll(() => client.close());

describe('the store of sagas in a PGlite keeps the law', () => {
  for (const { name, check } of sagaStoreLaws(onPGlite)) it(name, check);
});
