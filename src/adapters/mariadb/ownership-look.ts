import type { OwnershipFinding } from '../../data/ownership.js';
import { OwnershipUnseenError } from '../../data/service-database-errors.js';
import { type MariadbClient, rowsOf } from './client.js';
import { inspectAccounts, inspectRoles } from './ownership-accounts.js';
import { inspectCode } from './ownership-code.js';
import { inspectGrants } from './ownership-grants.js';
import type { MariadbPlace } from './provision-place.js';

const textOf = ({ kind, object, role, says }: OwnershipFinding): string =>
  [kind, object, role, says].join('\n');

/** Errors of who may not look: at a table, a column, or a database. */
const denied: readonly unknown[] = /* @__PURE__ */ Object.freeze([1142, 1143, 1044]);

/**
 * All grants of the server, by who may read `mysql`: the first finding of each kind, object and role.
 *
 * @throws OwnershipUnseenError for an account that sees its own grants only; errors of the client.
 */
export async function inspectPlace(
  client: MariadbClient,
  place: MariadbPlace,
  limit: number,
): Promise<readonly OwnershipFinding[]> {
  try {
    return await allFindings(client, place, limit);
  } catch (cause) {
    if (!denied.includes((cause as { errno?: unknown } | null)?.errno)) throw cause;
    const [row] = await rowsOf(client, 'SELECT CURRENT_USER() AS name');
    const says = `the account ${String(row!['name'])} sees its own grants only, not those of others`;
    const hint = 'give `verifyOwnership` a client of an account that may read the database mysql';
    throw new OwnershipUnseenError(`mariadb: ${says}: ${hint}, such as the one that provisions`, { cause });
  }
}

async function allFindings(
  client: MariadbClient,
  place: MariadbPlace,
  limit: number,
): Promise<readonly OwnershipFinding[]> {
  const { accounts, findings } = await inspectAccounts(client, place);
  const text = 'SELECT SCHEMA_NAME AS name FROM information_schema.SCHEMATA WHERE SCHEMA_NAME IN (?, ?)';
  const there = (await rowsOf(client, text, [place.schema, place.own])).map(({ name }) => name);
  const missing = [place.schema, place.own].flatMap((object): OwnershipFinding[] => {
    if (there.includes(object)) return [];
    const says = 'the database is not there';
    return [{ kind: 'missing-schema', object, role: '', says, mend: 'provision the service' }];
  });
  const all = [
    ...missing,
    ...findings,
    ...(await inspectRoles(client, accounts)),
    ...(await inspectGrants(client, accounts, place)),
    ...(await inspectCode(client, place)),
  ];
  const order = new Map(all.map(finding => [textOf(finding), finding]));
  return [...order]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, finding]) => finding)
    .slice(0, limit);
}
