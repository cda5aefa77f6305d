import type { Component } from './migration.js';

/**
 * Gives positions to what is committed, in the order of its numbers. Who holds the head is alone, and each
 * statement after that sees what the one before has done: so whoever sees a position sees all before it, and
 * none comes later. In one statement that would not be so: it sees what there was before it waited.
 */
const placing = (s: string): string => `
  CREATE FUNCTION ${s}.place_events(most int) RETURNS int LANGUAGE plpgsql AS $place$
  DECLARE had bigint; many int; BEGIN
    SELECT h.position INTO had FROM ${s}.event_head h FOR UPDATE;
    UPDATE ${s}.event e SET position = had + p.place FROM (
      SELECT n.id, row_number() OVER (ORDER BY n.id) AS place FROM (
        SELECT e.id FROM ${s}.event e WHERE e.position IS NULL ORDER BY e.id LIMIT most) n) p
    WHERE e.id = p.id;
    GET DIAGNOSTICS many = ROW_COUNT;
    IF many > 0 THEN UPDATE ${s}.event_head SET position = had + many; END IF;
    RETURN many;
  END $place$;`;

/** `event` has a position as soon as somebody gave it one, and `event_head` the last that was given. */
const tables = (s: string): string => `
  CREATE TABLE ${s}.event (
    -- Numbers are given out one by one, so that the later of two transactions has the larger one.
    id bigint GENERATED ALWAYS AS IDENTITY (CACHE 1) PRIMARY KEY,
    position bigint,
    type text NOT NULL,
    version int NOT NULL,
    data text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp()
  ) WITH (fillfactor = 80);
  CREATE UNIQUE INDEX event_position ON ${s}.event (position) WHERE position IS NOT NULL;
  CREATE INDEX event_pending ON ${s}.event (id) WHERE position IS NULL;
  CREATE TABLE ${s}.event_head (only_one boolean PRIMARY KEY, position bigint NOT NULL)
    WITH (fillfactor = 50);
  INSERT INTO ${s}.event_head VALUES (true, 0);
  ${placing(s)}`;

export const eventLogTables: Component = { name: 'event_log', steps: [tables] };

/** A client that makes JSON of what is given for JSON would make a text of it: so it is given as a text. */
export const appendIn = (s: string): string => `
  INSERT INTO ${s}.event (type, version, data)
  SELECT type, version, data FROM ROWS FROM (
    json_to_recordset($1::text::json) AS (type text, version int, data text))
    WITH ORDINALITY AS e(type, version, data, place)
  ORDER BY place`;

export const placeIn = (s: string): string => `SELECT ${s}.place_events($1::int) AS placed`;

export const readIn = (s: string): string => `
  SELECT e.position::text, e.type, e.version, e.data, extract(epoch FROM e.created_at) * 1000 AS at
  FROM ${s}.event e WHERE e.position > $1::bigint ORDER BY e.position LIMIT $2::int`;

export const lastIn = (s: string): string => `SELECT position::text FROM ${s}.event_head`;

export const purgeIn = (s: string): string => `
  WITH gone AS (
    DELETE FROM ${s}.event WHERE position = ANY (ARRAY(
      SELECT position FROM ${s}.event WHERE position <= $1::bigint ORDER BY position LIMIT $2::int))
    RETURNING 1
  )
  SELECT count(*)::int AS count FROM gone`;
