import { OUTBOX_BUCKETS } from '../../core/outbox-lease.js';
import { anywhere, bucketsOf } from './outbox-statements.js';

/**
 * What is parked stands in the way of all that comes after it in its bucket. So it goes aside: the bucket has
 * a number then that no relay reads. Whoever moves it there holds the row of its key. Whoever lets the key go
 * on says so in that row first, as a time at which no key is ever due, and brings back what is aside before
 * the row goes: nobody moves anything aside then, and nothing is aside of a key that has no row.
 */
const aside = (bucket: string): string => `${bucket} + ${OUTBOX_BUCKETS}`;

/** The key is to go on, or all of it is to go. */
const [GOES_ON, GOES] = [`'infinity'::timestamptz`, `'-infinity'::timestamptz`];

/** The first so many of each bucket, those of them that are parked: the rest is in nobody's way. */
export const asideIn = (s: string): string => `
  WITH found AS MATERIALIZED (
    SELECT o.bucket, o.id, o.key FROM ${bucketsOf('$1')} b
    CROSS JOIN LATERAL (
      SELECT o.bucket, o.id, o.key FROM ${s}.outbox o
      WHERE (SELECT EXISTS (SELECT FROM ${s}.outbox_key)) AND o.bucket = b.bucket
        AND ${anywhere} ORDER BY o.id LIMIT (SELECT $2::int)) o
  ), parked AS MATERIALIZED (
    SELECT k.key FROM ${s}.outbox_key k
    WHERE k.key = ANY (ARRAY(SELECT DISTINCT key FROM found)) AND k.parked_at IS NOT NULL
      AND isfinite(k.due_at)
    FOR UPDATE SKIP LOCKED
  ), moved AS (
    UPDATE ${s}.outbox o SET bucket = ${aside('o.bucket')} FROM found JOIN parked USING (key)
    WHERE o.bucket = found.bucket AND o.id = found.id RETURNING found.bucket
  )
  SELECT bucket FROM moved GROUP BY bucket HAVING count(*) >= $2::int / 2`;

export const goesOnIn = (s: string): string => `
  UPDATE ${s}.outbox_key SET due_at = ${GOES_ON} WHERE key = $1 AND parked_at IS NOT NULL RETURNING bucket`;

/** So many of a key at a time. */
export const backIn = (s: string): string => `
  UPDATE ${s}.outbox SET bucket = $2::int WHERE (bucket, id) IN (
    SELECT bucket, id FROM ${s}.outbox WHERE bucket = ${aside('$2::int')} AND key = $1 LIMIT $3::int)
  RETURNING 1`;

/** Lets a key go on of which nothing is aside. */
const letGo = (s: string): string => `
  DELETE FROM ${s}.outbox_key k WHERE k.key = $1 AND k.parked_at IS NOT NULL AND k.due_at = ${GOES_ON}
    AND NOT EXISTS (SELECT FROM ${s}.outbox o WHERE o.bucket = ${aside('k.bucket')} AND o.key = k.key)
  RETURNING k.bucket, k.id`;

export const retryIn = letGo;

/** Of a message that is not there any more there is nothing but that its key goes on. */
export const discardIn = (s: string): string => `
  WITH parked AS (${letGo(s)}
  ), gone AS (
    DELETE FROM ${s}.outbox o USING parked p WHERE o.bucket = p.bucket AND o.id = p.id
    RETURNING o.message_id, o.key, o.topic, o.body, o.facts
  )
  SELECT gone.* FROM parked LEFT JOIN gone ON true`;

export const goesIn = (s: string): string => `
  UPDATE ${s}.outbox_key SET due_at = ${GOES} WHERE key IN (
    SELECT key FROM ${s}.outbox_key
    WHERE parked_at <= now() - $1::float8 * interval '1 ms' AND due_at <> ${GOES_ON}
    ORDER BY parked_at LIMIT $2::int FOR UPDATE SKIP LOCKED)
  RETURNING key`;

export const purgeIn = (s: string): string => `
  WITH old AS (
    DELETE FROM ${s}.outbox_key WHERE due_at = ${GOES} AND key = ANY (
      ARRAY(SELECT json_array_elements_text($1::json)))
    RETURNING key, bucket
  ), gone AS (
    DELETE FROM ${s}.outbox o USING old
    WHERE o.bucket IN (old.bucket, ${aside('old.bucket')}) AND o.key = old.key
  )
  SELECT count(*)::int AS count FROM old`;

export const lagIn = (s: string): string => `
  SELECT o.bucket % ${OUTBOX_BUCKETS} AS bucket, count(*)::int AS messages, count(k.key)::int AS parked,
    greatest(extract(epoch FROM clock_timestamp() - min(o.created_at)) * 1000, 0)::float8 AS oldest,
    greatest(extract(epoch FROM clock_timestamp() - min(o.created_at) FILTER (WHERE k.key IS NULL)) * 1000,
      0)::float8 AS stuck
  FROM ${s}.outbox o LEFT JOIN ${s}.outbox_key k ON k.key = o.key AND k.parked_at IS NOT NULL
  GROUP BY 1 ORDER BY 1`;
