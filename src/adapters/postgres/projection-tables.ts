import type { Component } from './migration.js';

/**
 * Where projections stand: a row for each version of each, and which version is read from. Positions are a
 * letter for their kind, a blank, and themselves.
 */
const tables = (s: string): string => `
  CREATE TABLE ${s}.projection (
    name text COLLATE "C" NOT NULL,
    version int NOT NULL,
    position text,
    parked text NOT NULL DEFAULT '[]',
    state text,
    saved_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (name, version)
  ) WITH (fillfactor = 50);
  CREATE TABLE ${s}.projection_active (
    name text COLLATE "C" PRIMARY KEY,
    version int NOT NULL
  );`;

export const projectionTables: Component = { name: 'projection', steps: [tables] };

/** Makes a row for a version that has none, and holds it until the end of the transaction. */
export const holdIn = (s: string): string => `
  INSERT INTO ${s}.projection AS p (name, version) VALUES ($1, $2::int)
  ON CONFLICT (name, version) DO UPDATE SET name = p.name RETURNING position`;

export const loadIn = (s: string): string =>
  `SELECT position, parked, state FROM ${s}.projection WHERE name = $1 AND version = $2::int`;

export const saveIn = (s: string): string => `
  INSERT INTO ${s}.projection (name, version, position, parked, state)
  VALUES ($1, $2::int, $3, $4, $5)
  ON CONFLICT (name, version) DO UPDATE SET position = excluded.position, parked = excluded.parked,
    state = excluded.state, saved_at = clock_timestamp()`;

export const activeIn = (s: string): string => `SELECT version FROM ${s}.projection_active WHERE name = $1`;

export const beginIn = (s: string): string => `
  INSERT INTO ${s}.projection_active VALUES ($1, $2::int)
  ON CONFLICT (name) DO NOTHING RETURNING version`;

export const replaceIn = (s: string): string => `
  UPDATE ${s}.projection_active SET version = $2::int WHERE name = $1 AND version = $3::int
  RETURNING version`;

export const reachedIn = (s: string): string => `
  SELECT p.position FROM ${s}.projection_active a JOIN ${s}.projection p USING (name, version)
  WHERE a.name = $1`;

export const removeIn = (s: string): string => `
  DELETE FROM ${s}.projection p WHERE name = $1 AND version = $2::int
    AND NOT EXISTS (SELECT FROM ${s}.projection_active a WHERE a.name = p.name AND a.version = p.version)
  RETURNING version`;
