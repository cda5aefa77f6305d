/** A service that sagas call: whatever comes twice, late or in the wrong order has the right effect. */

import { PostgresBarrierStore } from 'keelson/postgres';
import { ParticipantBarrier } from 'keelson/saga';
import pg from 'pg';

const { DATABASE_URL, PGHOST = '127.0.0.1', PGUSER = 'root', PGDATABASE = 'test' } = process.env;
const local = { host: PGHOST, user: PGUSER, database: PGDATABASE, connectionTimeoutMillis: 3_000 };
const db = new pg.Client(DATABASE_URL ? { connectionString: DATABASE_URL } : local);
try {
  await db.connect();
} catch (error) {
  console.log(`skipped: no PostgreSQL (${error.code ?? error.message})`);
  process.exit(process.env.CI ? 1 : 0);
}
// The account and what was done of it have one database, and so one transaction.
const store = new PostgresBarrierStore({ client: db, schema: `example_${process.pid}` });
await store.connect();
await db.query('CREATE TEMP TABLE account AS SELECT 100 AS cents');
const barrier = new ParticipantBarrier({ store });

const take = 'UPDATE account SET cents = cents + $1 WHERE cents + $1 >= 0';
/** What the endpoint does: `key` is the idempotency key of the saga, which says whether to do or to undo. */
async function charge(key, cents) {
  await db.query('BEGIN'); // a pool would lend a client for it; on an error, roll back
  const answer = await barrier.run(db, key, async ({ direction, forwardResult }) => {
    const before = /** @type {{ refused?: string, charged?: number }} */ (forwardResult);
    if (before?.refused) return { refunded: 0 };
    const amount = direction === 'forward' ? -cents : before.charged;
    const { rowCount } = await db.query(take, [amount]);
    // Returned, not thrown: whoever asks again gets the same refusal.
    if (rowCount === 0) return { refused: 'no funds' };
    return direction === 'forward' ? { charged: cents } : { refunded: amount };
  });
  await db.query('COMMIT');
  return answer;
}
async function show(what, call) {
  const { outcome, result } = await call;
  const { rows } = await db.query('SELECT cents FROM account');
  const why = result?.refused ? ` (${result.refused})` : '';
  console.log(`${what}: ${outcome}${why}, ${rows[0].cents} left`);
}

await show('charge', charge('order-1:charge:forward', 70));
await show('charge again', charge('order-1:charge:forward', 70));
await show('charge too much', charge('order-2:charge:forward', 70));
await show('undo', charge('order-1:charge:compensate', 70));
// The orchestrator gave up waiting, and its undo overtook the step.
await show('undo what never came', charge('order-3:charge:compensate', 50));
await show('and then it comes', charge('order-3:charge:forward', 50));
// Epochs travel with the key: who was paused while another took the saga over is not obeyed.
const key = (direction, epoch) => ({ saga: 'order-4', step: 'charge', direction, epoch });
await charge(key('compensate', 2), 50);
await show('a worker that was overtaken', charge(key('forward', 1), 50));

await db.query(`DROP SCHEMA example_${process.pid} CASCADE`);
await db.end();
