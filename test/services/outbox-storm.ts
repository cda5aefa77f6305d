import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool, PoolClient } from 'pg';
import { PostgresOutboxStore } from '../../src/adapters/postgres/outbox-store.js';
import { Outbox } from '../../src/data/outbox.js';
import { topic } from '../../src/messaging/topic.js';
import { seededRandom } from '../../src/testing/seeded-random.js';

/** So many keys, each with a row that its producers lock, as an aggregate has. */
const KEYS = 24;

/** What a transaction of a key says: that of n comes after those of all smaller n. */
export interface KeyEvent {
  readonly key: string;
  readonly n: number;
}
export const event = topic<KeyEvent>('events', { key: ({ key }) => key });

class Undo extends Error {}

/** Makes the tables that producers write beside the outbox. */
export async function stormTables(pool: Pool, schema: string): Promise<void> {
  await new PostgresOutboxStore({ client: pool, schema }).connect();
  await pool.query(`CREATE TABLE ${schema}.taken (pos bigserial PRIMARY KEY, key text, n float8, id text);
    CREATE TABLE ${schema}.elsewhere (n int);
    CREATE TABLE ${schema}.aggregate (key text PRIMARY KEY, n int);
    INSERT INTO ${schema}.aggregate SELECT 'k' || n, 0 FROM generate_series(0, ${KEYS - 1}) n`);
}

/** Transactions that take their numbers early, wait for each other, linger and roll back. */
export class Producers {
  count = 0;
  rollbacks = 0;
  /** Transactions that the server broke off, or of which nobody knows how they ended. */
  broken = 0;
  readonly #pool: Pool;
  readonly #schema: string;
  readonly #outbox: Outbox<Pick<Pool, 'query'>>;
  readonly #random = seededRandom(17);

  constructor(pool: Pool, schema: string) {
    this.#pool = pool;
    this.#schema = schema;
    this.#outbox = new Outbox({ store: new PostgresOutboxStore({ client: pool, schema }) });
  }

  /** `pauseMs` is how long each of them rests after a transaction. */
  async run(producers: number, goesOn: () => boolean, pauseMs = 0): Promise<void> {
    const produce = async (): Promise<void> => {
      for (; goesOn(); await sleep(pauseMs)) {
        try {
          await inTransaction(this.#pool, transaction => this.#one(transaction));
          this.count++;
        } catch (error) {
          if (error instanceof Undo) this.rollbacks++;
          else {
            this.broken++;
            await sleep(200);
          }
        }
      }
    };
    await Promise.all(Array.from({ length: producers }, produce));
  }

  async #one(transaction: PoolClient): Promise<void> {
    const random = this.#random;
    const key = `k${Math.floor(random() * KEYS)}`;
    const [early, lingers, fails] = [random() < 0.5, random() < 0.1, random() < 0.1];
    const s = this.#schema;
    // Its number is that of its first write, long before it comes to the outbox.
    if (early) {
      await transaction.query(`INSERT INTO ${s}.elsewhere VALUES (1)`);
      await sleep(5 * random());
    }
    const next = `UPDATE ${s}.aggregate SET n = n + 1 WHERE key = $1 RETURNING n`;
    const { rows } = await transaction.query<{ n: number }>(next, [key]);
    const events = eventsOf(rows[0]!.n).map(n => ({ topic: event, data: { key, n } }));
    await this.#outbox.publishAll(transaction, events);
    if (lingers) await sleep(20 * random());
    if (fails) throw new Undo();
  }
}

/** What the transaction that brings a key to `n` publishes. */
const eventsOf = (n: number): readonly number[] => (n % 3 === 0 ? [n, n + 0.5] : [n]);

/** Commits what `work` does; a connection that something went wrong on is not used again. */
export async function inTransaction<Result>(
  pool: Pool,
  work: (transaction: PoolClient) => Promise<Result>,
): Promise<Result> {
  const transaction = await pool.connect();
  let failed = true;
  // It breaks while nobody asks it anything, too.
  const unheard = () => {};
  transaction.on('error', unheard);
  try {
    await transaction.query('BEGIN');
    const result = await work(transaction);
    await transaction.query('COMMIT');
    failed = false;
    return result;
  } finally {
    if (!failed) transaction.off('error', unheard);
    transaction.release(failed);
  }
}

/**
 * What was committed, told by the rows of the aggregates: of a commit whose answer was lost nobody else
 * knows.
 */
export async function committedIn(pool: Pool, schema: string): Promise<readonly KeyEvent[]> {
  return (await pool.query<KeyEvent>(`SELECT key, n FROM ${schema}.aggregate`)).rows;
}

/** The keys of which something was lost, invented or first taken in another order, and what came twice. */
export function stormBooks(committed: readonly KeyEvent[], taken: readonly KeyEvent[]) {
  const first = new Map<string, Set<number>>();
  for (const { key, n } of taken) first.set(key, (first.get(key) ?? new Set()).add(n));
  const wrong = committed.filter(({ key, n: last }) => {
    const all = Array.from({ length: last }, (_, at) => at + 1).flatMap(eventsOf);
    return all.join() !== [...(first.get(key) ?? [])].join();
  });
  const distinct = [...first.values()].reduce((sum, each) => sum + each.size, 0);
  return { wrong: wrong.map(({ key }) => key), repeats: taken.length - distinct, distinct };
}

/** How many events `committed` stands for. */
export const eventsIn = (committed: readonly KeyEvent[]): number =>
  committed.reduce((sum, { n }) => sum + n + Math.floor(n / 3), 0);

/** What was taken, in its order. */
export async function takenIn(pool: Pool, schema: string): Promise<readonly KeyEvent[]> {
  return (await pool.query<KeyEvent>(`SELECT key, n FROM ${schema}.taken ORDER BY pos`)).rows;
}
