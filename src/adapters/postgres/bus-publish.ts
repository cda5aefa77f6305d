import type { OutRecord, PublishOutcome } from '../../messaging/driver.js';
import type { PostgresClient, Row } from './client.js';
import type { Database } from './database.js';
import { failureOf } from './failures.js';
import { toColumn } from './names.js';

/** Who gets a record: all groups of its topic, or one; a record is known again within that. */
const identityOf = (topic: string, id: string, solo: string | null): string =>
  `${topic}\n${solo ?? ''}\n${id}`;

/**
 * Stores a batch and puts it before its groups, in one statement: all of it or nothing. Whether a group is to
 * get a topic is asked once for each topic, in the same snapshot in which `seen_group` is read.
 */
const publishIn = (s: string): string => `
  WITH input AS MATERIALIZED (
    SELECT * FROM ROWS FROM (json_to_recordset($1::json) AS (topic text, id text, key text, headers text,
      "from" int, size int, delay float8, ttl float8, priority smallint, solo text)) WITH ORDINALITY
      AS i(topic, id, key, headers, "from", size, delay, ttl, priority, solo, place)
  ), stored AS (
    INSERT INTO ${s}.message (topic, id, key, headers, body, solo, expires_at, priority, due, seen_group)
    SELECT topic, id, key, headers, substring($2::bytea FROM "from" + 1 FOR size), solo,
      clock_timestamp() + ttl * interval '1 ms', priority,
      clock_timestamp() + coalesce(delay, 0) * interval '1 ms',
      (SELECT coalesce(max(id), 0) FROM ${s}.member_group)
    FROM input ORDER BY place
    ON CONFLICT (topic, id) WHERE solo IS NULL DO NOTHING
    RETURNING pos, topic, id, key, solo, expires_at, priority, due
  ), route AS (
    SELECT t.topic, g.id AS group_id, g.name, g.ordering
    FROM (SELECT DISTINCT topic FROM input) t
    JOIN ${s}.member_group g ON g.pattern = t.topic OR t.topic ~ g.regex
  ), fanned AS (
    INSERT INTO ${s}.delivery (pos, group_id, lane, priority, due, expires_at)
    SELECT m.pos, r.group_id, ${laneOf('r.ordering', 'm.key')}, m.priority, m.due, m.expires_at
    FROM stored m JOIN route r ON r.topic = m.topic AND (m.solo IS NULL OR m.solo = r.name)
  )
  SELECT pos::text, topic, id, solo FROM stored`;

/** What a delivery is kept in order by. */
export function laneOf(ordering: string, key: string): string {
  return `CASE ${ordering} WHEN 'key' THEN ${key} WHEN 'topic' THEN '*' END`;
}

/** A batch as the statement takes it: one text for what is said of the records, their bodies end to end. */
function paramsOf(records: readonly OutRecord[], wall: number): unknown[] {
  const size = records.reduce((sum, { body }) => sum + body.byteLength, 0);
  const bodies = new Uint8Array(size);
  let from = 0;
  const rows = records.map(({ topic, id, key, headers, body, notBefore, expiresAt, priority, group }) => {
    bodies.set(body, from);
    const row = {
      topic,
      id: toColumn(id),
      key: key === undefined ? null : toColumn(key),
      headers: JSON.stringify(headers),
      from,
      size: body.byteLength,
      // The clock of the server decides: what counts is how far off a time is.
      delay: notBefore === undefined ? null : Math.max(0, notBefore - wall),
      ttl: expiresAt === undefined ? null : expiresAt - wall,
      priority,
      solo: group ?? null,
    };
    from += body.byteLength;
    return row;
  });
  return [JSON.stringify(rows), bodies];
}

/** The records that are not in the batch already, and for each record of the batch the one it is. */
function distinct(records: readonly OutRecord[]) {
  const places = new Map<string, number>();
  const once: OutRecord[] = [];
  const names = records.map(record => {
    const name = identityOf(record.topic, toColumn(record.id), record.group ?? null);
    if (!places.has(name)) {
      places.set(name, once.length);
      once.push(record);
    }
    return name;
  });
  return { once, names };
}

function outcomesOf(names: readonly string[], stored: readonly Row[]): readonly PublishOutcome[] {
  const positions = new Map<string, string>();
  for (const row of stored) {
    const { topic, id, solo, pos } = row as { topic: string; id: string; solo: string | null; pos: string };
    positions.set(identityOf(topic, id, solo), pos);
  }
  return names.map(name => {
    const position = positions.get(name);
    if (position === undefined) return { ok: true, duplicate: true };
    // The next of this name in the batch is the same message.
    positions.delete(name);
    return { ok: true, position };
  });
}

/**
 * Publishes a batch, as a transaction of its own or as a part of the user's. What the database says against a
 * batch it says against all of it.
 */
export async function publishBatch(
  db: Database,
  records: readonly OutRecord[],
  transaction?: PostgresClient,
): Promise<readonly PublishOutcome[]> {
  const { once, names } = distinct(records);
  try {
    const params = paramsOf(once, db.clock.wall());
    return outcomesOf(names, await db.run(publishIn(db.schema), params, transaction));
  } catch (error) {
    const { retryable, maybeDone } = failureOf(error);
    // Within a transaction that is the end of it: nothing of it will be stored.
    if (transaction !== undefined) {
      return records.map(() => ({ ok: false, error, retryable: false, maybeStored: false }));
    }
    return records.map(() => ({ ok: false, error, retryable, maybeStored: maybeDone }));
  }
}
