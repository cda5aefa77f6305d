import { median } from '../harness/stats.mjs';
import { bucketsOf, forget, newSchema, openPool, relaysOf, shared, storeOf } from '../subjects/outboxes.mjs';

const taken = 20_000;

/** Messages a second of the first ones of an outbox in which so many wait, all written by SQL alone. */
async function rateOf(backlog) {
  const [pool, schema] = [openPool(), newSchema()];
  let seen = 0;
  const relays = relaysOf(pool, schema, () => seen++, { leaseMs: 6_000, marginMs: 1_000 });
  try {
    await storeOf(pool, schema).connect();
    await Promise.all(relays.map(relay => relay.start()));
    await shared(relays);
    const fill = `INSERT INTO ${schema}.outbox (bucket, key, ordered, topic, version, message_id, body, facts)
      SELECT b.bucket, b.key, true, 'bench.changed', 1, 'm-' || n, json_build_object('n', n)::text, '{}'
      FROM generate_series(0, $1::int - 1) n JOIN unnest($2::text[], $3::int[]) WITH ORDINALITY
        AS b(key, bucket, at) ON b.at = n % cardinality($2::text[]) + 1 ORDER BY n`;
    await pool.query(fill, [backlog, ...bucketsOf()]);
    const from = performance.now();
    while (seen < taken) await new Promise(resolve => setTimeout(resolve, 1));
    return taken / ((performance.now() - from) / 1_000);
  } finally {
    await Promise.all(relays.map(relay => relay.close()));
    await forget(pool, schema);
  }
}

async function measure(_file, settings) {
  const quick = settings.rounds < 25;
  const many = settings.rows ?? (quick ? 200_000 : 10_000_000);
  const rates = { few: [], many: [] };
  for (let round = 0; round < Math.min(settings.rounds, quick ? 2 : 3); round++) {
    rates.few.push(await rateOf(taken));
    rates.many.push(await rateOf(many));
  }
  const [few, behind] = [median(rates.few), median(rates.many)];
  const ratio = median(rates.many.map((rate, round) => rate / rates.few[round]));
  const mark = ratio >= 0.8 ? 'pass' : 'MISS';
  return {
    rows: [{ group: 'old', subject: 'keelson', few, behind, ratio }],
    lines: [
      `${mark}  ${Math.round(behind)}/s of ${many} that wait, ` +
        `${ratio.toFixed(2)} x the rate of ${taken}, at least 0.8`,
    ],
    notes: [],
    failures: [],
  };
}

export const group = { name: 'old', title: 'relays behind a backlog', measure };
