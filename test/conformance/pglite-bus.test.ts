import { afterAll, describe, expect, it } from 'vitest';
import { postgresBus } from '../../src/adapters/postgres/bus.js';
import { postgresDriver } from '../../src/adapters/postgres/bus-driver.js';
import { topic } from '../../src/messaging/topic.js';
import { busLaws } from '../../src/testing/bus-laws.js';
import { freshPglite } from '../fixtures/pglite.js';

// It takes long to start: one for all.
const client = await freshPglite();
const driver = () => postgresDriver({ client, schema: 'laws' });
const { capabilities } = driver();

const until = async (holds: () => boolean): Promise<void> => {
  while (!holds()) await new Promise(resolve => setTimeout(resolve, 10));
};

afterAll(() => client.close());

describe('a bus over a PGlite in memory', () => {
  // It is one connection in this very process, and slow to answer: what is due may be late.
  for (const { name, check } of busLaws({ capabilities, driver, slackMs: 5_000 })) {
    it.concurrent(name, check, 60_000);
  }
});

describe('what PGlite can do besides', () => {
  const from = topic<{ readonly n: number }>('orders.placed');

  it('makes a message part of a transaction', async () => {
    const bus = postgresBus({ client, schema: 'within' });
    const seen: number[] = [];
    await bus.subscribe(from, { group: 'g' }, ({ data }) => void seen.push(data.n)).ready;
    await client.transaction(async transaction => {
      await bus.publish(from, { n: 1 }, { transaction });
      await transaction.rollback();
    });
    await client.transaction(async transaction => {
      await bus.publish(from, { n: 2 }, { transaction });
    });
    await until(() => seen.length > 0);
    expect(seen).toEqual([2]);
    await bus.close();
  });

  it('wakes a member by a notification', async () => {
    const options = { client, schema: 'woken', notifications: client, pollMs: 60_000 };
    const [bus, other] = [postgresBus(options), postgresBus(options)];
    const seen: number[] = [];
    await bus.subscribe(from, { group: 'g' }, ({ data }) => void seen.push(data.n)).ready;
    // By now it looks every few seconds only.
    await new Promise(resolve => setTimeout(resolve, 4_000));
    const startedAt = performance.now();
    await other.publish(from, { n: 1 });
    await until(() => seen.length > 0);
    expect(performance.now() - startedAt).toBeLessThan(2_000);
    await Promise.all([bus.close(), other.close()]);
  });
});
