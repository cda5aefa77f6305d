// A consumer in a process of its own, over the built package; a test ends it by force.
import { appendFileSync } from 'node:fs';
import { topic } from 'keelson/messaging';
import { postgresBus } from 'keelson/postgres';
import pg from 'pg';

const { config, schema, topic: name, group, order, handlerMs, leaseMs, log } = JSON.parse(process.argv[2]);
const pool = new pg.Pool(config);
pool.on('error', () => {});
const bus = postgresBus({ client: pool, schema, pollMs: 50 });
const failure = { redeliver: Array.from({ length: 50 }, () => 20) };
const options = { group, order, leaseMs, concurrency: 8, failure };
await bus.subscribe(topic(name), options, async ({ data }) => {
  appendFileSync(log, `begun ${data.n}\n`);
  await new Promise(resolve => setTimeout(resolve, handlerMs));
  if (Math.random() < 0.05) throw new Error('not this time');
  appendFileSync(log, `done ${data.n} ${data.key}\n`);
}).ready;
process.send('ready');
