import {
  type AppliedMigration,
  type Migration,
  type MigrationReport,
  migrationStanding,
  migrationText,
} from '../../data/migration.js';
import { lintSql } from '../../data/ownership-lint.js';
import type { MigrationFootprint } from '../../data/service-database-driver.js';
import { MigrationError } from '../../data/service-database-errors.js';
import { errorText } from '../../kernel/error-words.js';
import { type MariadbClient, type MariadbPool, quoted, rowsOf } from './client.js';
import { type MariadbPlace, seconds } from './provision-place.js';

/**
 * The server commits each change of a table by itself, so that a migration of two may stop between them.
 * It is therefore written down before and after each statement how far it has come: `done` of them are
 * done, and `begun` is one more while one runs. `prefix` is the checksum of those that are done.
 */
const ledger = (own: string): string => `CREATE TABLE IF NOT EXISTS \`${own}\`.migration (
    place int NOT NULL PRIMARY KEY,
    id varchar(100) CHARACTER SET ascii COLLATE ascii_bin NOT NULL UNIQUE,
    checksum char(64) CHARACTER SET ascii NOT NULL,
    done int NOT NULL DEFAULT 0,
    begun int NOT NULL DEFAULT 0,
    prefix char(64) CHARACTER SET ascii NOT NULL DEFAULT '',
    finished_at timestamp(6) NULL
  ) ENGINE = InnoDB`;

async function sumOf(client: MariadbClient, text: string): Promise<string> {
  const [row] = await rowsOf(client, 'SELECT SHA2(CONVERT(? USING utf8mb4), 256) AS sum', [text]);
  return row!['sum'] as string;
}

async function knownOf(client: MariadbClient, migrations: readonly Migration[]): Promise<AppliedMigration[]> {
  const known: AppliedMigration[] = [];
  for (const migration of migrations) {
    known.push({ id: migration.id, checksum: await sumOf(client, migrationText(migration)) });
  }
  return known;
}

interface Entry extends AppliedMigration {
  readonly done: number;
  readonly begun: number;
  readonly prefix: string;
  readonly isDone: boolean;
}

async function ledgerOf(client: MariadbClient, own: string): Promise<readonly Entry[]> {
  const columns = 'id, checksum, done, begun, prefix, finished_at IS NOT NULL AS finished';
  const rows = await rowsOf(client, `SELECT ${columns} FROM \`${own}\`.migration ORDER BY place`);
  return rows.map(row => ({
    id: String(row['id']),
    checksum: String(row['checksum']),
    done: Number(row['done']),
    begun: Number(row['begun']),
    prefix: String(row['prefix']),
    isDone: Number(row['finished']) === 1,
  }));
}

/** How far it has come; changes nothing. */
export async function footprintOf(
  client: MariadbClient,
  { own }: MariadbPlace,
  migrations: readonly Migration[],
): Promise<MigrationFootprint> {
  const known = await knownOf(client, migrations);
  const text = 'SELECT 1 FROM information_schema.TABLES WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ?';
  const there = (await rowsOf(client, text, [own, 'migration'])).length > 0;
  const all = there ? await ledgerOf(client, own) : [];
  return { known, applied: all.filter(({ isDone }) => isDone) };
}

/** One migration, from the statement on at which it stopped. */
class Run {
  readonly #client: MariadbClient;
  readonly #own: string;
  readonly #migration: Migration;

  constructor(client: MariadbClient, own: string, migration: Migration) {
    this.#client = client;
    this.#own = own;
    this.#migration = migration;
  }

  async go(checksum: string, before: Entry | undefined): Promise<void> {
    const { id, sql } = this.#migration;
    const statements = lintSql(sql.replaceAll('\r\n', '\n'), [], 'mariadb').statements.map(one => one.sql);
    if (before !== undefined) await this.#resume(before, statements);
    const place = `(SELECT coalesce(max(place), 0) + 1 FROM \`${this.#own}\`.migration AS m)`;
    if (before === undefined) {
      const text = `INSERT INTO \`${this.#own}\`.migration (place, id, checksum) VALUES (${place}, ?, ?)`;
      await this.#client.query(text, [id, checksum]);
    }
    for (let at = before?.done ?? 0; at < statements.length; at++) {
      await this.#write({ begun: at + 1 });
      await this.#statement(statements[at]!, at);
      await this.#write({ done: at + 1, prefix: await this.#sum(statements.slice(0, at + 1)) });
    }
    const end = `UPDATE \`${this.#own}\`.migration SET checksum = ?, finished_at = NOW(6) WHERE id = ?`;
    await this.#client.query(end, [checksum, id]);
  }

  /** What was done has to be what stands there, and what was begun has to have ended. */
  async #resume({ done, begun, prefix }: Entry, statements: readonly string[]): Promise<void> {
    const { id } = this.#migration;
    const name = JSON.stringify(id);
    if (begun > done) {
      const says = `nobody knows whether statement ${begun} of migration ${name} was done`;
      const set = `UPDATE \`${this.#own}\`.migration SET done = …, begun = … WHERE id = ${quoted(id)}`;
      const hint = `look, and write down ${begun} or ${done} for both: ${set}`;
      throw new MigrationError(`mariadb: ${says}; ${hint}`, { reason: 'uncertain', migration: id });
    }
    if (done === 0 || prefix === '' || (await this.#sum(statements.slice(0, done))) === prefix) return;
    const says = `the first ${done} statements of migration ${name} were applied in other words`;
    throw new MigrationError(`mariadb: ${says}`, { reason: 'edited', migration: id });
  }

  async #statement(sql: string, at: number): Promise<void> {
    try {
      await this.#client.query(sql);
    } catch (cause) {
      const { sqlState, fatal } = cause as { sqlState?: unknown; fatal?: unknown };
      // The server said no, so that it is known to be undone; otherwise it stays as begun.
      if (typeof sqlState === 'string' && fatal !== true) await this.#write({ begun: at });
      const { id } = this.#migration;
      const which = `statement ${at + 1} of migration ${JSON.stringify(id)}`;
      const says = `${which} failed: ${errorText(cause).message}`;
      const rest = at === 0 ? 'nothing of it is left' : `the ${at} before it were done, and stay`;
      throw new MigrationError(`mariadb: ${says}; ${rest}`, { reason: 'failed', migration: id, cause });
    }
  }

  #sum(statements: readonly string[]): Promise<string> {
    return sumOf(this.#client, statements.join(';\n'));
  }

  async #write(facts: Partial<Record<'begun' | 'done' | 'prefix', number | string>>): Promise<void> {
    const set = Object.keys(facts).map(name => `${name} = ?`);
    const text = `UPDATE \`${this.#own}\`.migration SET ${set.join(', ')} WHERE id = ?`;
    await this.#client.query(text, [...Object.values(facts), this.#migration.id]);
  }
}

async function applyAll(
  client: MariadbClient,
  place: MariadbPlace,
  migrations: readonly Migration[],
): Promise<MigrationReport> {
  const { own } = place;
  await client.query(ledger(own));
  const known = await knownOf(client, migrations);
  const applied: string[] = [];
  const entries = await ledgerOf(client, own);
  const standing = migrationStanding(
    known,
    entries.filter(({ isDone }) => isDone),
  );
  for (const id of standing.pending) {
    const at = known.findIndex(one => one.id === id);
    const open = entries.find(one => !one.isDone);
    if (open !== undefined && open.id !== id && applied.length === 0) {
      const says = `migration ${JSON.stringify(open.id)} has stopped half way`;
      throw new MigrationError(`mariadb: ${says}, and this program does not have it next`, {
        reason: 'order',
        migration: open.id,
      });
    }
    const before = open?.id === id ? open : undefined;
    await new Run(client, own, migrations[at]!).go(known[at]!.checksum, before);
    applied.push(id);
  }
  return { applied, pending: [], newer: standing.newer };
}

/** Brings the tables of a service up to date, on one connection, while nobody else does. */
export async function migratePlace(
  pool: MariadbPool,
  place: MariadbPlace,
  migrations: readonly Migration[],
): Promise<MigrationReport> {
  const { service, schema, migrationWaitMs, lockTimeoutMs } = place;
  const connection = await pool.getConnection();
  try {
    const name = quoted(`keelson migrations ${service}`);
    const wait = seconds(migrationWaitMs);
    const [row] = await rowsOf(connection, `SELECT GET_LOCK(${name}, ${wait}) AS held`);
    if (Number(row!['held']) !== 1) {
      const says = `another program has migrated ${service} for longer than ${migrationWaitMs} ms`;
      throw new MigrationError(`mariadb: ${says}`, { reason: 'locked', migration: '' });
    }
    // All others wait behind a change of a table that waits.
    const most = seconds(lockTimeoutMs);
    await connection.query(`SET SESSION lock_wait_timeout = ${most}, innodb_lock_wait_timeout = ${most}`);
    await connection.query(`USE \`${schema}\``);
    return await applyAll(connection, place, migrations);
  } finally {
    // The lock, the database that it is in and its settings go with it.
    connection.destroy();
  }
}
