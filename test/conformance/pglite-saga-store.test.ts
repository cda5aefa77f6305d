import { setTimeout as sleep } from 'node:timers/promises';
import { PGlite } from '@electric-sql/pglite';
import { afterAll, describe, it } from 'vitest';
import { postgresSagaStore } from '../../src/adapters/postgres/saga-store.js';
import { sagaStoreLaws } from '../../src/testing/conformance/saga-store-laws.js';

// It takes long to start: one for all.
const client = await PGlite.create();
let made = 0;

function onPGlite() {
  const schema = `laws_${made++}`;
  return {
    store: postgresSagaStore({ client, schema }),
    other: postgresSagaStore({ client, schema }),
    advance: async (ms: number) => void (await sleep(Math.ceil(ms) + 2)),
    close: async () => void (await client.exec(`DROP SCHEMA ${schema} CASCADE`)),
  };
}

afterAll(() => client.close());

describe('the store of sagas in a PGlite keeps the law', () => {
  for (const { name, check } of sagaStoreLaws(onPGlite)) it(name, check);
});
