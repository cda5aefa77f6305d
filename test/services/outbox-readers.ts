import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool } from 'pg';
import { PostgresOutboxStore } from '../../src/adapters/postgres/outbox-store.js';
import { Outbox } from '../../src/data/outbox.js';
import { OutboxRelay } from '../../src/data/outbox-relay.js';
import { topic } from '../../src/messaging/topic.js';

/** What a transaction of a key says: that of n comes after those of all smaller n. */
interface Message {
  readonly key: string;
  readonly n: number;
}

/** What came of a way to read an outbox. */
export interface ReaderBooks {
  readonly reader: string;
  readonly lost: number;
  /** Messages that came after a later one of their key. */
  readonly reordered: number;
  /** Of what was committed while a transaction of another database stayed open, how much came meanwhile. */
  readonly meanwhile: string;
}

/** One way to read: it is looked for what it was given first, and in which order. */
class Reader {
  readonly name: string;
  readonly #seen = new Set<string>();
  readonly #order: Message[] = [];

  constructor(name: string) {
    this.name = name;
  }

  get size(): number {
    return this.#seen.size;
  }

  take({ key, n }: Message): void {
    const id = `${key} ${n}`;
    if (this.#seen.has(id)) return;
    this.#seen.add(id);
    this.#order.push({ key, n });
  }

  booksOf(committed: readonly Message[], meanwhile: string): ReaderBooks {
    const last = new Map<string, number>();
    let reordered = 0;
    for (const { key, n } of this.#order) {
      if (n < (last.get(key) ?? 0)) reordered++;
      last.set(key, Math.max(last.get(key) ?? 0, n));
    }
    const lost = committed.filter(({ key, n }) => !this.#seen.has(`${key} ${n}`)).length;
    return { reader: this.name, lost, reordered, meanwhile };
  }
}

const changed = topic<Message>('keys.changed', { key: ({ key }) => key });

/** An outbox of ours and a plain table, both written in the same transactions, and three that read them. */
export class ReaderScene {
  readonly byId = new Reader('id > cursor');
  readonly byHorizon = new Reader('(xid, id) > cursor, below xmin');
  readonly ours = new Reader('OutboxRelay');
  readonly committed: Message[] = [];
  readonly pool: Pool;
  readonly #outbox: Outbox<Pick<Pool, 'query'>>;
  readonly #relays: readonly OutboxRelay[];
  readonly #reading = new AbortController();
  readonly #loops: Promise<void>[] = [];

  constructor(pool: Pool) {
    this.pool = pool;
    const store = new PostgresOutboxStore({ client: pool });
    this.#outbox = new Outbox({ store });
    const bus = { publish: async (_: unknown, data: unknown) => this.ours.take(data as Message) };
    const rules = { store, bus, pollMs: 20, batch: 100 };
    this.#relays = [new OutboxRelay(rules), new OutboxRelay(rules)];
  }

  async start(): Promise<void> {
    await this.pool.query(`CREATE TABLE plain (id bigserial PRIMARY KEY, key text, n int,
        xid xid8 NOT NULL DEFAULT pg_current_xact_id());
      CREATE TABLE elsewhere (n int);
      CREATE TABLE aggregate (key text PRIMARY KEY, n int);
      INSERT INTO aggregate SELECT 'k' || n, 0 FROM generate_series(0, 63) n`);
    await Promise.all(this.#relays.map(relay => relay.start()));
    let id = '0';
    const byId = `SELECT id::text, key, n FROM plain WHERE id > $1 ORDER BY id LIMIT 100`;
    this.#read(async () => {
      const { rows } = await this.pool.query(byId, [id]);
      for (const row of rows) this.byId.take(row);
      id = rows.at(-1)?.id ?? id;
    });
    let at = ['0', '0'];
    const byHorizon = `SELECT id::text, xid::text, key, n FROM plain
      WHERE (xid, id) > ($1::xid8, $2::bigint) AND xid < pg_snapshot_xmin(pg_current_snapshot())
      ORDER BY xid, id LIMIT 100`;
    this.#read(async () => {
      const { rows } = await this.pool.query(byHorizon, at);
      for (const row of rows) this.byHorizon.take(row);
      const last = rows.at(-1);
      if (last !== undefined) at = [last.xid, last.id];
    });
  }

  /**
   * A transaction that changes a key and tells of it. `early` runs when it has a number and holds no key,
   * `late` when it has written its message.
   */
  async change(
    key: string,
    how: { readonly early?: () => Promise<unknown>; readonly late?: () => Promise<unknown>; fails?: boolean },
  ): Promise<void> {
    const client = await this.pool.connect();
    try {
      await client.query('BEGIN');
      if (how.early !== undefined) {
        await client.query('INSERT INTO elsewhere VALUES (1)');
        await how.early();
      }
      const { rows } = await client.query('UPDATE aggregate SET n = n + 1 WHERE key = $1 RETURNING n', [key]);
      const message = { key, n: rows[0].n as number };
      await client.query('INSERT INTO plain (key, n) VALUES ($1, $2)', [message.key, message.n]);
      await this.#outbox.publish(client, { topic: changed, data: message });
      await how.late?.();
      await client.query(how.fails === true ? 'ROLLBACK' : 'COMMIT');
      if (how.fails !== true) this.committed.push(message);
    } finally {
      client.release();
    }
  }

  /** So many producers that write elsewhere first, linger with the key in hand, and roll back. */
  async storm(producers: number, changes: number, random: () => number): Promise<void> {
    const produce = async (): Promise<void> => {
      for (let done = 0; done < changes; done++) {
        const pause = (share: number, ms: number) =>
          random() < share ? { wait: () => sleep(ms * random()) } : { wait: undefined };
        const [early, late] = [pause(0.5, 8).wait, pause(0.2, 8).wait];
        const key = `k${Math.floor(8 * random())}`;
        const fails = random() < 0.05;
        await this.change(key, { ...(early && { early }), ...(late && { late }), fails });
      }
    };
    await Promise.all(Array.from({ length: producers }, produce));
  }

  async close(): Promise<void> {
    this.#reading.abort();
    await Promise.all([...this.#loops, ...this.#relays.map(relay => relay.close())]);
  }

  #read(step: () => Promise<void>): void {
    const loop = async (): Promise<void> => {
      while (!this.#reading.signal.aborted) {
        await step();
        await sleep(5);
      }
    };
    this.#loops.push(loop());
  }
}
