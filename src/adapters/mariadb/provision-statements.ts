import type { ProvisionPlan } from '../../data/provision.js';
import { barrierTables } from './barrier-tables.js';
import { quoted } from './client.js';
import { componentStatements } from './component-tables.js';
import { outboxTables } from './outbox-tables.js';
import type { MariadbPlace } from './provision-place.js';

/** An account as SQL names it. */
export const accountOf = (user: string, { host }: Pick<MariadbPlace, 'host'>): string =>
  `'${user}'@${quoted(host)}`;

/** A database in a grant, where `_` and `%` stand for any signs unless they are told not to. */
export const patternOf = (database: string): string => database.replace(/[_%\\]/g, '\\$&');

/** What each account may do in each database of the place. */
export function rightsOf(place: MariadbPlace): readonly {
  readonly user: string;
  readonly database: string;
  readonly rights: readonly string[];
}[] {
  const { users, schema, own } = place;
  const rows = ['SELECT', 'INSERT', 'UPDATE', 'DELETE'];
  const makes = ['CREATE', 'ALTER', 'DROP', 'INDEX', 'REFERENCES', 'LOCK TABLES', 'TRIGGER'];
  const code = ['CREATE VIEW', 'SHOW VIEW', 'CREATE ROUTINE', 'ALTER ROUTINE', 'EXECUTE'];
  return [
    { user: users.migrator, database: schema, rights: [...rows, ...makes, ...code] },
    { user: users.migrator, database: own, rights: [...rows, 'CREATE', 'ALTER', 'INDEX'] },
    { user: users.app, database: schema, rights: [...rows, 'EXECUTE'] },
    { user: users.app, database: own, rights: ['SELECT'] },
  ];
}

/** What each account may do in the tables of this package: the app takes nothing out of the outbox. */
export function tableRightsOf({ users, stores }: MariadbPlace): readonly {
  readonly user: string;
  readonly table: string;
  readonly rights: readonly string[];
}[] {
  const rows = ['SELECT', 'INSERT', 'UPDATE', 'DELETE'];
  const { app, relay } = users;
  const outbox = ['outbox', 'outbox_key', 'outbox_bucket', 'outbox_relay'];
  const forRelay = (user: string) => [
    { user: app, table: 'outbox', rights: ['INSERT'] },
    { user, table: 'component', rights: ['SELECT'] },
    ...outbox.map(table => ({ user, table, rights: rows })),
  ];
  return [
    // That it may read all of the database it is told elsewhere.
    ...(stores.includes('inbox') ? [{ user: app, table: 'barrier', rights: rows.slice(1) }] : []),
    ...(relay === undefined ? [] : forRelay(relay)),
  ];
}

const components = { outbox: outboxTables, inbox: barrierTables };

/** All that is run for a place, in its order. None of it takes anything away that somebody may be using. */
export function statementsOf(place: MariadbPlace): readonly string[] {
  const { users, connections, schema, own, statementTimeoutMs } = place;
  const longest = String(statementTimeoutMs / 1_000);
  const bounds = Object.entries(users).map(([name, user]) => {
    // A migration may take its time.
    const statement = name === 'migrator' ? '' : ` MAX_STATEMENT_TIME ${longest}`;
    const most = connections[name as keyof typeof connections];
    return `ALTER USER ${accountOf(user, place)} WITH MAX_USER_CONNECTIONS ${most}${statement}`;
  });
  return [
    ...[schema, own].map(name => `CREATE DATABASE IF NOT EXISTS \`${name}\` CHARACTER SET utf8mb4`),
    // Without this an account that has no password yet would let everybody in.
    ...Object.values(users).map(
      user =>
        `CREATE USER IF NOT EXISTS ${accountOf(user, place)} ` +
        "IDENTIFIED VIA mysql_native_password USING 'invalid'",
    ),
    ...bounds,
    ...rightsOf(place).map(
      ({ user, database, rights }) =>
        `GRANT ${rights.join(', ')} ON \`${patternOf(database)}\`.* TO ${accountOf(user, place)}`,
    ),
    ...place.stores.flatMap(store => componentStatements(own, components[store])),
    ...tableRightsOf(place).map(
      ({ user, table, rights }) =>
        `GRANT ${rights.join(', ')} ON \`${own}\`.\`${table}\` TO ${accountOf(user, place)}`,
    ),
  ];
}

/** The plan, as data and as a script. */
export function planOf(place: MariadbPlace): ProvisionPlan {
  const statements = statementsOf(place);
  const plain = statements.map(sql => ({ sql, where: 'server' as const }));
  return { service: place.service, statements: plain, text: `${statements.join(';\n')};\n` };
}
