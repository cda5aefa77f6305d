import { afterAll, beforeAll, describe, it } from 'vitest';
import { postgresDriver } from '../../src/adapters/postgres/bus-driver.js';
import { busLaws } from '../../src/testing/bus-laws.js';
import { poolOf, serverIsThere } from './postgres-server.js';

const there = await serverIsThere();
const schema = `laws_${process.pid}`;
const pool = poolOf();

/** A machine that many share is slow to answer: what is due may be late. */
const slackMs = 5_000;

describe.skipIf(!there)('a bus over a PostgreSQL server', () => {
  beforeAll(() => postgresDriver({ client: pool, schema }).connect());
  afterAll(async () => {
    await pool.query(`DROP SCHEMA ${schema} CASCADE`);
    await pool.end();
  });
  const { capabilities } = postgresDriver({ client: pool, schema });
  const driver = () => postgresDriver({ client: pool, schema });
  for (const { name, check } of busLaws({ capabilities, driver, slackMs }))
    it.concurrent(name, check, 60_000);
});
