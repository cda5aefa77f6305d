/** A leak: what is planted, and the finding that has to name it; `$a` and `$b` are the two services. */
export interface PostgresLeak {
  readonly name: string;
  readonly plant: string;
  readonly kind: string;
  readonly object: string;
  readonly role: string;
  /** Where what is to be done is not one statement. */
  readonly undo?: string;
}

/** What is granted, and what roles are. */
export const grantLeaks: readonly PostgresLeak[] = [
  {
    name: 'a grant of a table to PUBLIC',
    plant: 'GRANT SELECT ON $a.thing TO PUBLIC',
    ...{ kind: 'table-grant', object: '$a.thing', role: 'PUBLIC' },
  },
  {
    name: 'a grant of a table to the app of another service',
    plant: 'GRANT UPDATE ON $a.thing TO $b_app',
    ...{ kind: 'table-grant', object: '$a.thing', role: '$b_app' },
  },
  {
    name: 'a right of the app that no row needs',
    plant: 'GRANT TRUNCATE ON $a.thing TO $a_app',
    ...{ kind: 'table-grant', object: '$a.thing', role: '$a_app' },
  },
  {
    name: 'a right that can be handed on',
    plant: 'GRANT SELECT ON $a.thing TO $a_app WITH GRANT OPTION',
    ...{ kind: 'table-grant', object: '$a.thing', role: '$a_app' },
    undo: 'REVOKE GRANT OPTION FOR SELECT ON $a.thing FROM $a_app',
  },
  {
    name: 'an app that may take out of the outbox',
    plant: 'GRANT DELETE ON $a_keelson.outbox TO $a_app',
    ...{ kind: 'table-grant', object: '$a_keelson.outbox', role: '$a_app' },
  },
  {
    name: 'a relay that may read the tables of the service',
    plant: 'GRANT SELECT ON $a.thing TO $a_relay',
    ...{ kind: 'table-grant', object: '$a.thing', role: '$a_relay' },
  },
  {
    name: 'a reader of more than views',
    plant: 'GRANT SELECT ON $a.thing TO $a_read',
    ...{ kind: 'table-grant', object: '$a.thing', role: '$a_read' },
  },
  {
    name: 'a grant of a column',
    plant: 'GRANT SELECT (secret) ON $a.thing TO $b_app',
    ...{ kind: 'column-grant', object: '$a.thing.secret', role: '$b_app' },
  },
  {
    name: 'a grant of a sequence',
    plant: 'GRANT USAGE ON SEQUENCE $a.thing_n_seq TO $b_app',
    ...{ kind: 'sequence-grant', object: '$a.thing_n_seq', role: '$b_app' },
  },
  {
    name: 'a grant of a function',
    plant: 'GRANT EXECUTE ON FUNCTION $a.twice(int) TO PUBLIC',
    ...{ kind: 'routine-grant', object: '$a.twice(integer)', role: 'PUBLIC' },
  },
  {
    name: 'a grant of a type',
    plant: 'GRANT USAGE ON TYPE $a.mood TO $b_owner',
    ...{ kind: 'type-grant', object: '$a.mood', role: '$b_owner' },
  },
  {
    name: 'a grant of the schema',
    plant: 'GRANT USAGE ON SCHEMA $a TO $b_app',
    ...{ kind: 'schema-grant', object: '$a', role: '$b_app' },
  },
  {
    name: 'an app that may make tables',
    plant: 'GRANT CREATE ON SCHEMA $a TO $a_app',
    ...{ kind: 'schema-grant', object: '$a', role: '$a_app' },
  },
  {
    name: 'a stranger with a grant',
    plant: 'GRANT INSERT ON $a.thing TO $stranger',
    ...{ kind: 'table-grant', object: '$a.thing', role: '$stranger' },
  },
  {
    name: 'a role that is inherited from another service',
    plant: 'GRANT $b_app TO $a_app',
    ...{ kind: 'role-membership', object: '$b_app', role: '$a_app' },
  },
  {
    name: 'a stranger that is a member of a role of the service',
    plant: 'GRANT $a_app TO $stranger',
    ...{ kind: 'role-membership', object: '$a_app', role: '$stranger' },
  },
  {
    name: 'a role of the server that reads all data',
    plant: 'GRANT pg_read_all_data TO $a_app',
    ...{ kind: 'role-membership', object: 'pg_read_all_data', role: '$a_app' },
  },
  {
    name: 'a superuser',
    plant: 'ALTER ROLE $a_app SUPERUSER',
    ...{ kind: 'role-attribute', object: 'SUPERUSER', role: '$a_app' },
  },
  {
    name: 'a role past the policies of rows',
    plant: 'ALTER ROLE $a_read BYPASSRLS',
    ...{ kind: 'role-attribute', object: 'BYPASSRLS', role: '$a_read' },
  },
  {
    name: 'a role that makes roles',
    plant: 'ALTER ROLE $a_migrator CREATEROLE',
    ...{ kind: 'role-attribute', object: 'CREATEROLE', role: '$a_migrator' },
  },
  {
    name: 'an owner that logs in',
    plant: 'ALTER ROLE $a_owner LOGIN',
    ...{ kind: 'role-attribute', object: 'LOGIN', role: '$a_owner' },
  },
  {
    name: 'connections without a limit',
    plant: 'ALTER ROLE $a_app CONNECTION LIMIT -1',
    ...{ kind: 'role-limit', object: 'CONNECTION LIMIT', role: '$a_app' },
  },
  {
    name: 'a statement that may take for ever',
    plant: 'ALTER ROLE $a_app SET statement_timeout = 0',
    ...{ kind: 'role-limit', object: 'statement_timeout', role: '$a_app' },
  },
  {
    name: 'a search path through the schema of another',
    plant: 'ALTER ROLE $a_app SET search_path = $a, $b',
    ...{ kind: 'search-path', object: 'search_path', role: '$a_app' },
  },
  {
    name: 'a search path of this database only',
    plant: 'ALTER ROLE $a_app IN DATABASE $database SET search_path = "$user", public',
    ...{ kind: 'search-path', object: 'search_path', role: '$a_app' },
    undo: 'ALTER ROLE $a_app IN DATABASE $database RESET search_path',
  },
  {
    name: 'default privileges for another service',
    plant: 'ALTER DEFAULT PRIVILEGES FOR ROLE $a_owner IN SCHEMA $a GRANT SELECT ON TABLES TO $b_app',
    ...{ kind: 'default-privilege', object: 'TABLES of $a_owner in $a', role: '$b_app' },
  },
  {
    name: "functions to come that are everybody's",
    plant: 'ALTER DEFAULT PRIVILEGES FOR ROLE $a_owner GRANT EXECUTE ON ROUTINES TO PUBLIC',
    ...{ kind: 'default-privilege', object: 'ROUTINES of $a_owner', role: 'PUBLIC' },
  },
  {
    name: 'default privileges of another service for this one',
    plant: 'ALTER DEFAULT PRIVILEGES FOR ROLE $b_owner IN SCHEMA $b GRANT SELECT ON TABLES TO $a_app',
    ...{ kind: 'default-privilege', object: 'TABLES of $b_owner in $b', role: '$a_app' },
  },
  {
    name: 'a grant on the table of another service',
    plant: 'GRANT SELECT ON $b.thing TO $a_app',
    ...{ kind: 'foreign-grant', object: '$b.thing', role: '$a_app' },
  },
  {
    name: 'a grant on a column of another service',
    plant: 'GRANT SELECT (secret) ON $b.thing TO $a_read',
    ...{ kind: 'foreign-grant', object: '$b.thing.secret', role: '$a_read' },
    undo: 'REVOKE SELECT (secret) ON $b.thing FROM $a_read',
  },
];
