import { TopologyError } from '../../kernel/bus-errors.js';
import { type MariadbClient, quoted, rowsOf } from './client.js';
import type { OwnDatabase } from './own-database.js';

/** A part of this package that has tables of its own, and how they came to be what they are. */
export interface MariadbComponent {
  readonly name: string;
  /**
   * Step n, from 1, makes version n out of the one before. The server commits each of its statements by
   * itself, so that each can be run again. A step is never changed, only followed: the text of each that was
   * applied is known by its checksum, and another text is refused.
   */
  readonly steps: readonly ((database: string) => readonly string[])[];
}

/** What stands in the database, and the checksums of the steps that this program knows. */
interface Standing {
  /** The version that is there; 0 for none. */
  readonly version: number;
  readonly sums: readonly string[];
  readonly known: readonly string[];
}

/** How long another program may take that makes the same tables, in seconds. */
const LOCK_SECONDS = 60;

const componentTable = (d: string): string => `CREATE TABLE IF NOT EXISTS ${d}.component (
    name varchar(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
    version int NOT NULL,
    checksums text CHARACTER SET ascii NOT NULL
  ) ENGINE = InnoDB`;

/** The same in every database. */
const textOf = (step: (database: string) => readonly string[]): string => step('any_database').join(';\n');

async function sumsOf(client: MariadbClient, { steps }: MariadbComponent): Promise<readonly string[]> {
  const sums: string[] = [];
  for (const step of steps) {
    const text = 'SELECT SHA2(CONVERT(? USING utf8mb4), 256) AS sum';
    const [row] = await rowsOf(client, text, [textOf(step)]);
    sums.push(String(row!['sum']));
  }
  return sums;
}

async function standingOf(
  client: MariadbClient,
  database: string,
  component: MariadbComponent,
): Promise<Standing> {
  const known = await sumsOf(client, component);
  const text = 'SELECT 1 FROM information_schema.TABLES WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ?';
  const there = await rowsOf(client, text, [database, 'component']);
  if (there.length === 0) return { version: 0, sums: [], known };
  const kept = `SELECT version, checksums FROM ${database}.component WHERE name = ?`;
  const [row] = await rowsOf(client, kept, [component.name]);
  if (row === undefined) return { version: 0, sums: [], known };
  return { version: Number(row['version']), sums: String(row['checksums']).split(' '), known };
}

/** @throws TopologyError when a step was applied in other words. */
function checkSums(database: string, name: string, { sums, known }: Standing): void {
  const changed = known.findIndex((sum, at) => sums[at] !== undefined && sums[at] !== sum);
  if (changed < 0) return;
  throw new TopologyError(
    `mariadb: step ${changed + 1} of ${name} was applied to the database ${database} in other words than ` +
      'this program has: a step is never changed, only followed',
  );
}

/** All that makes the tables; again, where some of them are there, or a newer program has made more. */
export function componentStatements(database: string, { name, steps }: MariadbComponent): readonly string[] {
  const sums = steps.map(step => `SHA2(CONVERT(${quoted(textOf(step))} USING utf8mb4), 256)`);
  const row = `${quoted(name)}, ${steps.length}, CONCAT_WS(' ', ${sums.join(', ')})`;
  return [
    componentTable(database),
    ...steps.flatMap(step => step(database)),
    `INSERT INTO ${database}.component (name, version, checksums) VALUES (${row})
      ON DUPLICATE KEY UPDATE checksums = IF(version >= ${steps.length}, checksums, VALUES(checksums)),
        version = greatest(version, VALUES(version))`,
  ];
}

/** One program at a time, on one connection. */
async function make(db: OwnDatabase, component: MariadbComponent): Promise<void> {
  const connection = await db.pool.getConnection();
  const lock = quoted(`keelson ${db.name}`);
  try {
    const [held] = await rowsOf(connection, `SELECT GET_LOCK(${lock}, ${LOCK_SECONDS}) AS held`);
    if (Number(held!['held']) !== 1) {
      const says = `another program has made the tables of ${db.name} for longer than ${LOCK_SECONDS} s`;
      throw new TopologyError(`mariadb: ${says}`);
    }
    const standing = await standingOf(connection, db.name, component);
    checkSums(db.name, component.name, standing);
    if (standing.version < component.steps.length) {
      const place = 'SELECT 1 FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = ?';
      // Who may not make databases may still make tables in one that is there.
      if ((await rowsOf(connection, place, [db.name])).length === 0) {
        await connection.query(`CREATE DATABASE IF NOT EXISTS ${db.name} CHARACTER SET utf8mb4`);
      }
      for (const sql of componentStatements(db.name, component)) await connection.query(sql);
    }
    await connection.query(`SELECT RELEASE_LOCK(${lock})`);
    connection.release();
  } catch (error) {
    // What it holds goes with it.
    connection.destroy();
    throw error;
  }
}

/**
 * Sees to it that the tables of a component are there: makes them, only looks, or trusts. Tables that are
 * newer than this program are fine, for steps only add.
 *
 * @throws TopologyError when they are older, or not there, and may not be made; when a step that was applied
 * is not what this program has.
 */
export async function migrateComponent(
  db: OwnDatabase,
  component: MariadbComponent,
  topology: 'ensure' | 'check' | 'none',
): Promise<void> {
  if (topology === 'none') return;
  const wanted = component.steps.length;
  const before = await standingOf(db.pool, db.name, component);
  checkSums(db.name, component.name, before);
  if (before.version >= wanted) return;
  if (topology === 'ensure') return make(db, component);
  const has = before.version === 0 ? 'no tables' : `version ${before.version} of the tables`;
  throw new TopologyError(
    `mariadb: the database ${db.name} has ${has} of ${component.name}, this program needs ${wanted}`,
  );
}
