// A relay of an outbox in MariaDB in a process of its own, over the built package; a test ends it by force.
import { OutboxRelay } from 'keelson/data';
import { MariadbOutboxStore } from 'keelson/mariadb';
import { createPool } from 'mysql2/promise';

const { uri, database } = JSON.parse(process.argv[2]);
const pool = createPool({ uri, connectionLimit: 6 });
const store = new MariadbOutboxStore({ client: pool, database });

/** A bus that keeps what it has taken in the order in which it took it. */
const bus = {
  publish: (_, { key, n }) => pool.query(`INSERT INTO ${database}.taken (name, n) VALUES (?, ?)`, [key, n]),
};
// Killed without a reason, relays accuse whoever they tried alone: here nobody is to be parked for that.
const rules = { leaseMs: 800, marginMs: 200, pollMs: 50, retryMs: 50, pauseMs: 50, maxCrashes: 1_000 };
await new OutboxRelay({ store, bus, ...rules }).start();
process.send('ready');
setInterval(() => {}, 1_000);
