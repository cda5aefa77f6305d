import { Pool } from 'pg';
import PgBoss from 'pg-boss';
import { postgresDriver } from '../../dist/postgres.js';
import { throughputGroup } from '../harness/throughput.mjs';
import { fresh, keelson } from '../subjects/brokers.mjs';

const config =
  process.env.DATABASE_URL === undefined
    ? {
        host: process.env.PGHOST ?? '127.0.0.1',
        port: Number(process.env.PGPORT ?? 5432),
        user: process.env.PGUSER ?? 'root',
        database: process.env.PGDATABASE ?? 'test',
      }
    : { connectionString: process.env.DATABASE_URL };
const batch = 500;
const open = () => new Pool({ ...config, max: 10 });

async function forget(schema) {
  const pool = open();
  await pool.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`);
  await pool.end();
}

const connect = async () => {
  const client = open();
  const schema = fresh().replaceAll('-', '_');
  const end = async () => {
    await client.end();
    await forget(schema);
  };
  return { driver: postgresDriver({ client, schema }), end };
};

const boss = {
  name: 'pg-boss 10.4.2, by 500',
  open: async seen => {
    const schema = fresh().replaceAll('-', '_');
    const pgBoss = new PgBoss({ ...config, schema, max: 10, supervise: false, schedule: false });
    await pgBoss.start();
    await pgBoss.createQueue('q');
    return {
      publish: async numbers => {
        for (let at = 0; at < numbers.length; at += batch) {
          await pgBoss.insert(numbers.slice(at, at + batch).map(n => ({ name: 'q', data: { n } })));
        }
      },
      consume: async (count, many) => {
        while (many() < count) {
          const jobs = await pgBoss.fetch('q', { batchSize: batch });
          for (const { data } of jobs) seen(data.n);
          await pgBoss.complete(
            'q',
            jobs.map(({ id }) => id),
          );
        }
      },
      close: async () => {
        await pgBoss.stop({ graceful: false, wait: true });
        await forget(schema);
      },
    };
  },
};

export const group = throughputGroup({
  name: 'postgres',
  title: `PostgreSQL beside pg-boss, both up to ${batch} at a time`,
  count: 10_000,
  subjects: [keelson(connect, { concurrency: batch, prefetch: 2 * batch }), boss],
  targets: [
    { stretch: 'publish', of: boss.name, share: 1 },
    { stretch: 'consume', of: boss.name, share: 1 },
  ],
});
