import type { Component } from './migration.js';

/**
 * `copy` has a row for each copy, which loads change and all others only hold; `copy_row` the rows, without a
 * value where they were deleted; `copy_source` how far heartbeats have come. `was` is the version that the
 * last write found.
 */
const tables = (s: string): string => `
  CREATE TABLE ${s}.copy (
    name text COLLATE "C" PRIMARY KEY,
    generation int NOT NULL DEFAULT 0,
    loaded int NOT NULL DEFAULT 0
  );
  CREATE TABLE ${s}.copy_row (
    copy text COLLATE "C" NOT NULL,
    key text COLLATE "C" NOT NULL,
    version bigint NOT NULL,
    was bigint,
    value text,
    at float8,
    seen int NOT NULL,
    deleted_at timestamptz,
    PRIMARY KEY (copy, key)
  );
  CREATE INDEX copy_row_at ON ${s}.copy_row (copy, at);
  CREATE INDEX copy_row_deleted ON ${s}.copy_row (copy, deleted_at) WHERE deleted_at IS NOT NULL;
  CREATE TABLE ${s}.copy_source (
    copy text COLLATE "C" NOT NULL,
    source text COLLATE "C" NOT NULL,
    at float8 NOT NULL,
    PRIMARY KEY (copy, source)
  ) WITH (fillfactor = 50);`;

export const localCopyTables: Component = { name: 'local_copy', steps: [tables] };

export const makeIn = (s: string): string =>
  `INSERT INTO ${s}.copy (name) VALUES ($1) ON CONFLICT (name) DO NOTHING`;

/**
 * A load that begins waits for what holds the row of the copy, and what comes after it knows its number: so
 * nothing that was put before a load counts as seen in it, and nothing after it as unseen.
 */
export const putIn = (s: string): string => `
  WITH held AS (
    SELECT generation FROM ${s}.copy WHERE name = $1 FOR KEY SHARE
  ), put AS (
    INSERT INTO ${s}.copy_row AS r (copy, key, version, value, at, seen, deleted_at)
    SELECT $1, $2, $3::bigint, $4::text, $5::float8, generation, CASE WHEN $4::text IS NULL THEN now() END
    FROM held
    ON CONFLICT (copy, key) DO UPDATE SET
      was = r.version,
      version = greatest(r.version, excluded.version),
      value = CASE WHEN excluded.version > r.version THEN excluded.value ELSE r.value END,
      at = CASE WHEN excluded.version > r.version THEN excluded.at ELSE r.at END,
      deleted_at = CASE WHEN excluded.version > r.version THEN excluded.deleted_at ELSE r.deleted_at END,
      seen = greatest(r.seen, excluded.seen)
    WHERE excluded.version > r.version OR excluded.seen > r.seen
    RETURNING was IS NULL OR was < version AS newer
  )
  SELECT (SELECT count(*) FROM held)::int AS held, coalesce((SELECT newer FROM put), false) AS newer`;

export const reachIn = (s: string): string => `
  INSERT INTO ${s}.copy_source AS c (copy, source, at)
  SELECT $1, $2, $3::float8 WHERE EXISTS (SELECT FROM ${s}.copy_source WHERE copy = $1 AND source = $2)
    OR (SELECT count(*) FROM ${s}.copy_source WHERE copy = $1) < $4::int
  ON CONFLICT (copy, source) DO UPDATE SET at = greatest(c.at, excluded.at) RETURNING 1`;

export const beginIn = (s: string): string => `
  WITH held AS (SELECT name FROM ${s}.copy WHERE name = $1 FOR UPDATE)
  UPDATE ${s}.copy c SET generation = c.generation + 1 FROM held WHERE c.name = held.name
  RETURNING c.generation`;

export const sweepIn = (s: string): string => `
  WITH old AS (
    SELECT key FROM ${s}.copy_row WHERE copy = $1 AND seen < $2::int AND value IS NOT NULL
    ORDER BY key LIMIT $3::int FOR UPDATE
  ), swept AS (
    UPDATE ${s}.copy_row r SET value = NULL, deleted_at = now() FROM old
    WHERE r.copy = $1 AND r.key = old.key AND r.seen < $2::int RETURNING 1
  )
  SELECT count(*)::int AS count FROM swept`;

export const loadedIn = (s: string): string =>
  `UPDATE ${s}.copy SET loaded = greatest(loaded, $2::int) WHERE name = $1`;

/** Keys come as JSON: a client that makes arrays of its own is none the wiser. */
export const rowsIn = (s: string): string => `
  SELECT key, version::text, value, at FROM ${s}.copy_row
  WHERE copy = $1 AND key IN (SELECT json_array_elements_text($2::text::json)) AND value IS NOT NULL`;

export const pageIn = (s: string): string => `
  SELECT key, version::text, value, at FROM ${s}.copy_row
  WHERE copy = $1 AND key > $2 COLLATE "C" AND value IS NOT NULL ORDER BY key LIMIT $3::int`;

export const standingIn = (s: string): string => `
  SELECT coalesce(max(generation), 0)::int AS generation, coalesce(max(loaded), 0)::int AS loaded,
    (SELECT max(at) FROM ${s}.copy_row WHERE copy = $1) AS event_at,
    (SELECT json_agg(json_build_object('source', source, 'at', at))::text FROM ${s}.copy_source
      WHERE copy = $1) AS sources
  FROM ${s}.copy WHERE name = $1`;

export const purgeIn = (s: string): string => `
  WITH old AS (
    SELECT r.key FROM ${s}.copy_row r JOIN ${s}.copy c ON c.name = r.copy
    WHERE r.copy = $1 AND r.deleted_at <= now() - $2::float8 * interval '1 ms'
      AND (r.seen < c.generation OR c.loaded >= c.generation)
    ORDER BY r.deleted_at LIMIT $3::int FOR UPDATE OF r SKIP LOCKED
  ), gone AS (
    DELETE FROM ${s}.copy_row r USING old WHERE r.copy = $1 AND r.key = old.key RETURNING 1
  )
  SELECT count(*)::int AS count FROM gone`;
