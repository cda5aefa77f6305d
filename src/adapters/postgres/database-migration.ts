import type { AppliedMigration, Migration, MigrationReport } from '../../data/migration.js';
import { migrationStanding, migrationText } from '../../data/migration.js';
import type { MigrationFootprint } from '../../data/service-database-driver.js';
import { MigrationError } from '../../data/service-database-errors.js';
import { type Clock, systemClock } from '../../kernel/clock.js';
import { errorText } from '../../kernel/error-words.js';
import { factOf } from '../../kernel/errors.js';
import type { PostgresClient } from './client.js';
import { Database } from './database.js';
import { inTransaction, runScript } from './database-transaction.js';
import { migrate as migrateComponent } from './migration.js';
import { lockOf } from './names.js';
import { componentsOf, objectGrants } from './provision-grants.js';
import type { Place, PostgresPool } from './provision-place.js';

/** The tables of this package may take so long, the wait for who makes them included. */
const patience = 120_000;

const database = (client: PostgresClient, { own }: Place, clock: Clock): Database =>
  new Database(client, own, clock, patience);

/** As the owner, waiting for who else migrates, and after that not long for anybody. */
const asOwner = ({ roles, schema, own, shared, migrationWaitMs, lockTimeoutMs }: Place): string =>
  [
    `SET LOCAL ROLE ${roles.owner}`,
    `SET LOCAL search_path = ${[schema, ...shared].join(', ')}`,
    'SET LOCAL statement_timeout = 0',
    'SET LOCAL idle_in_transaction_session_timeout = 0',
    `SET LOCAL lock_timeout = ${migrationWaitMs}`,
    `SELECT pg_advisory_xact_lock(${lockOf(`migrations of ${own}`)})`,
    `SET LOCAL lock_timeout = ${lockTimeoutMs}`,
  ].join('; ');

/** The server reckons the checksums, as it does those of the tables of this package. */
async function sumsOf(client: PostgresClient, migrations: readonly Migration[]): Promise<AppliedMigration[]> {
  const text = `SELECT encode(sha256(convert_to(text, 'UTF8')), 'hex') AS checksum
    FROM json_array_elements_text($1::json) WITH ORDINALITY t(text, place) ORDER BY place`;
  const { rows } = await client.query(text, [JSON.stringify(migrations.map(migrationText))]);
  const sums = rows as readonly { readonly checksum: string }[];
  return migrations.map(({ id }, at) => ({ id, checksum: sums[at]!.checksum }));
}

async function ledgerOf(client: PostgresClient, { own }: Place): Promise<AppliedMigration[]> {
  const { rows } = await client.query(`SELECT id, checksum FROM ${own}.migration ORDER BY place`);
  return rows as AppliedMigration[];
}

/** How far it has come, as far as the role of the client may see. */
export async function footprintOf(
  client: PostgresClient,
  place: Place,
  migrations: readonly Migration[],
): Promise<MigrationFootprint> {
  const known = await sumsOf(client, migrations);
  const { rows } = await client.query(`SELECT to_regclass('${place.own}.migration') IS NOT NULL AS there`);
  const there = (rows[0] as { readonly there: boolean }).there;
  return { known, applied: there ? await ledgerOf(client, place) : [] };
}

/** Which transaction it is: a migration that ended it has begun another one. */
async function transactionOf(client: PostgresClient): Promise<unknown> {
  const { rows } = await client.query('SELECT txid_current()::text AS id');
  return (rows[0] as { readonly id: string }).id;
}

async function apply(client: PostgresClient, place: Place, migration: Migration, sum: string): Promise<void> {
  const { id, sql } = migration;
  const before = await transactionOf(client);
  await runScript(client, sql);
  const at = `(SELECT coalesce(max(place), 0) + 1 FROM ${place.own}.migration)`;
  // Whatever role and path it has taken is not that of the statement after it.
  await runScript(client, `SET LOCAL ROLE ${place.roles.owner}`);
  if ((await transactionOf(client)) !== before) {
    const which = `migration ${JSON.stringify(id)}`;
    const says = `${which} has ended its transaction: what it did before that has stayed`;
    throw new MigrationError(says, { reason: 'transaction', migration: id });
  }
  const text = `INSERT INTO ${place.own}.migration (place, id, checksum) VALUES (${at}, $1, $2)`;
  await client.query(text, [id, sum]);
}

/** Applies the first that is pending, in a transaction of its own; its id, or what there is to report. */
async function applyNext(
  pool: PostgresPool,
  place: Place,
  migrations: readonly Migration[],
): Promise<string | Omit<MigrationReport, 'applied'>> {
  let next: string | undefined;
  try {
    return await inTransaction(pool, { mode: {}, script: asOwner(place) }, async transaction => {
      const known = await sumsOf(transaction, migrations);
      const standing = migrationStanding(known, await ledgerOf(transaction, place));
      next = standing.pending[0];
      const at = known.findIndex(({ id }) => id === next);
      if (next === undefined) return standing;
      await apply(transaction, place, migrations[at]!, known[at]!.checksum);
      return next;
    });
  } catch (cause) {
    if (next === undefined || String(factOf(cause, 'code')).startsWith('ERR_')) throw cause;
    const { message } = errorText(cause);
    const says = `migration ${JSON.stringify(next)} failed, and nothing of it is left: ${message}`;
    throw new MigrationError(`postgres: ${says}`, { reason: 'failed', migration: next, cause });
  }
}

/**
 * Brings the tables of this package, then those of the service, up to date, and lets nobody else see them.
 */
export async function migratePlace(
  pool: PostgresPool,
  place: Place,
  migrations: readonly Migration[],
  clock: Clock = systemClock,
): Promise<MigrationReport> {
  const own = { mode: {}, script: asOwner(place) };
  await inTransaction(pool, own, async transaction => {
    for (const component of componentsOf(place)) {
      await migrateComponent(database(transaction, place, clock), component, 'ensure');
    }
  });
  const applied: string[] = [];
  for (;;) {
    const came = await applyNext(pool, place, migrations);
    if (typeof came === 'string') {
      applied.push(came);
      continue;
    }
    await inTransaction(pool, own, async transaction => {
      for (const grant of objectGrants(place)) await runScript(transaction, grant);
    });
    return { applied, ...came };
  }
}
