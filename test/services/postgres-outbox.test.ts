import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
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
import { poolOf, serverConfig, serverIsThere } from './postgres-server.js';

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

/** So many keys, each with a row that its producers lock, as an aggregate has. */
const KEYS = 24;
const event = topic<{ key: string; n: number }>('events', { key: ({ key }) => key });

/** Transactions that take their numbers early, wait for each other, linger and roll back. */
class Producers {
  readonly committed = new Map<string, number>();
  count = 0;
  rollbacks = 0;
  readonly #schema: string;
  readonly #outbox: Outbox<PostgresClient>;
  readonly #random = seededRandom(17);

  constructor(schema: string) {
    this.#schema = schema;
    this.#outbox = new Outbox({ store: new PostgresOutboxStore({ client: pool, schema }) });
  }

  async run(producers: number, goesOn: () => boolean): Promise<void> {
    const produce = async (): Promise<void> => {
      while (goesOn()) await this.#one().catch(mendUndo);
    };
    await Promise.all(Array.from({ length: producers }, produce));
  }

  async #one(): Promise<void> {
    const random = this.#random;
    const key = `k${Math.floor(random() * KEYS)}`;
    const [early, lingers, fails] = [random() < 0.5, random() < 0.1, random() < 0.1];
    const s = this.#schema;
    const n = await inTransaction(async tx => {
      // Its number is that of its first write, long before it comes to the outbox.
      if (early) {
        await tx.query(`INSERT INTO ${s}.elsewhere VALUES (1)`);
        await sleep(5 * random());
      }
      const { rows } = await tx.query(`UPDATE ${s}.aggregate SET n = n + 1 WHERE key = $1 RETURNING n`, [
        key,
      ]);
      const next = (rows[0] as { n: number }).n;
      const events = next % 3 === 0 ? [next, next + 0.5] : [next];
      await this.#outbox.publishAll(
        tx,
        events.map(each => ({ topic: event, data: { key, n: each } })),
      );
      if (lingers) await sleep(20 * random());
      if (fails) throw new Undo();
      return next;
    }).catch((error: unknown) => {
      if (error instanceof Undo) this.rollbacks++;
      throw error;
    });
    this.count++;
    this.committed.set(key, Math.max(this.committed.get(key) ?? 0, n));
  }
}

function mendUndo(error: unknown): void {
  if (!(error instanceof Undo)) throw error;
}

/** The keys of which something was lost, invented or first taken in another order. */
async function wrongIn(schema: string, committed: ReadonlyMap<string, number>) {
  const { rows } = await pool.query(`SELECT key, n FROM ${schema}.taken ORDER BY pos`);
  const first = new Map<string, Set<number>>();
  for (const { key, n } of rows as { key: string; n: number }[]) {
    first.set(key, (first.get(key) ?? new Set()).add(n));
  }
  const wrong = [...committed].filter(([key, last]) => {
    const wanted = Array.from({ length: last }, (_, at) => at + 1);
    const all = wanted.flatMap(n => (n % 3 === 0 ? [n, n + 0.5] : [n]));
    return all.join() !== [...(first.get(key) ?? [])].join();
  });
  const distinct = [...first.values()].reduce((sum, each) => sum + each.size, 0);
  return { wrong: wrong.map(([key]) => key), repeats: rows.length - distinct, distinct };
}

describe.skipIf(!there)('relays in processes of their own that are killed', () => {
  const children: ChildProcess[] = [];
  afterAll(() => {
    for (const child of children) child.kill('SIGKILL');
  });

  async function start(schema: string): Promise<ChildProcess> {
    const told = JSON.stringify({ config: serverConfig, schema });
    const child = fork(join(import.meta.dirname, 'outbox-relay.mjs'), [told]);
    children.push(child);
    await new Promise((resolve, reject) => {
      child.once('message', resolve);
      child.once('exit', () => reject(new Error('the relay ended')));
    });
    return child;
  }

  async function kill(child: ChildProcess): Promise<void> {
    const ended = new Promise(resolve => child.once('exit', resolve));
    child.kill('SIGKILL');
    await ended;
  }

  it('lose nothing, invent nothing and keep the order of each key, whatever producers do', async () => {
    const schema = schemaOf('killed');
    const store = new PostgresOutboxStore({ client: pool, schema });
    await store.connect();
    await pool.query(`CREATE TABLE ${schema}.taken (pos bigserial PRIMARY KEY, key text, n float8, id text);
      CREATE TABLE ${schema}.elsewhere (n int);
      CREATE TABLE ${schema}.aggregate (key text PRIMARY KEY, n int);
      INSERT INTO ${schema}.aggregate SELECT 'k' || n, 0 FROM generate_series(0, ${KEYS - 1}) n`);
    // Whoever waited for the oldest transaction of the server would wait for this one.
    const stays = await pool.connect();
    await stays.query(`BEGIN; INSERT INTO ${schema}.elsewhere VALUES (0)`);
    const relays = await Promise.all([1, 2, 3].map(() => start(schema)));
    const producers = new Producers(schema);
    const random = seededRandom(5);
    const [leastKills, leastCount] = long ? [200, 50_000] : [4, 300];
    let kills = 0;
    const producing = producers.run(8, () => kills < leastKills || producers.count < leastCount);
    while (kills < leastKills) {
      await sleep(150 + 250 * random());
      const at = Math.floor(random() * relays.length);
      await kill(relays[at]!);
      kills++;
      relays[at] = await start(schema);
    }
    await producing;
    const outbox = new Outbox({ store });
    await until(async () => (await outbox.lag()).messages === 0, 60_000);
    const { wrong, repeats, distinct } = await wrongIn(schema, producers.committed);
    console.info(
      `outbox: ${distinct} messages, ${producers.rollbacks} rollbacks, ${kills} kills, ${repeats} repeats`,
    );
    expect(wrong).toEqual([]);
    expect(producers.rollbacks).toBeGreaterThan(0);
    expect(await outbox.parked()).toEqual([]);
    await stays.query('ROLLBACK');
    stays.release();
    await Promise.all(relays.map(kill));
    await pool.query(`DROP SCHEMA ${schema} CASCADE`);
  });
});
