import type { ProvisionOptions, ServiceRole } from '../../data/provision.js';
import { checkPasswords } from '../../data/provision-passwords.js';
import { ProvisionError } from '../../data/service-database-errors.js';
import { errorText } from '../../kernel/error-words.js';
import { type MariadbClient, type MariadbPool, quoted, rowsOf } from './client.js';
import type { MariadbPlace } from './provision-place.js';
import { accountOf, statementsOf } from './provision-statements.js';

const hex = (bytes: Uint8Array): string =>
  Array.from(bytes, byte => byte.toString(16).padStart(2, '0')).join('');

/** What the server keeps of a password: sent in its place, so that no log of statements has the password. */
export async function nativeHash(password: string): Promise<string> {
  const once = await crypto.subtle.digest('SHA-1', new TextEncoder().encode(password));
  const twice = await crypto.subtle.digest('SHA-1', once);
  return `*${hex(new Uint8Array(twice)).toUpperCase()}`;
}

async function step(client: MariadbClient, sql: string): Promise<void> {
  try {
    await client.query(sql);
  } catch (cause) {
    throw new ProvisionError(`mariadb: ${errorText(cause).message}, in: ${sql}`, { cause });
  }
}

/** An error of the driver has the statement as a field: it is not handed on. */
async function setPassword(client: MariadbClient, account: string, password: string): Promise<void> {
  const hash = await nativeHash(password);
  try {
    await client.query(`ALTER USER ${account} IDENTIFIED VIA mysql_native_password USING '${hash}'`);
  } catch (error) {
    const { message, code = 'no code' } = errorText(error);
    const said = message.replaceAll(hash, '***').replaceAll(password, '***');
    throw new ProvisionError(`mariadb: ${said} (${code}), when the password of ${account} was set`);
  }
}

/** The views that are there: who reads sees them, and nothing else. */
async function grantViews(client: MariadbClient, place: MariadbPlace): Promise<void> {
  const text = 'SELECT TABLE_NAME AS name FROM information_schema.VIEWS WHERE TABLE_SCHEMA = ?';
  for (const { name } of await rowsOf(client, text, [place.schema])) {
    const view = `\`${place.schema}\`.\`${String(name).replaceAll('`', '``')}\``;
    await step(client, `GRANT SELECT ON ${view} TO ${accountOf(place.users.read, place)}`);
  }
}

/** Runs the plan, one at a time. The server commits each statement by itself; each may be run again. */
export async function provisionPlace(
  admin: MariadbPool,
  place: MariadbPlace,
  { passwords = {} }: ProvisionOptions<MariadbPool>,
): Promise<void> {
  const logins = Object.keys(place.users) as ServiceRole[];
  const secrets = checkPasswords(passwords, logins);
  const connection = await admin.getConnection();
  const lock = quoted(`keelson provision ${place.service}`);
  try {
    const [held] = await rowsOf(connection, `SELECT GET_LOCK(${lock}, 60) AS held`);
    if (Number(held!['held']) !== 1)
      throw new ProvisionError('mariadb: somebody else provisions the service');
    for (const sql of statementsOf(place)) await step(connection, sql);
    for (const { role, password } of secrets) {
      await setPassword(connection, accountOf(place.users[role as 'app'], place), password);
    }
    await grantViews(connection, place);
    await connection.query(`SELECT RELEASE_LOCK(${lock})`);
    connection.release();
  } catch (error) {
    // What it holds goes with it.
    connection.destroy();
    throw error;
  }
}
