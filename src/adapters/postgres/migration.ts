import { TopologyError } from '../../kernel/bus-errors.js';
import { factOf } from '../../kernel/errors.js';
import type { Database } from './database.js';
import { literal, lockOf } from './names.js';

/** A part of the schema that has tables of its own, and how they came to be what they are. */
export interface Component {
  readonly name: string;
  /**
   * Step n, from 1, makes version n out of the one before. A step is never changed, only followed: the text
   * of each that was applied is known by its checksum, and another text is refused.
   */
  readonly steps: readonly ((schema: string) => string)[];
}

/** What stands in the database, and the checksums of the steps that this program knows. */
interface Standing {
  /** The version that is there; 0 for none. */
  readonly version: number;
  /** Those of the steps that were applied, as far as they were written down. */
  readonly sums: readonly string[];
  readonly known: readonly string[];
}

/** The same in every schema. */
const textOf = (step: (schema: string) => string): string => step('any_schema');

/** The server reckons the checksums: it has SHA-256 wherever this program runs. */
async function standingOf(db: Database, { name, steps }: Component): Promise<Standing> {
  const { schema } = db;
  const [facts] = await db.run(
    `SELECT to_regclass('${schema}.component') IS NOT NULL AS there,
      (SELECT json_agg(encode(sha256(convert_to(text, 'UTF8')), 'hex') ORDER BY place)::text
        FROM json_array_elements_text($1::json) WITH ORDINALITY t(text, place)) AS known`,
    [JSON.stringify(steps.map(textOf))],
  );
  const known = JSON.parse(facts!['known'] as string) as string[];
  if (facts!['there'] !== true) return { version: 0, sums: [], known };
  // As JSON, for a table that was made before there were checksums has no column of them.
  const text = `SELECT to_json(c)::text AS component FROM ${schema}.component c WHERE name = $1`;
  const [row] = await db.run(text, [name]);
  if (row === undefined) return { version: 0, sums: [], known };
  const component = JSON.parse(row['component'] as string) as { version: number; checksums?: string[] };
  return { version: component.version, sums: component.checksums ?? [], known };
}

/** One statement, so one transaction: all of it or nothing, and one process at a time. */
function migrationOf(schema: string, { name, steps }: Component, known: readonly string[]): string {
  const made = steps.map((step, at) => `IF v < ${at + 1} THEN ${step(schema)} END IF;`);
  const sums = `ARRAY[${known.map(literal).join(', ')}]::text[]`;
  return `DO $keelson$ DECLARE v int; written text[]; BEGIN
    PERFORM pg_advisory_xact_lock(${lockOf(schema)});
    -- Not to_regnamespace: it asks a cache, which does not hear of those who held the lock before.
    IF NOT EXISTS (SELECT FROM pg_catalog.pg_namespace WHERE nspname = '${schema}') THEN
      CREATE SCHEMA ${schema};
    END IF;
    CREATE TABLE IF NOT EXISTS ${schema}.component (name text PRIMARY KEY, version int NOT NULL);
    ALTER TABLE ${schema}.component ADD COLUMN IF NOT EXISTS checksums text[] NOT NULL DEFAULT '{}';
    SELECT version, checksums INTO v, written FROM ${schema}.component WHERE name = '${name}';
    v := coalesce(v, 0);
    written := coalesce(written, '{}');
    IF written[1:${steps.length}] <> (${sums})[1:cardinality(written)] THEN RETURN; END IF;
    ${made.join('\n    ')}
    INSERT INTO ${schema}.component VALUES ('${name}', greatest(v, ${steps.length}),
        written || (${sums})[cardinality(written) + 1:])
      ON CONFLICT (name) DO UPDATE SET version = excluded.version, checksums = excluded.checksums;
  END $keelson$`;
}

/** @throws TopologyError when a step was applied in other words. */
function checkSums(db: Database, { name }: Component, { sums, known }: Standing): void {
  const changed = known.findIndex((sum, at) => sums[at] !== undefined && sums[at] !== sum);
  if (changed < 0) return;
  throw new TopologyError(
    `postgres: step ${changed + 1} of ${name} was applied to the schema ${db.schema} in other words than ` +
      'this program has: a step is never changed, only followed',
  );
}

/**
 * Sees to it that the tables of a component are there: makes them, only looks, or trusts. Tables that are
 * newer than this program are fine, for steps only add. Where no checksums were written down they are now.
 *
 * @throws TopologyError when they are older, or not there, and may not be made; when a step that was applied
 * is not what this program has.
 */
export async function migrate(
  db: Database,
  component: Component,
  topology: 'ensure' | 'check' | 'none',
): Promise<void> {
  if (topology === 'none') return;
  const wanted = component.steps.length;
  const before = await standingOf(db, component);
  checkSums(db, component, before);
  const there = before.version >= wanted;
  if (there && (topology === 'check' || before.sums.length >= wanted)) return;
  if (topology === 'ensure') {
    try {
      await db.run(migrationOf(db.schema, component, before.known));
    } catch (error) {
      // The tables are all there, and only the checksums would be written: a role that may not is no mistake.
      if (there && factOf(error, 'code') === '42501') return;
      throw error;
    }
    // Another program may have been first, with other steps.
    checkSums(db, component, await standingOf(db, component));
    return;
  }
  const has = before.version === 0 ? 'no tables' : `version ${before.version} of the tables`;
  throw new TopologyError(
    `postgres: the schema ${db.schema} has ${has} of ${component.name}, this program needs ${wanted}`,
  );
}
