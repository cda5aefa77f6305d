// A relay in a process of its own, over the built package; a test ends it by force.
import { OutboxRelay } from 'keelson/data';
import { PostgresOutboxStore } from 'keelson/postgres';
import pg from 'pg';

const { config, schema } = JSON.parse(process.argv[2]);
const pool = new pg.Pool({ ...config, max: 10 });
pool.on('error', () => {});
const store = new PostgresOutboxStore({ client: pool, schema });

/** A bus that keeps what it has taken in the order in which it took it. */
const bus = {
  publish: (_, { key, n }, { id }) =>
    pool.query(`INSERT INTO ${schema}.taken (key, n, id) VALUES ($1, $2, $3)`, [key, n, id]),
};
// Killed without a reason, relays accuse whoever they tried alone: here nobody is to be parked for that.
const rules = { leaseMs: 800, marginMs: 200, pollMs: 50, retryMs: 50, pauseMs: 50, maxCrashes: 1_000 };
await new OutboxRelay({ store, bus, ...rules }).start();
process.send('ready');
process.once('disconnect', () => process.exit());
// What ends whoever publishes it is not played here: it is the test that kills.
setInterval(() => {}, 1_000);
