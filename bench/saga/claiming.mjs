import { postgresSagaStore } from '../../dist/postgres.js';
import { median } from '../harness/stats.mjs';
import { forget, fresh, poolOf } from '../subjects/sagas.mjs';

const CLAIMS = 200;
const BATCH = 10;
const kind = { definition: 'order', version: 1, hash: 'h' };

const rowsOf = (schema, count, prefix, owner) => `
   INSERT INTO ${schema}.saga (id, definition, version, hash, key, state, status, cancellable, epoch, owner,
     wake_at,
    created_at, updated_at)
  SELECT '${prefix}' || n, 'order', 1, 'h', '${prefix} key ' || n, '{"direction":"forward","entries":{}}',
    ${owner}, false, 1, NULL, ${owner === "'completed'" ? 'NULL' : "now() - n * interval '1 ms'"},
    now() - n * interval '1 s', now() - n * interval '1 s'
  FROM generate_series(1, ${count}) n`;

/** What one claim of ten sagas takes in the middle, in ms, beside so many sagas that are over. */
async function claimMs(over) {
  const pool = poolOf(2);
  const schema = fresh();
  const store = postgresSagaStore({ client: pool, schema });
  try {
    await store.open();
    if (over > 0) await pool.query(rowsOf(schema, over, 'over-', "'completed'"));
    await pool.query(rowsOf(schema, 2 * CLAIMS * BATCH, 'due-', "'waiting'"));
    await pool.query(`VACUUM ANALYZE ${schema}.saga`);
    const took = [];
    for (let turn = 0; turn < 2 * CLAIMS; turn++) {
      const from = performance.now();
      const claimed = await store.claim('bench', [kind], BATCH, 3_600_000);
      if (claimed.length !== BATCH) throw new Error(`claimed ${claimed.length} of ${BATCH}`);
      // The first half warms up the caches of the server.
      if (turn >= CLAIMS) took.push(performance.now() - from);
    }
    return median(took);
  } finally {
    await pool.end();
    await forget(schema);
  }
}

async function measure(_file, { rounds }) {
  const over = rounds < 25 ? 100_000 : 1_000_000;
  const [without, beside, ratios] = [[], [], []];
  for (let round = 0; round < 3; round++) {
    without.push(await claimMs(0));
    beside.push(await claimMs(over));
    ratios.push(beside.at(-1) / without.at(-1));
  }
  const ratio = median(ratios);
  const rows = [
    { group: 'claiming', subject: 'keelson', ratio, without: median(without), beside: median(beside) },
  ];
  const lines = [
    `a claim of ${BATCH}: ${median(without).toFixed(2)} ms,`,
    `beside ${over} that are over ${median(beside).toFixed(2)} ms`,
    `${ratio <= 1.2 ? 'pass' : 'MISS'}  ${ratio.toFixed(2)} x, at most 1.2`,
  ];
  return { rows, lines, notes: [`3 rounds of ${CLAIMS} claims, medians`], failures: [] };
}

export const group = { name: 'claiming', title: 'claims beside sagas that are over', measure };
