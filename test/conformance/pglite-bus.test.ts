import { PGlite } from '@electric-sql/pglite';
import { afterAll, describe, it } from 'vitest';
import { postgresDriver } from '../../src/adapters/postgres/bus-driver.js';
import { busLaws } from '../../src/testing/bus-laws.js';

const client = await PGlite.create();
const driver = () => postgresDriver({ client, schema: 'laws' });
const { capabilities } = driver();

describe('a bus over a PGlite in memory', () => {
  afterAll(() => client.close());
  // It is one connection in this very process, and slow to answer: what is due may be late.
  for (const { name, check } of busLaws({ capabilities, driver, slackMs: 5_000 })) {
    it.concurrent(name, check, 60_000);
  }
});
