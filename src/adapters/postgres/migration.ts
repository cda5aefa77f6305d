import { TopologyError } from '../../kernel/bus-errors.js';
import type { Database } from './database.js';
import { lockOf } from './names.js';

/** A part of the schema that has tables of its own, and how they came to be what they are. */
export interface Component {
  readonly name: string;
  /** Step n, from 1, makes version n out of the one before. A step is never changed, only followed. */
  readonly steps: readonly ((schema: string) => string)[];
}

/** The version that is there; 0 for none. */
async function versionOf(db: Database, name: string): Promise<number> {
  const { schema } = db;
  const [there] = await db.run(`SELECT to_regclass('${schema}.component') IS NOT NULL AS there`);
  if (there?.['there'] !== true) return 0;
  const [row] = await db.run(`SELECT version::text FROM ${schema}.component WHERE name = $1`, [name]);
  return Number(row?.['version'] ?? 0);
}

/** One statement, so one transaction: all of it or nothing, and one process at a time. */
function migrationOf(schema: string, { name, steps }: Component): string {
  const made = steps.map((step, at) => `IF v < ${at + 1} THEN ${step(schema)} END IF;`);
  return `DO $keelson$ DECLARE v int; BEGIN
    PERFORM pg_advisory_xact_lock(${lockOf(schema)});
    IF to_regnamespace('${schema}') IS NULL THEN CREATE SCHEMA ${schema}; END IF;
    CREATE TABLE IF NOT EXISTS ${schema}.component (name text PRIMARY KEY, version int NOT NULL);
    SELECT version INTO v FROM ${schema}.component WHERE name = '${name}';
    v := coalesce(v, 0);
    ${made.join('\n    ')}
    INSERT INTO ${schema}.component VALUES ('${name}', greatest(v, ${steps.length}))
      ON CONFLICT (name) DO UPDATE SET version = excluded.version;
  END $keelson$`;
}

/**
 * Sees to it that the tables of a component are there: makes them, only looks, or trusts. Tables that are
 * newer than this program are fine, for steps only add.
 *
 * @throws TopologyError when they are older, or not there, and may not be made.
 */
export async function migrate(
  db: Database,
  component: Component,
  topology: 'ensure' | 'check' | 'none',
): Promise<void> {
  if (topology === 'none') return;
  const wanted = component.steps.length;
  const there = await versionOf(db, component.name);
  if (there >= wanted) return;
  if (topology === 'ensure') {
    await db.run(migrationOf(db.schema, component));
    return;
  }
  const has = there === 0 ? 'no tables' : `version ${there} of the tables`;
  throw new TopologyError(
    `postgres: the schema ${db.schema} has ${has} of ${component.name}, this program needs ${wanted}`,
  );
}
