import { checkKeys, isRecord, refuse, show } from '../kernel/options.js';
import { lintSql } from './ownership-lint.js';
import type { SqlDialect } from './ownership-tokens.js';
import { MigrationError } from './service-database-errors.js';

/** A step of the schema of a service. Once it was applied it is never changed, only followed. */
export interface Migration {
  /** Its name, of 1 to 100 characters, such as `'001-orders'`: once in a list. */
  readonly id: string;
  /**
   * One or more statements, without parameters, that can all be rolled back where the server can do that.
   */
  readonly sql: string;
}

/** A migration as the database remembers it. */
export interface AppliedMigration {
  /** That of the migration. */
  readonly id: string;
  /** That of its text, in hex. */
  readonly checksum: string;
}

/** How the migrations of a program and those of a database stand to each other. */
export interface MigrationReport {
  /** Those that were applied just now, in their order. */
  readonly applied: readonly string[];
  /** Those that are still to be applied. */
  readonly pending: readonly string[];
  /** Those that the database has and this program does not know, after all that it knows. */
  readonly newer: readonly string[];
}

const LONGEST_ID = 100;
const owner = 'ServiceDatabase';

/** So that a checkout with other line ends is no other text. */
export const migrationText = ({ id, sql }: Migration): string => `${id}\n${sql.replaceAll('\r\n', '\n')}`;

/** Statements that would end the transaction around them. */
const ending = /^(?:BEGIN|START\s+TRANSACTION|COMMIT|END|ROLLBACK|ABORT|PREPARE\s+TRANSACTION)\b/i;

/** What a service may name, and in whose words. */
interface Borders {
  readonly schemas: readonly string[];
  readonly dialect: SqlDialect;
}

/**
 * Checks a list of migrations by what they say alone. `schemas` are those that they may name.
 *
 * @throws TypeError for a list that is none; MigrationError for one that reaches into another schema, or
 * would end its transaction.
 */
export function checkMigrations(migrations: unknown, { schemas, dialect }: Borders): readonly Migration[] {
  if (!Array.isArray(migrations)) refuse(owner, 'migrations', 'an array of { id, sql }', migrations);
  const seen = new Set<string>();
  return (migrations as readonly unknown[]).map((migration, at) => {
    const where = `migrations.${at}`;
    if (!isRecord(migration)) return refuse(owner, where, 'an object with `id` and `sql`', migration);
    checkKeys(owner, migration, ['id', 'sql']);
    const { id, sql } = migration;
    if (typeof id !== 'string' || !/^[\x20-\x7e]+$/.test(id) || id.length > LONGEST_ID) {
      return refuse(owner, `${where}.id`, `a text of 1 to ${LONGEST_ID} printable ASCII characters`, id);
    }
    if (seen.has(id)) return refuse(owner, `${where}.id`, 'one that no other has', id);
    seen.add(id);
    if (typeof sql !== 'string' || sql.trim() === '') {
      return refuse(owner, `${where}.sql`, 'SQL, and not none', typeof sql === 'string' ? '' : sql);
    }
    checkText(id, sql, { schemas, dialect });
    return { id, sql };
  });
}

function checkText(id: string, sql: string, { schemas, dialect }: Borders): void {
  const { foreign, statements } = lintSql(sql, schemas, dialect);
  const [first] = foreign;
  if (first !== undefined) {
    const { object, line } = first;
    const says = `line ${line} names ${object}, which is not of this service`;
    throw new MigrationError(`migration ${show(id)}: ${says}`, { reason: 'foreign', migration: id });
  }
  const end = statements.find(({ text }) => ending.test(text));
  if (end === undefined) return;
  const says = `line ${end.line} would end the transaction around it`;
  throw new MigrationError(`migration ${show(id)}: ${says}`, { reason: 'transaction', migration: id });
}

/**
 * Compares what a program knows with what was applied, both in their order.
 *
 * @throws MigrationError for one that was edited, or stands at another place.
 */
export function migrationStanding(
  known: readonly AppliedMigration[],
  applied: readonly AppliedMigration[],
): Omit<MigrationReport, 'applied'> {
  known.slice(0, applied.length).forEach(({ id, checksum }, at) => {
    const there = applied[at]!;
    const facts = { migration: id };
    if (there.id !== id) {
      const says = `the database has ${show(there.id)} at place ${at + 1}, this program ${show(id)}`;
      throw new MigrationError(`${says}: migrations are never reordered, only followed`, {
        ...facts,
        reason: 'order',
      });
    }
    if (there.checksum !== checksum) {
      const says = `migration ${show(id)} was applied in other words than this program has`;
      throw new MigrationError(`${says}: one that was applied is never edited, only followed`, {
        ...facts,
        reason: 'edited',
      });
    }
  });
  const ids = (list: readonly AppliedMigration[]): string[] => list.map(({ id }) => id);
  return { pending: ids(known.slice(applied.length)), newer: ids(applied.slice(known.length)) };
}
