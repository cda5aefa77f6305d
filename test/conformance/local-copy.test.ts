import { afterAll, describe } from 'vitest';
import type { PostgresClient } from '../../src/adapters/postgres/client.js';
import { PostgresLocalCopyStore } from '../../src/adapters/postgres/local-copy-store.js';
import { keepsCopies } from '../fixtures/local-copy.js';
import { freshPglite } from '../fixtures/pglite.js';

const client = await freshPglite();
const store = new PostgresLocalCopyStore({ client });
await store.connect();
afterAll(() => client.close());

describe('a copy in a PGlite', () => {
  const age = async (ms: number): Promise<void> => {
    const text = "UPDATE keelson.copy_row SET deleted_at = deleted_at - $1::float8 * interval '1 ms'";
    await client.query(text, [ms]);
  };
  const transaction = <Result>(work: (transaction: PostgresClient) => Promise<Result>) =>
    client.transaction(work);
  keepsCopies(() => ({ store, transaction, age }), 2);
});
