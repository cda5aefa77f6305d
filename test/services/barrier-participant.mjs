// A participant in a process of its own, over the built package, that never commits; a test ends it by force.
import { PostgresBarrierStore } from 'keelson/postgres';
import { ParticipantBarrier } from 'keelson/saga';
import pg from 'pg';

const { config, schema, key } = JSON.parse(process.argv[2]);
const pool = new pg.Pool(config);
const store = new PostgresBarrierStore({ client: pool, schema });
await store.connect();
const barrier = new ParticipantBarrier({ store });
const transaction = await pool.connect();
await transaction.query('BEGIN');
const saga = key.split(':')[0];
await barrier.run(transaction, key, () =>
  transaction.query(`INSERT INTO ${schema}.ledger VALUES ($1, 1)`, [saga]).then(() => 'added'),
);
process.send('written');
setInterval(() => {}, 1_000);
