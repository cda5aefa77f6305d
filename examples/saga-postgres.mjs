/** Two workers over one PostgreSQL: a saga waits for a signal, one worker leaves, the other goes on. */

import { postgresSagaStore } from 'keelson/postgres';
import { defineSaga, SagaOrchestrator } from 'keelson/saga';
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
const schema = `example_saga_${process.pid}`;

/** @param {string} name */
function worker(name) {
  const order = defineSaga('order')
    .step('reserve', {
      forward: () => console.log(`${name} reserves`),
      compensate: () => console.log(`${name} gives back`),
    })
    .waitForEvent('paid', { timeoutMs: 60_000 })
    .pivot('ship', {
      forward: ({ outputs }) => `${name} ships, for ${/** @type {any} */ (outputs.paid).cents}`,
    });
  const store = postgresSagaStore({ client: pool, notifications: pool, schema });
  return { order, sagas: new SagaOrchestrator({ store, definitions: [order], name }) };
}

const ann = worker('ann');
const bob = worker('bob');
await ann.sagas.work();
const saga = await ann.sagas.start(ann.order, {}, { key: 'order 7' });
while ((await ann.sagas.get(saga.id)).status !== 'waiting') await new Promise(r => setTimeout(r, 20));
await ann.sagas.close();

const address = { definition: 'order', key: 'order 7' };
for (let times = 0; times < 2; times++) {
  // Whoever hears no answer sends it again.
  console.log(await bob.sagas.signal(address, 'paid', { cents: 500 }, { dedupe: 'payment 1' }));
}
await bob.sagas.work();
const same = await bob.sagas.start(bob.order, {}, { key: 'order 7' });
console.log(same.created, (await same.result()).ship);
console.log((await bob.sagas.history(saga.id)).map(({ event }) => event.kind).join(', '));

await bob.sagas.close();
await pool.query(`DROP SCHEMA ${schema} CASCADE`);
await pool.end();
