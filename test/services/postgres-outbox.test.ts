import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PostgresClient } from '../../src/adapters/postgres/client.js';
import { PostgresOutboxStore } from '../../src/adapters/postgres/outbox-store.js';
import { Outbox } from '../../src/data/outbox.js';
import { OutboxRelay } from '../../src/data/outbox-relay.js';
import { InMemoryBus } from '../../src/messaging/in-memory-bus.js';
import { topic } from '../../src/messaging/topic.js';
import { outboxStoreLaws } from '../../src/testing/conformance/outbox-store-laws.js';
import { seededRandom } from '../../src/testing/seeded-random.js';
import { ageOutbox, emptyOutbox } from '../fixtures/outbox.js';
import { until } from './eventually.js';
import { committedIn, Producers, stormBooks, stormTables, takenIn } from './outbox-storm.js';
import { poolOf, serverConfig, serverIsThere } from './postgres-server.js';
import { RelayProcesses } from './relay-processes.js';

const there = await serverIsThere();
const long = process.env['SERVICES'] === 'long';
const pool = poolOf({ ...serverConfig, max: 20 });
const schemaOf = (name: string) => `outbox_${process.pid}_${name}`;
afterAll(() => pool.end());

class Undo extends Error {}

async function inTransaction<Result>(
  work: (transaction: PostgresClient) => Promise<Result>,
): Promise<Result> {
  const transaction = await pool.connect();
  try {
    await transaction.query('BEGIN');
    const result = await work(transaction);
    await transaction.query('COMMIT');
    return result;
  } catch (error) {
    await transaction.query('ROLLBACK');
    throw error;
  } finally {
    transaction.release();
  }
}

describe.skipIf(!there)('an outbox in PostgreSQL keeps the law that', () => {
  const schema = schemaOf('laws');
  const store = new PostgresOutboxStore({ client: pool, schema });
  beforeAll(() => store.connect());
  afterAll(async () => void (await pool.query(`DROP SCHEMA ${schema} CASCADE`)));
  const laws = outboxStoreLaws<PostgresClient>(async () => {
    await emptyOutbox(pool, schema);
    return { store, transaction: inTransaction, advance: ms => ageOutbox(pool, schema, ms) };
  });
  for (const { name, check } of laws) it(name, check);
});

const placed = topic<{ id: string; n: number }>('orders.placed', { key: order => order.id });

describe.skipIf(!there)('an outbox in PostgreSQL', () => {
  it('publishes what was committed and nothing else, in order for each key', async () => {
    const schema = schemaOf('thin');
    const store = new PostgresOutboxStore({ client: pool, schema, notifications: pool });
    await store.connect();
    await pool.query(`CREATE TABLE ${schema}.orders (id text, n int)`);
    const outbox = new Outbox({ store });
    const bus = new InMemoryBus();
    const seen: string[] = [];
    await bus.subscribe(placed, { group: 'billing' }, ({ data }) => void seen.push(`${data.id}.${data.n}`))
      .ready;
    const relay = new OutboxRelay({ store, bus, pollMs: 50 });
    await relay.start();
    const place = (id: string, n: number, fails: boolean): Promise<unknown> =>
      inTransaction(async tx => {
        await tx.query(`INSERT INTO ${schema}.orders VALUES ($1, $2)`, [id, n]);
        await outbox.publish(tx, { topic: placed, data: { id, n } });
        if (fails) throw new Undo();
      });
    for (let n = 0; n < 20; n++) {
      await Promise.all(['a', 'b', 'c'].map(id => place(id, n, false)));
      await expect(place('a', 100 + n, true)).rejects.toThrow(Undo);
    }
    await until(() => seen.length >= 60);
    await relay.close();
    const of = (id: string) => seen.filter(each => each.startsWith(id)).map(each => Number(each.slice(2)));
    for (const id of ['a', 'b', 'c']) expect(of(id)).toEqual(Array.from({ length: 20 }, (_, n) => n));
    const { rows } = await pool.query(`SELECT count(*)::int AS orders FROM ${schema}.orders`);
    expect(rows[0].orders).toBe(60);
    expect(await outbox.lag()).toMatchObject({ messages: 0, stuckMs: 0 });
    const left = await pool.query(
      `SELECT count(*)::int AS n FROM ${schema}.outbox_bucket WHERE owner IS NOT NULL`,
    );
    expect(left.rows[0].n).toBe(0);
    await bus.close();
    await pool.query(`DROP SCHEMA ${schema} CASCADE`);
  });
});

describe.skipIf(!there)('relays in processes of their own that are killed', () => {
  it('lose nothing, invent nothing and keep the order of each key, whatever producers do', async () => {
    const schema = schemaOf('killed');
    await stormTables(pool, schema);
    // Whoever waited for the oldest transaction of the server would wait for this one.
    const stays = await pool.connect();
    await stays.query(`BEGIN; INSERT INTO ${schema}.elsewhere VALUES (0)`);
    const relays = new RelayProcesses('outbox-relay.mjs', { config: serverConfig, schema });
    await relays.start(3);
    const producers = new Producers(pool, schema);
    const random = seededRandom(5);
    const [leastKills, leastCount] = long ? [200, 50_000] : [4, 300];
    const producing = producers.run(8, () => relays.kills < leastKills || producers.count < leastCount);
    while (relays.kills < leastKills) {
      await sleep(150 + 250 * random());
      await relays.replace(Math.floor(3 * random()));
    }
    await producing;
    const outbox = new Outbox({ store: new PostgresOutboxStore({ client: pool, schema }) });
    await until(async () => (await outbox.lag()).messages === 0, 60_000);
    const { wrong, repeats, distinct } = stormBooks(
      await committedIn(pool, schema),
      await takenIn(pool, schema),
    );
    const { rollbacks } = producers;
    console.info(
      `outbox: ${distinct} messages, ${rollbacks} rollbacks, ${relays.kills} kills, ${repeats} repeats`,
    );
    expect(wrong).toEqual([]);
    expect(producers.broken).toBe(0);
    expect(rollbacks).toBeGreaterThan(0);
    expect(await outbox.parked()).toEqual([]);
    await stays.query('ROLLBACK');
    stays.release();
    await relays.end();
    await pool.query(`DROP SCHEMA ${schema} CASCADE`);
  });
});
