import { marks } from './own-database.js';

/** The time of the server, in no zone. */
export const now = 'UTC_TIMESTAMP(6)';

/** So many ms from now, as a parameter that {@link micros} makes. */
export const fromNow = `${now} + INTERVAL ? MICROSECOND`;

/** Of ms, in whole microseconds. */
export const micros = (ms: number): number => Math.round(ms * 1_000);

/** Bytes as the text that they are. */
export const text = (column: string): string => `CONVERT(${column} USING utf8mb4)`;

/** A time in epoch ms. */
const epochMs = (column: string): string => `TIMESTAMPDIFF(MICROSECOND, '1970-01-01', ${column}) / 1000`;

/** The age of a time in ms. */
const ageMs = (column: string): string => `TIMESTAMPDIFF(MICROSECOND, ${column}, ${now}) / 1000`;

/** What the row of a key says of whether it may be read. */
const readable = `(k.\`key\` IS NULL OR (k.parked_at IS NULL AND k.due_at <= ${now}))`;

const from = (d: string): string => `${d}.outbox o LEFT JOIN ${d}.outbox_key k ON k.\`key\` = o.\`key\``;

/** So many messages in one statement, which numbers them in their order. */
export const addIn = (d: string, many: number): string => `
  INSERT INTO ${d}.outbox (bucket, \`key\`, ordered, topic, version, message_id, body, facts)
  VALUES ${marks(many, '(?, ?, ?, ?, ?, ?, ?, ?)')}`;

/**
 * Neither a position nor a horizon: what is there is read, however late it was committed. A bucket each, so
 * that none is read further than it has to be; bodies come last, for those that are wanted.
 */
export const readIn = (d: string, buckets: number, skipped: number): string => {
  const one = `(SELECT o.id, o.bucket, o.\`key\`, coalesce(k.tries, 0) AS tries,
    coalesce(k.crashes, 0) AS crashes
    FROM ${from(d)} WHERE o.bucket = ? AND ${readable} ORDER BY o.id LIMIT ?)`;
  const all = Array.from({ length: buckets }, () => one).join(' UNION ALL ');
  const wanted = skipped === 0 ? '' : `WHERE u.\`key\` NOT IN (${marks(skipped)})`;
  return `SELECT o.id, o.bucket, ${text('o.`key`')} AS \`key\`, o.ordered, o.topic, o.version,
      ${text('o.message_id')} AS message_id, o.body, o.facts, f.tries, f.crashes
    FROM (SELECT u.* FROM (${all}) u ${wanted} ORDER BY u.id LIMIT ?) f
    JOIN ${d}.outbox o ON o.bucket = f.bucket AND o.id = f.id ORDER BY o.id`;
};

/** The last of the first so many that may be read, of each of these buckets. */
export const reachedIn = (d: string, buckets: number): string => {
  const one = `SELECT ? AS bucket, max(r.id) AS id FROM (SELECT o.id FROM ${from(d)}
    WHERE o.bucket = ? AND ${readable} ORDER BY o.id LIMIT ?) r`;
  return Array.from({ length: buckets }, () => one).join(' UNION ALL ');
};

/** Holds the rows of buckets, in the same order as everybody does. */
export const holdIn = (d: string, buckets: number): string => `
  SELECT bucket, ${text('owner')} AS owner, epoch, suspect_to, trying FROM ${d}.outbox_bucket
  WHERE bucket IN (${marks(buckets)}) ORDER BY bucket FOR UPDATE`;

/** Holds those that a relay may take. What is being changed by others is theirs. */
export const freeIn = (d: string, said: number): string => `
  SELECT bucket, ${text('owner')} AS owner, epoch, suspect_to, trying, reach
  FROM ${d}.outbox_bucket FORCE INDEX (PRIMARY)
  WHERE (owner IS NULL OR owner = ? OR until <= ${now})
    ${said === 0 ? '' : `AND bucket NOT IN (${marks(said)})`}
  ORDER BY bucket LIMIT ? FOR UPDATE SKIP LOCKED`;

/** Messages of several buckets: a part for each, with so many ids. */
const among = (parts: readonly number[]): string =>
  parts.map(ids => `(o.bucket = ? AND o.id IN (${marks(ids)}))`).join(' OR ');

/** What is with the bus goes. */
export const confirmIn = (d: string, parts: readonly number[]): string =>
  `DELETE FROM ${d}.outbox WHERE ${among(parts).replaceAll('o.', '')}`;

/** The keys of messages that gave trouble before. */
export const healedIn = (d: string, parts: readonly number[]): string => `
  SELECT k.\`key\` FROM ${d}.outbox o JOIN ${d}.outbox_key k ON k.\`key\` = o.\`key\`
  WHERE k.parked_at IS NULL AND (${among(parts)})`;

/** Whose claim it is, after what is set: by name, by bucket and by epoch. */
export const claimedIn = (d: string, set: string): string => `
  UPDATE ${d}.outbox_bucket SET ${set}, changes = changes + 1
  WHERE owner = ? AND bucket = ? AND epoch = ?`;

/** The trouble that a message gave, in the place of the one before. */
export const putIn = (d: string, waits: boolean): string => `
  INSERT INTO ${d}.outbox_key (\`key\`, bucket, id, message_id, topic, tries, crashes, reason, error, due_at,
    parked_at)
  SELECT o.\`key\`, o.bucket, o.id, o.message_id, o.topic, ?, ?, ?, ?, ${fromNow}, ${waits ? 'NULL' : now}
  FROM ${d}.outbox o WHERE o.bucket = ? AND o.id = ?
  ON DUPLICATE KEY UPDATE id = VALUES(id), message_id = VALUES(message_id), topic = VALUES(topic),
    tries = VALUES(tries), crashes = VALUES(crashes), reason = VALUES(reason), error = VALUES(error),
    due_at = VALUES(due_at), parked_at = VALUES(parked_at)`;

/** What is kept of the key of a message. */
export const troubleIn = (d: string): string => `
  SELECT ${text('o.`key`')} AS \`key\`, k.tries, k.crashes FROM ${from(d)} WHERE o.bucket = ? AND o.id = ?`;

export const parkedIn = (d: string, where: string): string => `
  SELECT ${text('k.`key`')} AS \`key\`, k.reason, ${text('k.message_id')} AS message_id, k.topic, k.tries,
    k.crashes, k.error, ${epochMs('k.parked_at')} AS parked
  FROM ${d}.outbox_key k WHERE k.parked_at IS NOT NULL AND ${where} ORDER BY k.\`key\` LIMIT ?`;

export const retryIn = (d: string): string =>
  `DELETE FROM ${d}.outbox_key WHERE \`key\` = ? AND parked_at IS NOT NULL`;

/** Holds what a key is parked for. */
export const discardedIn = (d: string): string => `
  SELECT o.bucket, o.id, ${text('o.message_id')} AS message_id, o.topic, o.body, o.facts
  FROM ${d}.outbox_key k JOIN ${d}.outbox o ON o.bucket = k.bucket AND o.id = k.id
  WHERE k.\`key\` = ? AND k.parked_at IS NOT NULL FOR UPDATE`;

/** Holds the keys that have been parked for so long. */
export const oldIn = (d: string): string => `
  SELECT ${text('`key`')} AS \`key\`, bucket FROM ${d}.outbox_key
  WHERE parked_at <= ${now} - INTERVAL ? MICROSECOND ORDER BY parked_at LIMIT ? FOR UPDATE SKIP LOCKED`;

export const lagIn = (d: string): string => `
  SELECT o.bucket, count(*) AS messages, count(k.\`key\`) AS parked, ${ageMs('min(o.created_at)')} AS oldest,
    ${ageMs('min(IF(k.`key` IS NULL, o.created_at, NULL))')} AS stuck
  FROM ${from(d)} AND k.parked_at IS NOT NULL GROUP BY o.bucket ORDER BY o.bucket`;
