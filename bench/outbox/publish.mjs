import { median, seeded, shuffled } from '../harness/stats.mjs';
import { forget, newSchema, openPool, publisherOf, within } from '../subjects/outboxes.mjs';

const transactions = 300;

/** What a transaction that inserts a row takes, in ms, with what else `more` does in it. */
async function msOf(pool, schema, more) {
  const from = performance.now();
  for (let n = 0; n < transactions; n++) {
    await within(pool, async client => {
      await client.query(`INSERT INTO ${schema}.orders VALUES ($1)`, [n]);
      await more(client, n);
    });
  }
  return (performance.now() - from) / transactions;
}

async function measure(_file, settings) {
  const [pool, schema] = [openPool(2), newSchema()];
  const publish = await publisherOf(pool, schema);
  await pool.query(`CREATE TABLE ${schema}.orders (n int)`);
  const insert = `INSERT INTO ${schema}.bare (key, body) VALUES ($1, $2)`;
  await pool.query(`CREATE TABLE ${schema}.bare (id bigserial PRIMARY KEY, key text, body text)`);
  const ways = {
    'no message': async () => {},
    'an insert by hand': (client, n) => client.query(insert, [`k${n}`, JSON.stringify({ n })]),
    'outbox.publish': publish,
  };
  const taken = Object.fromEntries(Object.keys(ways).map(name => [name, []]));
  const random = seeded(settings.seed);
  for (let round = 0; round < Math.min(settings.rounds, 9); round++) {
    for (const name of shuffled(Object.keys(ways), random)) {
      taken[name].push(await msOf(pool, schema, ways[name]));
    }
  }
  await forget(pool, schema);
  const ratio = median(taken['outbox.publish'].map((ms, at) => ms / taken['an insert by hand'][at]));
  const lines = Object.entries(taken).map(([name, all]) => `${name.padEnd(20)} ${median(all).toFixed(3)} ms`);
  const mark = ratio <= 1.2 ? 'pass' : 'MISS';
  lines.push(`${mark}  ${ratio.toFixed(2)} x an insert by hand, at most 1.2`);
  const medians = Object.entries(taken).map(([subject, all]) => [subject, median(all)]);
  const rows = medians.map(([subject, ms]) => ({ group: 'publish', subject, ms }));
  return { rows, lines, notes: ['a transaction that inserts a row, and with a message'], failures: [] };
}

export const group = { name: 'publish', title: 'what a message costs its transaction', measure };
