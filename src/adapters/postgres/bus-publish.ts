import { factOf } from '../../kernel/errors.js';
import type { OutRecord, PublishOutcome } from '../../messaging/driver.js';
import type { PostgresClient, Row } from './client.js';
import type { Database } from './database.js';
import { failureOf } from './failures.js';
import { toColumn } from './names.js';

/** Who gets a record: all groups of its topic, or one; a record is known again within that. */
const identityOf = (topic: string, id: string, solo: string | null): string =>
  `${topic}\n${solo ?? ''}\n${id}`;

const refuses = 'r.crowded AND r.topic = i.topic AND (i.solo IS NULL OR i.solo = r.name)';

/**
 * Stores a batch and puts it before its groups, in one statement: all of it or nothing. Whether a group is to
 * get a topic is asked once for each topic, in the same snapshot in which `seen_group` is read. What one of
 * its groups has no room for is stored for none of them.
 *
 * Bodies and headers come as bytes, each body with its headers behind it: as texts within the JSON they would
 * be escaped, and read character by character. The answer is one row, for it has to be read as well.
 *
 * Without `known` it fails where a record is there already, and looks for none before it stores them.
 */
const publishIn = (s: string, known: boolean): string => `
  WITH input AS MATERIALIZED (
    SELECT * FROM ROWS FROM (json_to_recordset($1::json) AS (topic text, id text, key text, "from" int,
      size int, heads int, delay float8, ttl float8, priority smallint, solo text)) WITH ORDINALITY
      AS i(topic, id, key, "from", size, heads, delay, ttl, priority, solo, place)
  ), route AS MATERIALIZED (
    SELECT t.topic, g.id AS group_id, g.name, g.ordering, g.crowded
    FROM (SELECT DISTINCT topic FROM input) t
    JOIN ${s}.member_group g ON g.pattern = t.topic OR t.topic ~ g.regex
  ), stored AS (
    INSERT INTO ${s}.message (topic, id, key, headers, body, solo, expires_at, priority, due, seen_group)
    SELECT topic, id, key, convert_from(substring($2::bytea FROM "from" + size + 1 FOR heads), 'UTF8'),
      substring($2::bytea FROM "from" + 1 FOR size), solo,
      clock_timestamp() + ttl * interval '1 ms', priority,
      clock_timestamp() + coalesce(delay, 0) * interval '1 ms',
      (SELECT coalesce(max(id), 0) FROM ${s}.member_group)
    FROM input i WHERE NOT EXISTS (SELECT 1 FROM route r WHERE ${refuses}) ORDER BY place
    ${known ? 'ON CONFLICT (topic, id) WHERE solo IS NULL DO NOTHING' : ''}
    RETURNING pos, topic, id, key, solo, expires_at, priority, due
  ), fanned AS (
    INSERT INTO ${s}.delivery (pos, group_id, lane, priority, due, expires_at)
    SELECT m.pos, r.group_id, ${laneOf('r.ordering', 'm.key')}, m.priority, m.due, m.expires_at
    FROM stored m JOIN route r ON r.topic = m.topic AND (m.solo IS NULL OR m.solo = r.name)
  )
  SELECT (SELECT string_agg(i.place || ' ' || m.pos, ',') FROM stored m JOIN input i
      ON i.id = m.id AND i.topic = m.topic AND i.solo IS NOT DISTINCT FROM m.solo) AS stored,
    (SELECT json_agg(json_build_array(place, name))::text FROM (
      SELECT i.place, min(r.name) AS name FROM input i JOIN route r ON ${refuses} GROUP BY i.place
    ) c) AS crowded`;

/** What a delivery is kept in order by. */
export function laneOf(ordering: string, key: string): string {
  return `CASE ${ordering} WHEN 'key' THEN ${key} WHEN 'topic' THEN '*' END`;
}

/** A batch as the statement takes it: what is said of the records as JSON, and their bytes end to end. */
function paramsOf(records: readonly OutRecord[], wall: number): unknown[] {
  const heads = records.map(({ headers }) => JSON.stringify(headers));
  let most = 0;
  for (const [at, { body }] of records.entries()) most += body.byteLength + 3 * heads[at]!.length;
  const bytes = Buffer.allocUnsafe(most);
  let from = 0;
  const rows = records.map(({ topic, id, key, body, notBefore, expiresAt, priority, group }, at) => {
    bytes.set(body, from);
    const size = body.byteLength;
    const row = {
      topic,
      id: toColumn(id),
      key: key === undefined ? undefined : toColumn(key),
      from,
      size,
      heads: bytes.write(heads[at]!, from + size),
      // The clock of the server decides: what counts is how far off a time is.
      delay: notBefore === undefined ? undefined : Math.max(0, notBefore - wall),
      ttl: expiresAt === undefined ? undefined : expiresAt - wall,
      priority,
      solo: group,
    };
    from += size + row.heads;
    return row;
  });
  return [JSON.stringify(rows), bytes.subarray(0, from)];
}

/** The records that are not in the batch already, and for each record of the batch the place of its like. */
interface Distinct {
  readonly once: readonly OutRecord[];
  readonly places: readonly number[];
}

function distinct(records: readonly OutRecord[]): Distinct {
  // What has an id that was just made for it has no like.
  if (records.every(({ fresh }) => fresh === true)) return { once: records, places: [...records.keys()] };
  const known = new Map<string, number>();
  const once: OutRecord[] = [];
  const places = records.map(record => {
    const name = identityOf(record.topic, toColumn(record.id), record.group ?? null);
    const place = known.get(name) ?? once.push(record) - 1;
    known.set(name, place);
    return place;
  });
  return { once, places };
}

const DUPLICATE: PublishOutcome = /* @__PURE__ */ Object.freeze({ ok: true, duplicate: true });

function noRoom(topic: string, group: string): PublishOutcome {
  const error = new Error(`the group ${group} has more messages before it than \`maxBacklog\`: ${topic}`);
  return { ok: false, error, retryable: true, maybeStored: false };
}

/** The answer names those that were stored and those that were refused; all others were there already. */
function outcomesOf({ once, places }: Distinct, [answer]: readonly Row[]): readonly PublishOutcome[] {
  const outcomes = new Array<PublishOutcome>(once.length).fill(DUPLICATE);
  const { stored, crowded } = answer as { readonly stored: string | null; readonly crowded: string | null };
  for (const pair of stored?.split(',') ?? []) {
    const gap = pair.indexOf(' ');
    outcomes[Number(pair.slice(0, gap)) - 1] = { ok: true, position: pair.slice(gap + 1) };
  }
  for (const [place, group] of JSON.parse(crowded ?? '[]') as [number, string][]) {
    outcomes[place - 1] = noRoom(once[place - 1]!.topic, group);
  }
  let latest = -1;
  return places.map(place => {
    const isFirst = place > latest;
    latest = Math.max(latest, place);
    const outcome = outcomes[place]!;
    // The next of its like is the same message.
    return isFirst || !outcome.ok ? outcome : DUPLICATE;
  });
}

/** The server says so of a record that is there already. */
const UNIQUE_VIOLATION = '23505';

/**
 * Ids that were just made are nobody else's: the server need not be told what to do with those that it knows,
 * which costs it a seventh. It knows them only where a batch is sent again whose answer was lost. In a
 * transaction of the user's that would be its end.
 */
async function store(
  db: Database,
  records: readonly OutRecord[],
  params: unknown[],
  transaction: PostgresClient | undefined,
): Promise<readonly Row[]> {
  if (transaction === undefined && records.every(({ fresh }) => fresh === true)) {
    try {
      return await db.run(publishIn(db.schema, false), params);
    } catch (error) {
      if (factOf(error, 'code') !== UNIQUE_VIOLATION) throw error;
    }
  }
  return db.run(publishIn(db.schema, true), params, transaction);
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
  const batch = distinct(records);
  try {
    const params = paramsOf(batch.once, db.clock.wall());
    return outcomesOf(batch, await store(db, records, params, transaction));
  } catch (error) {
    const { retryable, maybeDone } = failureOf(error);
    // Within a transaction that is the end of it: nothing of it will be stored.
    if (transaction !== undefined) {
      return records.map(() => ({ ok: false, error, retryable: false, maybeStored: false }));
    }
    return records.map(() => ({ ok: false, error, retryable, maybeStored: maybeDone }));
  }
}
