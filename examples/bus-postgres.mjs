/** An order and the message that tells of it are one transaction: both are there, or neither. */

import { topic } from 'keelson/messaging';
import { postgresBus } from 'keelson/postgres';
import pg from 'pg';

const { DATABASE_URL, PGHOST = '127.0.0.1', PGUSER = 'root', PGDATABASE = 'test' } = process.env;
const server = DATABASE_URL
  ? { connectionString: DATABASE_URL }
  : { host: PGHOST, user: PGUSER, database: PGDATABASE };
const pool = new pg.Pool({ ...server, connectionTimeoutMillis: 3_000 });
pool.on('error', () => {});
try {
  await pool.query('SELECT 1');
} catch (error) {
  console.log(`skipped: no PostgreSQL (${error.code ?? error.message})`);
  await pool.end();
  process.exit(process.env.CI ? 1 : 0);
}

// A schema of its own, so that two of these do not hear of each other.
const schema = `example_${process.pid}`;
const bus = postgresBus({ client: pool, notifications: pool, schema });
const placed = topic('orders.placed', { key: order => order.customer });

const lines = [];
await bus.subscribe(placed, { group: 'billing', order: 'key' }, ({ data }) => {
  lines.push(`billed to ${data.customer}: ${data.total}`);
}).ready;
await pool.query(`CREATE TABLE ${schema}.orders (customer text, total int CHECK (total > 0))`);

async function place(customer, total) {
  const transaction = await pool.connect();
  try {
    await transaction.query('BEGIN');
    // The message first: were it not for the transaction, it would be out by now.
    await bus.publish(placed, { customer, total }, { transaction });
    await transaction.query(`INSERT INTO ${schema}.orders VALUES ($1, $2)`, [customer, total]);
    await transaction.query('COMMIT');
    console.log(`placed for ${customer}: ${total}`);
  } catch (error) {
    await transaction.query('ROLLBACK');
    console.log(`not placed for ${customer}: ${error.constraint}`);
  } finally {
    transaction.release();
  }
}

await place('ann', 7);
await place('bob', -1);
await place('ann', 13);
while (lines.length < 2) await new Promise(resolve => setTimeout(resolve, 10));
console.log(lines.join('\n'));

await bus.close();
await pool.query(`DROP SCHEMA ${schema} CASCADE`);
await pool.end();
