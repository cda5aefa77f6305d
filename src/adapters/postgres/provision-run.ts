import type { ProvisionOptions, ServiceRole } from '../../data/provision.js';
import { checkPasswords } from '../../data/provision-passwords.js';
import { ProvisionError } from '../../data/service-database-errors.js';
import { errorText } from '../../kernel/error-words.js';
import type { PostgresClient } from './client.js';
import { inTransaction, runScript } from './database-transaction.js';
import { literal, lockOf } from './names.js';
import type { Place, PostgresPool } from './provision-place.js';
import { scramVerifier } from './provision-secret.js';
import { type PlannedStatement, statementsOf } from './provision-statements.js';

const logins: readonly ServiceRole[] = ['migrator', 'app', 'relay', 'read'];

/** Roles are those of the whole server, so that all who provision anything wait for each other. */
const whole = () => ({ mode: {}, script: `SELECT pg_advisory_xact_lock(${lockOf('provision')})` });

async function step(client: PostgresClient, { sql }: PlannedStatement): Promise<void> {
  try {
    await runScript(client, sql);
  } catch (cause) {
    const text = sql.length > 200 ? `${sql.slice(0, 200)} …` : sql;
    throw new ProvisionError(`postgres: ${errorText(cause).message}, in: ${text}`, { cause });
  }
}

/**
 * An error of the server may quote the statement that it stands in: its words are kept, without the secret.
 */
async function setPassword(client: PostgresClient, role: string, password: string): Promise<void> {
  const verifier = await scramVerifier(password);
  try {
    await client.query(`ALTER ROLE ${role} PASSWORD ${literal(verifier)}`);
  } catch (error) {
    const { message, code = 'no code' } = errorText(error);
    const said = message.replaceAll(verifier, '***').replaceAll(password, '***');
    throw new ProvisionError(`postgres: ${said} (${code}), when the password of ${role} was set`);
  }
}

/** Runs the plan: what one transaction can hold is done together or not at all. */
export async function provisionPlace(
  admin: PostgresPool,
  place: Place,
  { passwords = {}, inside }: ProvisionOptions<PostgresPool>,
): Promise<void> {
  const secrets = checkPasswords(passwords, logins);
  const all = statementsOf(place);
  const onServer = all.filter(({ where, alone: isAlone }) => where === 'server' && isAlone !== true);
  const inDatabase = all.filter(({ where }) => where === 'database');
  const setAll = async (client: PostgresClient): Promise<void> => {
    for (const { role, password } of secrets) await setPassword(client, place.roles[role], password);
  };
  if (place.place === 'schema') {
    await inTransaction(admin, whole(), async client => {
      for (const one of [...onServer, ...inDatabase]) await step(client, one);
      await setAll(client);
    });
    return;
  }
  await inTransaction(admin, whole(), async client => {
    for (const one of onServer) await step(client, one);
    await setAll(client);
  });
  for (const one of all.filter(({ alone: isAlone }) => isAlone === true)) {
    const { rows } = await admin.query(one.unless!);
    // Two who make it at once: one is told that it is there, and that is what it wanted.
    if (rows.length === 0) await step(admin, one).catch(error => ignoreDuplicate(error));
  }
  await inTransaction(await insideOf(admin, place, inside), whole(), async client => {
    for (const one of inDatabase) await step(client, one);
  });
}

function ignoreDuplicate(error: unknown): void {
  const { code } = ((error as ProvisionError).cause ?? {}) as { code?: string };
  // It is there, or was made between the look and the statement.
  if (code !== '42P04' && code !== '23505') throw error;
}

async function insideOf(
  admin: PostgresPool,
  { service }: Place,
  inside: ProvisionOptions<PostgresPool>['inside'],
): Promise<PostgresPool> {
  if (inside !== undefined) return inside(service);
  const { rows } = await admin.query('SELECT current_database() AS name');
  if ((rows[0] as { readonly name: string }).name === service) return admin;
  throw new ProvisionError(
    `postgres: the database ${service} is there; \`inside\` has to connect to it for the rest`,
  );
}
