// npm run test:prisma: an outbox in the transactions of prisma, on the PostgreSQL of the tests.
import { deepEqual, rejects } from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { PrismaPg } from '@prisma/adapter-pg';
import pg from 'pg';
import { Outbox } from '../../dist/data.js';
import { topic } from '../../dist/messaging.js';
import { PostgresOutboxStore } from '../../dist/postgres.js';

// The client compiles queries by WebAssembly that its package brings along. The tool that writes the client
// would fetch an engine for migrations, which are not its business: so it is told of a program that is there.
const without = { PRISMA_SCHEMA_ENGINE_BINARY: process.execPath, CHECKPOINT_DISABLE: '1' };
const env = {
  ...process.env,
  ...without,
  PRISMA_HIDE_UPDATE_MESSAGE: '1',
  DATABASE_URL: 'postgresql://unused',
};
const tool = ['node_modules/prisma/build/index.js', 'generate', '--schema', 'schema.prisma'];
execFileSync(process.execPath, tool, {
  cwd: import.meta.dirname,
  env,
  stdio: ['ignore', 'ignore', 'inherit'],
});
const { PrismaClient } = await import('./node_modules/orders-client/index.js');

const {
  DATABASE_URL,
  PGHOST = '127.0.0.1',
  PGPORT = '5432',
  PGUSER = 'root',
  PGDATABASE = 'test',
} = process.env;
const place = { host: PGHOST, port: Number(PGPORT), user: PGUSER, database: PGDATABASE };
const config = DATABASE_URL === undefined ? place : { connectionString: DATABASE_URL };
const pool = new pg.Pool({ ...config, max: 2 });
const schema = `prisma_${process.pid}`;
const store = new PostgresOutboxStore({ client: pool, schema });
await store.connect();
const prisma = new PrismaClient({ adapter: new PrismaPg({ ...config, max: 2 }, { schema }) });
const outbox = new Outbox({ store });
const placed = topic('orders.placed');
const note = `it's $1, "quoted", ünd?`;

const order = (id, work = () => {}) =>
  prisma.$transaction(async tx => {
    const query = async (text, params = []) => ({ rows: await tx.$queryRawUnsafe(text, ...params) });
    await tx.orders.create({ data: { id } });
    await outbox.publish({ query }, { topic: placed, data: { id, note } });
    await outbox.publishAll({ query }, [{ topic: placed, data: { id, n: 1 } }]);
    await work();
  });
try {
  await pool.query(`CREATE TABLE ${schema}.orders (id text PRIMARY KEY)`);
  await order('o-1');
  const undone = order('o-9', () => {
    throw new Error('changed my mind');
  });
  await rejects(undone, /changed my mind/);
  const { rows: orders } = await pool.query(`SELECT id FROM ${schema}.orders`);
  const { rows: waiting } = await pool.query(`SELECT body FROM ${schema}.outbox ORDER BY id`);
  deepEqual(orders, [{ id: 'o-1' }]);
  deepEqual(
    waiting.map(({ body }) => JSON.parse(body)),
    [
      { id: 'o-1', note },
      { id: 'o-1', n: 1 },
    ],
  );
  console.log('prisma: what was published is there when it commits, and never was when it rolls back');
} finally {
  await prisma.$disconnect();
  await pool.query(`DROP SCHEMA ${schema} CASCADE`);
  await pool.end();
}
