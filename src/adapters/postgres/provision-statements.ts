import type { ProvisionPlan, ProvisionStatement } from '../../data/provision.js';
import { literal } from './names.js';
import { objectGrants } from './provision-grants.js';
import type { Place } from './provision-place.js';

/** A statement, and how it is run. */
export interface PlannedStatement extends ProvisionStatement {
  /** Whether it can be a part of a transaction. */
  readonly alone?: boolean;
  /** A query: where it answers with a row, the statement has nothing to do. */
  readonly unless?: string;
}

const block = (body: string): string => `DO $keelson$ BEGIN\n  ${body}\nEND $keelson$`;

/**
 * Only a superuser may speak of the first three attributes, even to deny them: so nobody does where they
 * are not.
 */
function roleStatements(role: string, may: string): readonly string[] {
  return [
    block(`IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = '${role}') THEN
    CREATE ROLE ${role};
  END IF;
  IF EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = '${role}'
      AND (rolsuper OR rolreplication OR rolbypassrls)) THEN
    ALTER ROLE ${role} NOSUPERUSER NOREPLICATION NOBYPASSRLS;
  END IF;`),
    `ALTER ROLE ${role} ${may} NOINHERIT NOCREATEDB NOCREATEROLE`,
  ];
}

/** What holds for each connection of a role; it may be changed for one, by who speaks on it. */
export function settingsOf(place: Place): Readonly<Record<string, Readonly<Record<string, string>>>> {
  const { roles, schema, own, shared, statementTimeoutMs, lockTimeoutMs, idleInTransactionMs } = place;
  const waits = { lock_timeout: lockTimeoutMs, idle_in_transaction_session_timeout: idleInTransactionMs };
  const of = (path: string, settings: Record<string, number | string>): Record<string, string> => {
    const all = { search_path: [path, ...shared].join(', '), ...settings };
    return Object.fromEntries(Object.entries(all).map(([name, value]) => [name, String(value)]));
  };
  const guarded = { statement_timeout: statementTimeoutMs, ...waits };
  return {
    // It makes everything as its owner; a migration may take its time, but nobody waits behind it for long.
    [roles.migrator]: of(schema, { role: roles.owner, ...waits }),
    [roles.app]: of(schema, guarded),
    [roles.relay]: of(own, guarded),
    [roles.read]: of(schema, guarded),
  };
}

function settingStatements(place: Place): readonly string[] {
  return Object.entries(settingsOf(place)).flatMap(([role, settings]) => {
    const said = Object.entries(settings).map(([name, value]) => {
      const text = name === 'search_path' ? value : literal(value);
      return `ALTER ROLE ${role} SET ${name} = ${text}`;
    });
    // It ends what was begun for who has left. Older servers do not know it, and some systems cannot do it.
    const check = block(`ALTER ROLE ${role} SET client_connection_check_interval = '5s';
EXCEPTION WHEN undefined_object OR invalid_parameter_value THEN NULL;`);
    return [...said, check];
  });
}

/** Whoever is no superuser has to be the owner for a while; in the transaction only. */
function borrowing(place: Place): { readonly take: string; readonly giveBack: string } {
  const { owner } = place.roles;
  return {
    take: block(`IF NOT pg_has_role(current_user, '${owner}',
      CASE WHEN current_setting('server_version_num')::int >= 160000 THEN 'SET' ELSE 'MEMBER' END) THEN
    GRANT ${owner} TO CURRENT_USER;
    PERFORM set_config('keelson.borrowed', '${owner}', true);
  END IF;`),
    giveBack: block(`IF current_setting('keelson.borrowed', true) = '${owner}' THEN
    REVOKE ${owner} FROM CURRENT_USER;
    PERFORM set_config('keelson.borrowed', '', true);
  END IF;`),
  };
}

function databaseStatements(place: Place): readonly string[] {
  const { owner, migrator, app, relay, read } = place.roles;
  const logins = [migrator, app, relay, read].join(', ');
  const isAlone = place.place === 'database';
  const all = isAlone ? `${logins}, ${owner}` : logins;
  const made = `\n  EXECUTE format('GRANT CONNECT, CREATE ON DATABASE %I TO ${owner}', current_database());`;
  return [
    block(`EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC, ${all}', current_database());
  EXECUTE format('GRANT CONNECT ON DATABASE %I TO ${logins}', current_database());${isAlone ? made : ''}
  REVOKE CREATE ON SCHEMA public FROM PUBLIC;`),
  ];
}

function schemaStatements(place: Place): readonly string[] {
  const { roles, schema, own } = place;
  const { owner, migrator, app, relay, read } = roles;
  const made = [schema, own].flatMap(name => [
    `CREATE SCHEMA IF NOT EXISTS ${name} AUTHORIZATION ${owner}`,
    block(`IF (SELECT nspowner FROM pg_catalog.pg_namespace WHERE nspname = '${name}') <>
      '${owner}'::regrole THEN
    ALTER SCHEMA ${name} OWNER TO ${owner};
  END IF;`),
    `REVOKE ALL ON SCHEMA ${name} FROM PUBLIC, ${migrator}, ${app}, ${relay}, ${read}`,
  ]);
  const standing = [schema, own].flatMap(name =>
    ['TABLES', 'SEQUENCES', 'ROUTINES'].map(
      what => `REVOKE ALL ON ALL ${what} IN SCHEMA ${name} FROM PUBLIC, ${migrator}, ${relay}, ${read}`,
    ),
  );
  const future = `ALTER DEFAULT PRIVILEGES FOR ROLE ${owner}`;
  const inSchema = `${future} IN SCHEMA ${schema}`;
  return [
    ...made,
    ...standing,
    `REVOKE TRUNCATE, REFERENCES, TRIGGER ON ALL TABLES IN SCHEMA ${schema} FROM ${app}`,
    `REVOKE UPDATE ON ALL SEQUENCES IN SCHEMA ${schema} FROM ${app}`,
    `GRANT USAGE ON SCHEMA ${schema} TO ${app}, ${read}`,
    `GRANT USAGE ON SCHEMA ${own} TO ${app}, ${relay}`,
    // What a function or a type lets everybody do unless somebody says no.
    `${future} REVOKE ALL ON ROUTINES FROM PUBLIC`,
    `${future} REVOKE ALL ON TYPES FROM PUBLIC`,
    `${inSchema} GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO ${app}`,
    `${inSchema} GRANT USAGE, SELECT ON SEQUENCES TO ${app}`,
    `${inSchema} GRANT EXECUTE ON ROUTINES TO ${app}`,
    `${inSchema} GRANT USAGE ON TYPES TO ${app}`,
    `GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA ${schema} TO ${app}`,
    `GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA ${schema} TO ${app}`,
    `GRANT EXECUTE ON ALL ROUTINES IN SCHEMA ${schema} TO ${app}`,
  ];
}

/** All that is run for a place, in its order. */
export function statementsOf(place: Place): readonly PlannedStatement[] {
  const { roles, connections, service } = place;
  const many = (most: number): string => `LOGIN CONNECTION LIMIT ${most}`;
  const { take, giveBack } = borrowing(place);
  const onServer = [
    ...roleStatements(roles.owner, 'NOLOGIN'),
    ...roleStatements(roles.migrator, many(connections.migrator)),
    ...roleStatements(roles.app, many(connections.app)),
    ...roleStatements(roles.relay, many(connections.relay)),
    ...roleStatements(roles.read, many(connections.read)),
    `GRANT ${roles.owner} TO ${roles.migrator}`,
    ...settingStatements(place),
  ];
  const inDatabase = [
    take,
    ...databaseStatements(place),
    ...schemaStatements(place),
    ...objectGrants(place),
    giveBack,
  ];
  const create: PlannedStatement = {
    sql: `CREATE DATABASE ${service}`,
    where: 'server',
    alone: true,
    unless: `SELECT 1 FROM pg_catalog.pg_database WHERE datname = '${service}'`,
  };
  return [
    ...onServer.map(sql => ({ sql, where: 'server' as const })),
    ...(place.place === 'database' ? [create] : []),
    ...inDatabase.map(sql => ({ sql, where: 'database' as const })),
  ];
}

/** The plan, as data and as a script. */
export function planOf(place: Place): ProvisionPlan {
  const statements = statementsOf(place);
  const lines = statements.flatMap(({ sql, where, unless }, at) => {
    const before = statements[at - 1];
    const moves = place.place === 'database' && where === 'database' && before?.where === 'server';
    return [
      ...(moves ? [`-- From here on in the database ${place.service}.`] : []),
      ...(unless === undefined ? [] : ['-- Unless it is there.']),
      `${sql};`,
    ];
  });
  const plain = statements.map(({ sql, where }) => ({ sql, where }));
  return { service: place.service, statements: plain, text: `${lines.join('\n')}\n` };
}
