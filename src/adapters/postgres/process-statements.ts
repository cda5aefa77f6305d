/** So much of one process is handed out at a time. */
const LONGEST_RUN = 100;

export const loadIn = (s: string): string => `
  SELECT p.version::text, p.state, p.timeouts, p.correlation, p.late::text, p.ended_at IS NOT NULL AS ended,
    EXISTS (SELECT FROM ${s}.process_inbox i WHERE i.kind = $1 AND i.message = $3) AS seen,
    (SELECT count(*) FROM (SELECT FROM ${s}.process_outbox o WHERE o.kind = $1 AND o.key = $2
      LIMIT $4::int) w)::int AS waiting
  FROM (SELECT 1) one LEFT JOIN ${s}.process p ON p.kind = $1 AND p.key = $2`;

/**
 * Everything follows from the row of the process: whoever comes second finds another version and changes
 * nothing. A new one is decided by its primary key. That a message was not seen is part of the condition, for
 * a statement that changes nothing else must not note it.
 */
export const commitIn = (s: string): string => `
  WITH input AS (
    SELECT $1::text AS kind, $2::text AS key, $3::bigint AS expected, $4::text AS state, $5::text AS timeouts,
      $6::text AS correlation, $7::bigint AS late, $8::boolean AS ended, $9::text AS message
  ), unseen AS (
    SELECT * FROM input n WHERE n.message IS NULL
      OR NOT EXISTS (SELECT FROM ${s}.process_inbox i WHERE i.kind = n.kind AND i.message = n.message)
  ), made AS (
    INSERT INTO ${s}.process (kind, key, version, state, timeouts, correlation, late, ended_at)
    SELECT kind, key, 1, state, timeouts, correlation, late, CASE WHEN ended THEN clock_timestamp() END
    FROM unseen WHERE expected = 0
    ON CONFLICT (kind, key) DO NOTHING
    RETURNING version
  ), changed AS (
    UPDATE ${s}.process p SET version = p.version + 1, state = n.state, timeouts = n.timeouts, late = n.late,
      ended_at = CASE WHEN n.ended THEN coalesce(p.ended_at, clock_timestamp()) END
    FROM unseen n
    WHERE n.expected > 0 AND p.kind = n.kind AND p.key = n.key AND p.version = n.expected
    RETURNING p.version
  ), saved AS (
    SELECT version FROM made UNION ALL SELECT version FROM changed
  ), noted AS (
    INSERT INTO ${s}.process_inbox (kind, message)
    SELECT n.kind, n.message FROM input n, saved WHERE n.message IS NOT NULL
  ), sent AS (
    INSERT INTO ${s}.process_outbox (kind, key, id, body)
    SELECT n.kind, n.key, o.id, o.body FROM input n, saved,
      ROWS FROM (json_to_recordset($10::json) AS (id text, body text)) WITH ORDINALITY AS o(id, body, place)
    ORDER BY o.place
  ), stopped AS (
    DELETE FROM ${s}.process_timeout t USING input n, saved
    WHERE t.kind = n.kind AND t.key = n.key
      AND t.name IN (SELECT json_array_elements_text($11::json))
  ), started AS (
    INSERT INTO ${s}.process_timeout (kind, key, name, generation, due)
    SELECT n.kind, n.key, t.name, saved.version, clock_timestamp() + t.after * interval '1 ms'
    FROM input n, saved, json_to_recordset($12::json) AS t(name text, after float8)
    ON CONFLICT (kind, key, name) DO UPDATE SET generation = excluded.generation, due = excluded.due
  )
  SELECT count(*)::int AS saved FROM saved`;

/**
 * The first of a process stands for all of it: whoever holds that has the rest, and nobody else looks at it.
 * What another one is just taking is passed over.
 *
 * A lease that is still there where something is due is that of a program that is no more. What was handed
 * out with it is handed out alone from then on: the claim then is of this one and nothing else.
 */
export const claimIn = (s: string): string => `
  WITH due AS (
    SELECT o.pos, o.due, o.suspect, o.lease IS NOT NULL AS lost FROM ${s}.process_outbox o
    WHERE o.kind = $1 AND o.due <= now() AND NOT EXISTS (SELECT FROM ${s}.process_outbox e
      WHERE e.kind = o.kind AND e.key = o.key AND e.pos < o.pos)
    ORDER BY o.due LIMIT $2::int FOR UPDATE OF o SKIP LOCKED
  ), turn AS (
    SELECT pos, suspect, lost, suspect OR lost AS alone, row_number() OVER earliest AS place,
      first_value(suspect OR lost) OVER earliest AS first_alone
    FROM due WINDOW earliest AS (ORDER BY due, pos)
  ), head AS (
    SELECT * FROM turn WHERE CASE WHEN first_alone THEN place = 1 ELSE NOT alone END
  ), held AS (
    UPDATE ${s}.process_outbox o SET lease = $4::uuid, attempts = o.attempts + 1,
      due = now() + $3::float8 * interval '1 ms', suspect = head.alone, crashes = o.crashes + head.lost::int,
      failing_since = CASE WHEN head.lost THEN coalesce(o.failing_since, now()) ELSE o.failing_since END
    FROM head WHERE o.pos = head.pos
    RETURNING o.pos, o.kind, o.key, o.attempts, o.tries, o.crashes, head.alone,
      head.lost AND NOT head.suspect AS spreads
  ), spread AS (
    UPDATE ${s}.process_outbox o SET suspect = true
    FROM held h CROSS JOIN LATERAL (SELECT n.pos FROM ${s}.process_outbox n
      WHERE h.spreads AND n.kind = h.kind AND n.key = h.key AND n.pos > h.pos
      ORDER BY n.pos LIMIT ${LONGEST_RUN - 1}) behind
    WHERE o.pos = behind.pos
  )
  SELECT h.key, h.attempts, h.tries, h.crashes, h.alone, r.pos::text, r.id, r.body
  FROM held h CROSS JOIN LATERAL (
    SELECT o.pos, o.id, o.body FROM ${s}.process_outbox o WHERE o.kind = h.kind AND o.key = h.key
    ORDER BY o.pos LIMIT CASE WHEN h.alone THEN 1 ELSE ${LONGEST_RUN} END) r
  ORDER BY h.pos, r.pos`;

/**
 * Only who still holds the first may take any of it away, or say anything of it. What waits behind one that
 * is parked is not due before that is decided: else every claim would look at all of it, for days.
 */
export const settleIn = (s: string): string => `
  WITH held AS (
    SELECT pos FROM ${s}.process_outbox WHERE pos = $1::bigint AND lease = $2::uuid FOR UPDATE
  ), gone AS (
    DELETE FROM ${s}.process_outbox o USING held
    WHERE o.pos IN (SELECT json_array_elements_text($3::json)::bigint)
  ), later AS (
    UPDATE ${s}.process_outbox o SET lease = NULL,
      due = CASE WHEN $8::boolean THEN 'infinity' ELSE now() + $5::float8 * interval '1 ms' END,
      error = coalesce($6::text, o.error), tries = o.tries + $7::boolean::int,
      failing_since =
        CASE WHEN $7::boolean OR $8::boolean THEN coalesce(o.failing_since, now()) ELSE o.failing_since END,
      parked_at = CASE WHEN $8::boolean THEN now() END
    FROM held WHERE o.pos = $4::bigint
  ), behind AS (
    UPDATE ${s}.process_outbox o SET due = 'infinity' FROM held, ${s}.process_outbox f
    WHERE $8::boolean AND f.pos = $4::bigint AND o.kind = f.kind AND o.key = f.key AND o.pos > f.pos
  )
  SELECT count(*)::int AS held FROM held`;

export const claimTimeoutsIn = (s: string): string => `
  WITH next AS (
    SELECT kind, key, name FROM ${s}.process_timeout WHERE kind = $1 AND due <= now()
    ORDER BY due LIMIT $2::int FOR UPDATE SKIP LOCKED
  )
  UPDATE ${s}.process_timeout t SET due = now() + $3::float8 * interval '1 ms' FROM next
  WHERE t.kind = next.kind AND t.key = next.key AND t.name = next.name
  RETURNING t.key, t.name, t.generation::text`;

export const dropTimeoutIn = (s: string): string => `
  DELETE FROM ${s}.process_timeout
  WHERE kind = $1 AND key = $2 AND name = $3 AND generation = $4::bigint`;

/** A tombstone stays as long as there is something of it to publish. */
export const purgeIn = (s: string): string => `
  WITH old AS (
    SELECT now() - $2::float8 * interval '1 ms' AS at
  ), inbox AS (
    DELETE FROM ${s}.process_inbox WHERE (kind, message) IN (SELECT i.kind, i.message
      FROM ${s}.process_inbox i, old WHERE i.kind = $1 AND i.seen_at <= old.at
      ORDER BY i.seen_at LIMIT $3::int FOR UPDATE OF i SKIP LOCKED) RETURNING 1
  ), ended AS (
    DELETE FROM ${s}.process WHERE (kind, key) IN (SELECT p.kind, p.key FROM ${s}.process p, old
      WHERE p.kind = $1 AND p.ended_at <= old.at
        AND NOT EXISTS (SELECT FROM ${s}.process_outbox o WHERE o.kind = p.kind AND o.key = p.key)
      ORDER BY p.ended_at LIMIT $3::int FOR UPDATE OF p SKIP LOCKED) RETURNING 1
  ), discarded AS (
    DELETE FROM ${s}.process_discarded WHERE pos IN (SELECT d.pos FROM ${s}.process_discarded d, old
      WHERE d.kind = $1 AND d.discarded_at <= old.at
      ORDER BY d.discarded_at LIMIT $3::int FOR UPDATE OF d SKIP LOCKED) RETURNING 1
  )
  SELECT (SELECT count(*) FROM inbox)::int + (SELECT count(*) FROM ended)::int
    + (SELECT count(*) FROM discarded)::int AS gone`;
