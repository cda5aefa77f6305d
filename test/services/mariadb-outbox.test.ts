import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createPool, type PoolConnection } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { MariadbClient } from '../../src/adapters/mariadb/client.js';
import { MariadbOutboxStore } from '../../src/adapters/mariadb/outbox-store.js';
import { Outbox } from '../../src/data/outbox.js';
import { OutboxRelay } from '../../src/data/outbox-relay.js';
import { InMemoryBus } from '../../src/messaging/in-memory-bus.js';
import { topic } from '../../src/messaging/topic.js';
import { outboxStoreLaws } from '../../src/testing/conformance/outbox-store-laws.js';
import { seededRandom } from '../../src/testing/seeded-random.js';
import { until } from './eventually.js';
import { mariadbIsThere, mariadbUrl } from './mariadb-server.js';

const there = await mariadbIsThere();
const long = process.env['SERVICES'] === 'long';
const pool = createPool({ uri: mariadbUrl, connectionLimit: 20, multipleStatements: true });
const databaseOf = (name: string) => `outbox_${process.pid}_${name}`;
const databases = ['laws', 'thin', 'killed', 'missing', 'old'].map(databaseOf);
afterAll(async () => {
  if (there) for (const name of databases) await pool.query(`DROP DATABASE IF EXISTS ${name}`);
  await pool.end();
});

class Undo extends Error {}

async function inTransaction<Result>(
  work: (transaction: PoolConnection) => Promise<Result>,
): Promise<Result> {
  const transaction = await pool.getConnection();
  try {
    await transaction.beginTransaction();
    const result = await work(transaction);
    await transaction.commit();
    return result;
  } catch (error) {
    await transaction.rollback();
    throw error;
  } finally {
    transaction.release();
  }
}

const rowsOf = async (text: string): Promise<readonly Record<string, unknown>[]> =>
  (await pool.query(text))[0] as Record<string, unknown>[];

describe.skipIf(!there)('an outbox in MariaDB keeps the law that', () => {
  const database = databaseOf('laws');
  const store = new MariadbOutboxStore({ client: pool, database });
  beforeAll(() => store.connect());
  const empty = () =>
    pool.query(`DELETE FROM ${database}.outbox; DELETE FROM ${database}.outbox_key;
      DELETE FROM ${database}.outbox_relay;
      UPDATE ${database}.outbox_bucket SET owner = NULL, suspect_to = NULL, trying = NULL`);
  const advance = async (ms: number): Promise<void> => {
    const ago = `- INTERVAL ${Math.round(ms * 1_000)} MICROSECOND`;
    await pool.query(`UPDATE ${database}.outbox_bucket SET until = until ${ago};
      UPDATE ${database}.outbox_relay SET until = until ${ago};
      UPDATE ${database}.outbox SET created_at = created_at ${ago};
      UPDATE ${database}.outbox_key SET parked_at = parked_at ${ago}, due_at = due_at ${ago}`);
  };
  const laws = outboxStoreLaws<MariadbClient>(async () => {
    await empty();
    return { store, transaction: inTransaction, advance };
  });
  for (const { name, check } of laws) it(name, check);
});

const placed = topic<{ id: string; n: number }>('orders.placed', { key: order => order.id });

describe.skipIf(!there)('an outbox in MariaDB', () => {
  it('publishes what was committed and nothing else, in order for each key', async () => {
    const database = databaseOf('thin');
    const store = new MariadbOutboxStore({ client: pool, database });
    await store.connect();
    await pool.query(`CREATE TABLE ${database}.orders (id varchar(20), n int)`);
    const outbox = new Outbox({ store });
    const bus = new InMemoryBus();
    const seen: string[] = [];
    await bus.subscribe(placed, { group: 'billing' }, ({ data }) => void seen.push(`${data.id}.${data.n}`))
      .ready;
    const relay = new OutboxRelay({ store, bus, pollMs: 50 });
    await relay.start();
    const place = (id: string, n: number, fails: boolean): Promise<unknown> =>
      inTransaction(async tx => {
        await tx.query(`INSERT INTO ${database}.orders VALUES (?, ?)`, [id, n]);
        await outbox.publish(tx, { topic: placed, data: { id, n } });
        if (fails) throw new Undo();
      });
    for (let n = 0; n < 10; n++) {
      await Promise.all(['a', 'b', 'c'].map(id => place(id, n, false)));
      await expect(place('a', 100 + n, true)).rejects.toThrow(Undo);
    }
    await until(() => seen.length >= 30);
    await relay.close();
    expect([...seen].sort()).toHaveLength(30);
    for (const id of ['a', 'b', 'c']) {
      const wanted = Array.from({ length: 10 }, (_, n) => `${id}.${n}`);
      expect(seen.filter(one => one.startsWith(id))).toEqual(wanted);
    }
    expect(await outbox.lag()).toMatchObject({ messages: 0, parked: 0 });
    const [row] = await rowsOf(`SELECT count(*) AS many FROM ${database}.orders`);
    expect(row).toEqual({ many: 30 });
    await bus.close();
  });

  it('writes all of many messages or none, though a statement that fails ends no transaction', async () => {
    const database = databaseOf('thin');
    const store = new MariadbOutboxStore({ client: pool, database });
    const outbox = new Outbox({ store });
    await store.connect();
    const many = Array.from({ length: 1_000 }, (_, n) => ({ topic: placed, data: { id: `m${n}`, n } }));
    let statements = 0;
    await inTransaction(async tx => {
      const failing: MariadbClient = {
        query: (text, params) =>
          text.includes('INSERT INTO') && ++statements === 2
            ? Promise.reject(new Error('the second part'))
            : tx.query(text, params),
      };
      await expect(outbox.publishAll(failing, many)).rejects.toThrow('the second part');
      await outbox.publish(tx, { topic: placed, data: { id: 'alone', n: 0 } });
    });
    expect(statements).toBe(2);
    expect((await outbox.lag()).messages).toBe(1);
    await inTransaction(tx => outbox.publishAll(tx, many));
    expect((await outbox.lag()).messages).toBe(1_001);
    const text = `SELECT CONVERT(\`key\` USING utf8mb4) AS k FROM ${database}.outbox ORDER BY id`;
    const rows = await rowsOf(text);
    expect(rows.slice(1).map(row => row['k'])).toEqual(many.map(({ data }) => data.id));
  });

  it('says what is missing, and refuses tables that were made in other words', async () => {
    const missing = new MariadbOutboxStore({
      client: pool,
      database: databaseOf('missing'),
      topology: 'check',
    });
    await expect(missing.connect()).rejects.toMatchObject({ code: 'ERR_TOPOLOGY' });
    const outbox = new Outbox({ store: missing });
    const published = inTransaction(tx => outbox.publish(tx, { topic: placed, data: { id: 'a', n: 1 } }));
    const error = await published.catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'ERR_TOPOLOGY' });
    expect((error as Error).message).toContain('call connect() of its store first');
    const database = databaseOf('old');
    await Promise.all([1, 2, 3].map(() => new MariadbOutboxStore({ client: pool, database }).connect()));
    await pool.query(`UPDATE ${database}.component SET checksums = 'other' WHERE name = 'outbox'`);
    const other = new MariadbOutboxStore({ client: pool, database });
    await expect(other.connect()).rejects.toThrow('in other words than this program has');
  });
});

const event = topic<{ key: string; n: number }>('keys.changed', { key: ({ key }) => key });
const KEYS = 12;

/** Whoever publishes: transactions that write elsewhere first, linger and roll back. */
class Producers {
  readonly committed = new Map<string, number>();
  count = 0;
  rollbacks = 0;
  readonly #database: string;
  readonly #outbox: Outbox<MariadbClient>;
  readonly #random = seededRandom(17);

  constructor(database: string, store: MariadbOutboxStore) {
    this.#database = database;
    this.#outbox = new Outbox({ store });
  }

  async run(producers: number, goesOn: () => boolean): Promise<void> {
    const produce = async (): Promise<void> => {
      while (goesOn()) await this.#one();
    };
    await Promise.all(Array.from({ length: producers }, produce));
  }

  async #one(): Promise<void> {
    const random = this.#random;
    const key = `k${Math.floor(random() * KEYS)}`;
    const [early, lingers, fails] = [random() < 0.5, random() < 0.1, random() < 0.1];
    const d = this.#database;
    const changed = inTransaction(async tx => {
      // It has a number as a transaction long before it comes to the outbox.
      if (early) {
        await tx.query(`INSERT INTO ${d}.elsewhere VALUES (1)`);
        await sleep(5 * random());
      }
      await tx.query(`UPDATE ${d}.aggregate SET n = n + 1 WHERE name = ?`, [key]);
      const [rows] = await tx.query(`SELECT n FROM ${d}.aggregate WHERE name = ? FOR UPDATE`, [key]);
      const { n } = (rows as { n: number }[])[0]!;
      await this.#outbox.publish(tx, { topic: event, data: { key, n } });
      if (lingers) await sleep(20 * random());
      if (fails) throw new Undo();
      return n;
    });
    const n = await changed.catch((error: unknown) => {
      if (!(error instanceof Undo)) throw error;
      return undefined;
    });
    if (n === undefined) this.rollbacks++;
    else {
      this.count++;
      this.committed.set(key, Math.max(this.committed.get(key) ?? 0, n));
    }
  }
}

describe.skipIf(!there)('relays of an outbox in MariaDB, in processes of their own that are killed', () => {
  const children: ChildProcess[] = [];
  afterAll(() => {
    for (const child of children) child.kill('SIGKILL');
  });

  async function start(database: string): Promise<ChildProcess> {
    const told = JSON.stringify({ uri: mariadbUrl, database });
    const child = fork(join(import.meta.dirname, 'mariadb-relay.mjs'), [told]);
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
    const database = databaseOf('killed');
    const store = new MariadbOutboxStore({ client: pool, database });
    await store.connect();
    const place = 'pos bigint AUTO_INCREMENT PRIMARY KEY';
    await pool.query(`CREATE TABLE ${database}.taken (${place}, name varchar(9), n int);
      CREATE TABLE ${database}.elsewhere (n int);
      CREATE TABLE ${database}.aggregate (name varchar(9) PRIMARY KEY, n int);
      INSERT INTO ${database}.aggregate SELECT concat('k', seq), 0 FROM ${database}.seq_0_to_${KEYS - 1}`);
    // Whoever waited for the oldest transaction of the server would wait for this one.
    const stays = await pool.getConnection();
    await stays.beginTransaction();
    await stays.query(`INSERT INTO ${database}.elsewhere VALUES (0)`);
    const relays = await Promise.all([1, 2].map(() => start(database)));
    const producers = new Producers(database, store);
    const [leastKills, leastCount] = long ? [100, 20_000] : [2, 150];
    let kills = 0;
    const producing = producers.run(6, () => kills < leastKills || producers.count < leastCount);
    while (kills < leastKills) {
      const before = producers.count;
      await until(() => producers.count >= before + 30, 60_000);
      const at = kills % relays.length;
      await kill(relays[at]!);
      kills++;
      relays[at] = await start(database);
    }
    await producing;
    await until(async () => (await new Outbox({ store }).lag()).messages === 0, 60_000);
    const first = new Map<string, Set<number>>();
    const taken = await rowsOf(`SELECT name, n FROM ${database}.taken ORDER BY pos`);
    for (const { name, n } of taken) {
      first.set(String(name), (first.get(String(name)) ?? new Set()).add(Number(n)));
    }
    for (const [key, last] of producers.committed) {
      expect([...first.get(key)!], key).toEqual(Array.from({ length: last }, (_, at) => at + 1));
    }
    expect(first.size).toBe(producers.committed.size);
    expect(producers.rollbacks).toBeGreaterThan(0);
    console.info(`mariadb outbox: ${producers.count} messages, ${kills} kills, ${taken.length} taken`);
    await stays.rollback();
    stays.release();
    await Promise.all(relays.map(kill));
  });
});
