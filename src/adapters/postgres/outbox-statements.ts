import { OUTBOX_BUCKETS } from '../../core/outbox-lease.js';

/** What each says of the claim that it needs: who, which bucket, of which epoch. */
const mine = (alias: string): string =>
  `${alias}.owner = $1 AND ${alias}.bucket = $2::int AND ${alias}.epoch = $3::bigint`;

const fromNow = (ms: string): string => `now() + ${ms}::float8 * interval '1 ms'`;

/**
 * Whether the key of `o` may be read. Asked row by row, and not joined: of a join the planner thinks that it
 * leaves next to nothing, and reads a bucket to its end to have its first rows.
 */
const readable = (s: string): string => `coalesce((
  SELECT k.parked_at IS NULL AND k.due_at <= now() FROM ${s}.outbox_key k WHERE k.key = o.key), true)`;

/**
 * True of every message, and taken by the planner for one in 200; and all buckets that are asked for, taken
 * for one. What it thinks that a read may cost grows with the outbox otherwise, until it compiles each of
 * them to machine code, for a tenth of a second.
 */
export const anywhere = 'o.id BETWEEN (SELECT 0::bigint) AND (SELECT 9223372036854775807)';
export const bucketsOf = (list: string): string =>
  `(SELECT unnest(${list}::text::int[]) AS bucket LIMIT (SELECT ${OUTBOX_BUCKETS}))`;

export const addIn = (s: string): string => `
  INSERT INTO ${s}.outbox (bucket, key, ordered, topic, version, message_id, body, facts)
  VALUES ($1::int, $2, $3::boolean, $4, $5::int, $6, $7, $8)`;

/** A client that makes JSON of what is given for JSON would make a text of it: so it is given as a text. */
export const addAllIn = (s: string): string => `
  INSERT INTO ${s}.outbox (bucket, key, ordered, topic, version, message_id, body, facts)
  SELECT bucket, key, ordered, topic, version, message_id, body, facts FROM ROWS FROM (
    json_to_recordset($1::text::json) AS (bucket int, key text, ordered boolean, topic text, version int,
      message_id text, body text, facts text))
    WITH ORDINALITY AS m(bucket, key, ordered, topic, version, message_id, body, facts, place)
  ORDER BY place`;

/** Who has come to its end in silence is not counted, and forgotten. */
const relaysIn = (s: string): string => `
  me AS (
    INSERT INTO ${s}.outbox_relay (relay, until) VALUES ($1, ${fromNow('$2')})
    ON CONFLICT (relay) DO UPDATE SET until = excluded.until
  ), silent AS (
    DELETE FROM ${s}.outbox_relay WHERE relay IN (SELECT r.relay FROM ${s}.outbox_relay r
      WHERE r.until <= now() AND r.relay <> $1 LIMIT 100 FOR UPDATE SKIP LOCKED)
  ), live AS (
    SELECT 1 + count(*) AS relays FROM ${s}.outbox_relay r WHERE r.until > now() AND r.relay <> $1
  )`;

/** Of an orphan all is suspect that its owner may have had open, and what it tried alone is accused. */
const takingIn = (s: string): string => `
  next AS (
    SELECT b.bucket, b.owner IS NOT NULL AND b.owner <> $1 AS orphaned, b.trying, b.reach
    FROM ${s}.outbox_bucket b
    WHERE (b.owner IS NULL OR b.owner = $1 OR b.until <= now())
      AND NOT EXISTS (SELECT FROM said WHERE said.bucket = b.bucket)
    ORDER BY b.bucket FOR UPDATE SKIP LOCKED
    LIMIT (SELECT greatest(ceil(${OUTBOX_BUCKETS}::float8 / live.relays)
      - (SELECT count(*) FROM kept WHERE kept.keep), 0)::int FROM live)
  ), reached AS (
    SELECT n.bucket, max(o.id) AS id FROM next n CROSS JOIN LATERAL (
      SELECT o.id FROM ${s}.outbox o
      WHERE o.bucket = n.bucket AND ${anywhere} AND ${readable(s)} ORDER BY o.id LIMIT n.reach) o
    WHERE n.orphaned GROUP BY n.bucket
  ), took AS (
    UPDATE ${s}.outbox_bucket b SET owner = $1, epoch = b.epoch + 1, until = ${fromNow('$2')},
      reach = $4::int, trying = NULL, suspect_to = greatest(b.suspect_to, reached.id)
    FROM next n LEFT JOIN reached ON reached.bucket = n.bucket WHERE b.bucket = n.bucket
    RETURNING b.bucket, b.epoch, b.suspect_to
  ), accused AS (
    INSERT INTO ${s}.outbox_key AS k
      (key, bucket, id, message_id, topic, tries, crashes, reason, error, due_at, parked_at)
    SELECT o.key, o.bucket, o.id, o.message_id, o.topic, 0, 2, 'crashed', '', now(),
      CASE WHEN $5::int <= 2 THEN now() END
    FROM next n JOIN ${s}.outbox o ON o.bucket = n.bucket AND o.id = n.trying WHERE n.orphaned
    ON CONFLICT (key) DO UPDATE SET id = excluded.id, message_id = excluded.message_id,
      topic = excluded.topic, crashes = greatest(k.crashes, 1) + 1, reason = 'crashed', error = '',
      due_at = now(), parked_at = CASE WHEN greatest(k.crashes, 1) + 1 >= $5::int THEN now() END
    RETURNING k.*
  )`;

/** One bucket is changed by one part of it only: what is said here is not taken. */
export const beatIn = (s: string): string => `
  WITH ${relaysIn(s)}, said AS (
    SELECT * FROM json_to_recordset($3::json) AS h(bucket int, epoch bigint, keep boolean)
  ), kept AS (
    UPDATE ${s}.outbox_bucket b SET until = ${fromNow('$2')}, reach = $4::int,
      owner = CASE WHEN said.keep THEN b.owner END
    FROM said WHERE b.bucket = said.bucket AND b.epoch = said.epoch AND b.owner = $1
    RETURNING b.bucket, b.epoch, b.suspect_to, said.keep
  ), ${takingIn(s)}
  SELECT (SELECT relays FROM live)::int AS relays,
    (SELECT json_agg(g) FROM (SELECT bucket, epoch, suspect_to FROM kept WHERE keep
      UNION ALL SELECT bucket, epoch, suspect_to FROM took) g)::text AS grants,
    (SELECT json_agg(a) FROM (SELECT *, extract(epoch FROM parked_at) * 1000 AS parked FROM accused
      WHERE parked_at IS NOT NULL) a)::text AS crashed`;

export const leaveIn = (s: string): string => `
  WITH gone AS (DELETE FROM ${s}.outbox_relay WHERE relay = $1)
  UPDATE ${s}.outbox_bucket SET owner = NULL, trying = NULL WHERE owner = $1`;

/** Whether any key gives trouble: while none does, no row is asked about its key. */
const troubled = (s: string): string => `(SELECT EXISTS (SELECT FROM ${s}.outbox_key))`;

/**
 * Neither a position nor a horizon: what is there is read, however late it was committed. The planner must
 * not know how few rows are wanted: where it takes a bucket for a small one, as its statistics may say after
 * an hour in which nothing could be published, it would read and sort it to its end to have its first rows.
 */
export const readIn = (s: string): string => `
  SELECT o.id::text, o.bucket, o.key, o.ordered, o.topic, o.version, o.message_id, o.body, o.facts,
    CASE WHEN ${troubled(s)} THEN (
      SELECT k.tries || ' ' || k.crashes FROM ${s}.outbox_key k WHERE k.key = o.key) END AS trouble
  FROM ${bucketsOf('$1')} b CROSS JOIN LATERAL (
    SELECT o.* FROM ${s}.outbox o
    WHERE o.bucket = b.bucket AND ${anywhere} AND CASE WHEN ${troubled(s)} THEN ${readable(s)} ELSE true END
    ORDER BY o.id LIMIT (SELECT $2::int)) o
  WHERE o.key NOT IN (SELECT json_array_elements_text($3::json) COLLATE "C")
  ORDER BY o.id LIMIT $4::int`;

/** Row by row by its whole name, whatever the planner takes the table for; and none of them is sent back. */
export const confirmIn = (s: string): string => `
  WITH held AS MATERIALIZED (
    SELECT c.place, b.bucket, c.ids::bigint[] AS ids FROM ${s}.outbox_bucket b
    JOIN json_to_recordset($1::json) AS c(place int, relay text, bucket int, epoch bigint, ids text)
      ON b.bucket = c.bucket AND b.epoch = c.epoch AND b.owner = c.relay
  ), gone AS (
    DELETE FROM ${s}.outbox o USING (SELECT bucket, unnest(ids) AS id FROM held) h
    WHERE o.bucket = h.bucket AND o.id = h.id
  ), healed AS (
    DELETE FROM ${s}.outbox_key k USING ${s}.outbox o, (SELECT bucket, unnest(ids) AS id FROM held) h
    WHERE ${troubled(s)} AND o.bucket = h.bucket AND o.id = h.id AND k.key = o.key AND k.parked_at IS NULL
  ), tried AS (
    UPDATE ${s}.outbox_bucket b SET trying = NULL FROM held
    WHERE b.bucket = held.bucket AND b.trying = ANY (held.ids)
  )
  SELECT place FROM held`;

export const markIn = (s: string): string => `
  UPDATE ${s}.outbox_bucket b SET trying = $4::bigint WHERE ${mine('b')} RETURNING 1`;

export const trustIn = (s: string): string => `
  UPDATE ${s}.outbox_bucket b SET suspect_to = NULL WHERE ${mine('b')} RETURNING 1`;

export const troubleIn = (s: string): string => `
  WITH held AS (
    SELECT b.bucket FROM ${s}.outbox_bucket b WHERE ${mine('b')}
  ), put AS (
    INSERT INTO ${s}.outbox_key (key, bucket, id, message_id, topic, tries, crashes, reason, error, due_at,
      parked_at)
    SELECT o.key, o.bucket, o.id, o.message_id, o.topic, $5::int, 0, $7, $8,
      ${fromNow('coalesce($6::float8, 0)')}, CASE WHEN $6::float8 IS NULL THEN now() END
    FROM ${s}.outbox o, held WHERE o.bucket = held.bucket AND o.id = $4::bigint
    ON CONFLICT (key) DO UPDATE SET id = excluded.id, message_id = excluded.message_id,
      topic = excluded.topic, tries = excluded.tries, reason = excluded.reason, error = excluded.error,
      due_at = excluded.due_at, parked_at = excluded.parked_at
  ), tried AS (
    UPDATE ${s}.outbox_bucket b SET trying = NULL FROM held
    WHERE b.bucket = held.bucket AND b.trying IS NOT NULL
  )
  SELECT 1 FROM held`;

export const parkedIn = (s: string): string => `
  SELECT k.*, extract(epoch FROM k.parked_at) * 1000 AS parked FROM ${s}.outbox_key k
  WHERE k.parked_at IS NOT NULL AND k.key > $2 COLLATE "C" ORDER BY k.key LIMIT $1::int`;
