import type { OwnershipFinding, OwnershipKind } from '../../data/ownership.js';
import { type MariadbClient, type MariadbRow, rowsOf } from './client.js';
import type { Accounts, Grantee } from './ownership-accounts.js';
import type { MariadbPlace } from './provision-place.js';
import { accountOf, patternOf, rightsOf, tableRightsOf } from './provision-statements.js';

/** Databases of the server itself; what everybody may read of them is nobody's leak. */
const ofServer = /* @__PURE__ */ new Set(['information_schema', 'performance_schema', 'sys']);

/** Whether a pattern of a grant, in which `_` and `%` stand for any signs, means a database. */
export function means(pattern: string, database: string): boolean {
  const signs = [...pattern.matchAll(/\\([\s\S])|([\s\S])/g)].map(([, told, plain]) => {
    if (plain === '_') return '.';
    if (plain === '%') return '.*';
    return (told ?? plain)!.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  });
  return new RegExp(`^${signs.join('')}$`, 'is').test(database);
}

const name = (...parts: readonly unknown[]): string =>
  parts.map(part => `\`${String(part).replaceAll('`', '``')}\``).join('.');

interface Right {
  readonly who: Grantee;
  readonly right: string;
  readonly isGrantable: boolean;
}

const rightOf = (accounts: Accounts, row: MariadbRow): Right => ({
  who: accounts.read(row['GRANTEE']),
  right: String(row['PRIVILEGE_TYPE']),
  isGrantable: row['IS_GRANTABLE'] === 'YES',
});

function leak(
  kind: OwnershipKind,
  object: string,
  { who, right, isGrantable }: Right,
  on: string,
  column?: string,
): OwnershipFinding {
  const says = `${who.name} may ${right} it${isGrantable ? ', and hand that on' : ''}`;
  const rights = column === undefined ? right : `${right} (${column})`;
  const mend = `REVOKE ${isGrantable ? `${rights}, GRANT OPTION` : rights} ON ${on} FROM ${who.name}`;
  return { kind, object, role: who.name, says, mend };
}

/** Rights on everything. */
async function onServer(client: MariadbClient, accounts: Accounts): Promise<OwnershipFinding[]> {
  const rows = await rowsOf(
    client,
    "SELECT * FROM information_schema.USER_PRIVILEGES WHERE PRIVILEGE_TYPE <> 'USAGE'",
  );
  // Any of these reads or changes data of all databases, or lets somebody do so.
  const touching =
    /^(?:SELECT|INSERT|UPDATE|DELETE.*|DROP|ALTER.*|CREATE.*|TRIGGER|EXECUTE|FILE|SUPER|INDEX|EVENT)$/;
  return rows.flatMap(row => {
    const right = rightOf(accounts, row);
    const { isOurs, isTrusted } = right.who;
    if (!isOurs && (isTrusted || right.who.user === 'mariadb.sys' || !touching.test(right.right))) return [];
    return [leak('global-grant', right.right, right, '*.*')];
  });
}

/** Rights on databases, by patterns: what means ours, and what of ours means others. */
async function onDatabases(
  client: MariadbClient,
  accounts: Accounts,
  place: MariadbPlace,
): Promise<OwnershipFinding[]> {
  const { schema, own } = place;
  const meant = new Set(
    rightsOf(place).flatMap(({ user, database, rights }) =>
      rights.map(right => `${accountOf(user, place)} ${patternOf(database)} ${right}`),
    ),
  );
  const rows = await rowsOf(client, 'SELECT * FROM information_schema.SCHEMA_PRIVILEGES');
  return rows.flatMap(row => {
    const right = rightOf(accounts, row);
    const pattern = String(row['TABLE_SCHEMA']);
    const on = `${name(pattern)}.*`;
    if (right.who.isTrusted) return [];
    const isExact = pattern === patternOf(schema) || pattern === patternOf(own);
    const isMeant = meant.has(`${right.who.name} ${pattern} ${right.right}`) && !right.isGrantable;
    if (right.who.isOurs) {
      return isMeant ? [] : [leak(isExact ? 'schema-grant' : 'foreign-grant', name(pattern), right, on)];
    }
    if (means(pattern, schema) || means(pattern, own))
      return [leak('schema-grant', name(pattern), right, on)];
    const isEverybody = right.who.name === 'PUBLIC' || right.who.user === '';
    return isEverybody && !ofServer.has(pattern) ? [leak('public-reach', name(pattern), right, on)] : [];
  });
}

/** Rights on tables and their columns. */
async function onTables(
  client: MariadbClient,
  accounts: Accounts,
  place: MariadbPlace,
): Promise<OwnershipFinding[]> {
  const { schema, own } = place;
  const views = await rowsOf(
    client,
    'SELECT TABLE_NAME AS name FROM information_schema.VIEWS WHERE TABLE_SCHEMA = ?',
    [schema],
  );
  const read = accountOf(place.users.read, place);
  const ofStores = new Set(
    tableRightsOf(place).flatMap(({ user, table, rights }) =>
      rights.map(right => `${accountOf(user, place)} ${table} ${right}`),
    ),
  );
  const isMeant = ({ who, right, isGrantable }: Right, row: MariadbRow): boolean => {
    if (isGrantable || row['COLUMN_NAME'] !== undefined) return false;
    const table = row['TABLE_NAME'];
    if (row['TABLE_SCHEMA'] === own) return ofStores.has(`${who.name} ${table} ${right}`);
    const isView = row['TABLE_SCHEMA'] === schema && views.some(view => view['name'] === table);
    return isView && who.name === read && right === 'SELECT';
  };
  const tables = await rowsOf(client, 'SELECT * FROM information_schema.TABLE_PRIVILEGES');
  const columns = await rowsOf(client, 'SELECT * FROM information_schema.COLUMN_PRIVILEGES');
  return [...tables, ...columns].flatMap(row => {
    const right = rightOf(accounts, row);
    const database = String(row['TABLE_SCHEMA']);
    const isHere = database === schema || database === own;
    const on = name(database, row['TABLE_NAME']);
    const column = row['COLUMN_NAME'] === undefined ? undefined : name(row['COLUMN_NAME']);
    const object = column === undefined ? on : `${on}.${column}`;
    const kind = column === undefined ? 'table-grant' : 'column-grant';
    if (right.who.isTrusted || isMeant(right, row)) return [];
    if (isHere) return [leak(kind, object, right, on, column)];
    if (right.who.isOurs) return [leak('foreign-grant', object, right, on, column)];
    const isEverybody = right.who.name === 'PUBLIC' || right.who.user === '';
    return isEverybody && !ofServer.has(database) && database !== 'mysql'
      ? [leak('public-reach', object, right, on, column)]
      : [];
  });
}

/** Rights on routines. */
async function onRoutines(
  client: MariadbClient,
  accounts: Accounts,
  place: MariadbPlace,
): Promise<OwnershipFinding[]> {
  const columns = `User AS user, Host AS host, Db AS db, Routine_name AS routine, Routine_type AS type,
    Proc_priv AS rights`;
  const rows = await rowsOf(client, `SELECT ${columns} FROM mysql.procs_priv`);
  return rows.flatMap(row => {
    const who = accounts.of(String(row['user']), String(row['host']));
    const isHere = row['db'] === place.schema || row['db'] === place.own;
    // Whoever makes a routine is given all rights on it.
    if (who.isTrusted || (isHere && who.user === place.users.migrator && who.isOurs)) return [];
    if (!isHere && !who.isOurs) return [];
    const object = name(row['db'], row['routine']);
    const right = { who, right: String(row['rights']), isGrantable: false };
    const found = leak(isHere ? 'routine-grant' : 'foreign-grant', object, right, `${row['type']} ${object}`);
    return [{ ...found, mend: `REVOKE ALL PRIVILEGES ON ${row['type']} ${object} FROM ${who.name}` }];
  });
}

/** All rights to what is ours, and of ours to what is not. */
export async function inspectGrants(
  client: MariadbClient,
  accounts: Accounts,
  place: MariadbPlace,
): Promise<OwnershipFinding[]> {
  return [
    ...(await onServer(client, accounts)),
    ...(await onDatabases(client, accounts, place)),
    ...(await onTables(client, accounts, place)),
    ...(await onRoutines(client, accounts, place)),
  ];
}
