import pg from 'pg';
import PgBoss from 'pg-boss';
import { bucketOf } from '../../dist/core/outbox-lease.js';
import { Outbox, OutboxRelay } from '../../dist/data.js';
import { topic } from '../../dist/messaging.js';
import { PostgresOutboxStore } from '../../dist/postgres.js';
import { handled } from '../harness/throughput.mjs';
import { fresh } from './brokers.mjs';

const config =
  process.env.DATABASE_URL === undefined
    ? {
        host: process.env.PGHOST ?? '127.0.0.1',
        port: Number(process.env.PGPORT ?? 5432),
        user: process.env.PGUSER ?? 'root',
        database: process.env.PGDATABASE ?? 'test',
      }
    : { connectionString: process.env.DATABASE_URL };

/** So many take at a time, each up to so many messages; the keys that they are kept in order by. */
export const [workers, batch, keys] = [4, 500, 200];
export const newSchema = () => fresh().replaceAll('-', '_');
export const openPool = (max = 16) => new pg.Pool({ ...config, max });

/** What each message carries, beside its number. */
export const padding = 'x'.repeat(100);

export async function forget(pool, schema) {
  await pool.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`);
  await pool.end();
}

/** Does something in a transaction. */
export async function within(pool, work) {
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    await work(client);
    await client.query('COMMIT');
  } finally {
    client.release();
  }
}

const changed = topic('bench.changed', { key: ({ n }) => `k${n % keys}` });

/** Relays that share an outbox, whose bus takes everything at once and looks after the order of each key. */
export function relaysOf(pool, schema, seen, options = {}) {
  const last = new Map();
  const bus = {
    publish: async (_, { n }, { key }) => {
      if (n <= (last.get(key) ?? -1)) throw new Error(`${n} of ${key} came after ${last.get(key)}`);
      last.set(key, n);
      seen(n);
    },
  };
  return Array.from({ length: workers }, () => {
    const store = new PostgresOutboxStore({ client: pool, schema });
    return new OutboxRelay({ store, bus, batch, ...options });
  });
}

/** Waits until each of the relays has its share, which takes as long as they need to hear of each other. */
export async function shared(relays) {
  const most = Math.ceil(64 / relays.length);
  while (relays.some(relay => relay.snapshot().buckets > most || relay.snapshot().buckets === 0)) {
    await new Promise(resolve => setTimeout(resolve, 20));
  }
}

export const storeOf = (pool, schema) => new PostgresOutboxStore({ client: pool, schema });

/** The keys and their buckets, as lists for a statement. */
export function bucketsOf() {
  const all = Array.from({ length: keys }, (_, n) => `k${n}`);
  return [all, all.map(bucketOf)];
}

/** Publishes a message in a transaction. */
export async function publisherOf(pool, schema) {
  const store = storeOf(pool, schema);
  await store.connect();
  const outbox = new Outbox({ store });
  return (client, n) => outbox.publish(client, { topic: changed, data: { n } });
}

/** Publishes many in a transaction, as large as those of others. */
async function publisherOfMany(pool, schema) {
  const store = storeOf(pool, schema);
  await store.connect();
  const outbox = new Outbox({ store });
  return (client, numbers) =>
    outbox.publishAll(
      client,
      numbers.map(n => ({ topic: changed, data: { n, padding } })),
    );
}

/** All is published in one transaction, which commits when it is time to consume: so relays run before. */
export const keelson = (options, name = 'keelson') => ({
  name,
  open: async seen => {
    const [pool, schema] = [openPool(), newSchema()];
    const store = new PostgresOutboxStore({ client: pool, schema });
    await store.connect();
    const outbox = new Outbox({ store });
    const relays = relaysOf(pool, schema, seen, { leaseMs: 6_000, marginMs: 1_000, ...options });
    await Promise.all(relays.map(relay => relay.start()));
    await shared(relays);
    const client = await pool.connect();
    await client.query('BEGIN');
    return {
      publish: async numbers => {
        for (let at = 0; at < numbers.length; at += batch) {
          const some = numbers.slice(at, at + batch);
          await outbox.publishAll(
            client,
            some.map(n => ({ topic: changed, data: { n, padding } })),
          );
        }
      },
      consume: async (count, many) => {
        await client.query('COMMIT');
        client.release();
        await handled(count, many);
      },
      close: async () => {
        await Promise.all(relays.map(relay => relay.close()));
        const { messages } = await outbox.lag();
        await forget(pool, schema);
        if (messages > 0) throw new Error(`${messages} messages are still there`);
      },
    };
  },
});

export const boss = {
  name: 'pg-boss 10.4.2, fetch and complete',
  open: async seen => {
    const schema = newSchema();
    const pgBoss = new PgBoss({ ...config, schema, max: 16, supervise: false, schedule: false });
    await pgBoss.start();
    await pgBoss.createQueue('q');
    const lane = async () => {
      for (;;) {
        const jobs = await pgBoss.fetch('q', { batchSize: batch });
        if (jobs.length === 0) return;
        await pgBoss.complete(
          'q',
          jobs.map(({ id }) => id),
        );
        for (const { data } of jobs) seen(data.n);
      }
    };
    return {
      publish: async numbers => {
        for (let at = 0; at < numbers.length; at += batch) {
          const jobs = numbers.slice(at, at + batch).map(n => ({ name: 'q', data: { n, padding } }));
          await pgBoss.insert(jobs);
        }
      },
      consume: () => Promise.all(Array.from({ length: workers }, lane)),
      close: async () => {
        await pgBoss.stop({ graceful: false, wait: true });
        await forget(openPool(1), schema);
      },
    };
  },
};

/** The least that takes each message once: no order, no lease, and lost when its process dies meanwhile. */
export const bare = {
  name: 'DELETE … RETURNING in a loop',
  open: async seen => {
    const [pool, schema] = [openPool(), newSchema()];
    await pool.query(`CREATE SCHEMA ${schema};
      CREATE TABLE ${schema}.q (id bigserial PRIMARY KEY, key text, body text)`);
    const take = `DELETE FROM ${schema}.q WHERE id = ANY (ARRAY(
      SELECT id FROM ${schema}.q ORDER BY id LIMIT ${batch} FOR UPDATE SKIP LOCKED)) RETURNING key, body`;
    const lane = async () => {
      for (;;) {
        const { rows } = await pool.query(take);
        if (rows.length === 0) return;
        for (const { body } of rows) seen(JSON.parse(body).n);
      }
    };
    const add = `INSERT INTO ${schema}.q (key, body) SELECT * FROM unnest($1::text[], $2::text[])`;
    return {
      publish: async numbers => {
        for (let at = 0; at < numbers.length; at += batch) {
          const some = numbers.slice(at, at + batch);
          const bodies = some.map(n => JSON.stringify({ n, padding }));
          await pool.query(add, [some.map(n => `k${n % keys}`), bodies]);
        }
      },
      consume: () => Promise.all(Array.from({ length: workers }, lane)),
      close: () => forget(pool, schema),
    };
  },
};

/**
 * The least that keeps what a relay keeps: its buckets, read in order, and deleted by name while they are
 * still its own. No bus that may fail, no shares, nothing that waits or is parked, no promise for a message.
 */
export const byHand = {
  name: 'by hand, leased and in order',
  open: async seen => {
    const [pool, schema] = [openPool(), newSchema()];
    await storeOf(pool, schema).connect();
    await pool.query(`UPDATE ${schema}.outbox_bucket SET owner = 'r', epoch = 1`);
    const read = `SELECT o.id::text, o.bucket, o.key, o.ordered, o.topic, o.version,
        o.message_id, o.body, o.facts FROM (SELECT unnest($1::int[]) AS bucket) b CROSS JOIN LATERAL (
        SELECT * FROM ${schema}.outbox o WHERE o.bucket = b.bucket ORDER BY o.id LIMIT $2::int) o`;
    const gone = `WITH held AS MATERIALIZED (
        SELECT bucket FROM ${schema}.outbox_bucket
        WHERE bucket = ANY ($1::int[]) AND epoch = 1 AND owner = 'r')
      DELETE FROM ${schema}.outbox o USING unnest($2::int[], $3::bigint[]) g(bucket, id)
      WHERE o.bucket = g.bucket AND o.id = g.id AND g.bucket IN (SELECT bucket FROM held)`;
    const last = new Map();
    const publish = ({ key, body }) => {
      const { n } = JSON.parse(body);
      if (n <= (last.get(key) ?? -1)) throw new Error(`${n} of ${key} came after ${last.get(key)}`);
      last.set(key, n);
      seen(n);
    };
    const lane = async (_, at) => {
      const mine = Array.from({ length: 64 / workers }, (__, n) => (at * 64) / workers + n);
      for (let reach = batch / mine.length; ; ) {
        const { rows } = await pool.query(read, [mine, Math.ceil(reach)]);
        if (rows.length === 0) return;
        if (rows.length < batch) reach = Math.min(reach * 2, batch / 4);
        for (const row of rows) publish(row);
        await pool.query(gone, [mine, rows.map(row => row.bucket), rows.map(row => row.id)]);
      }
    };
    const publishAll = await publisherOfMany(pool, schema);
    return {
      publish: async numbers => {
        await within(pool, async client => {
          for (let at = 0; at < numbers.length; at += batch) {
            await publishAll(client, numbers.slice(at, at + batch));
          }
        });
      },
      consume: () => Promise.all(Array.from({ length: workers }, lane)),
      close: () => forget(pool, schema),
    };
  },
};
