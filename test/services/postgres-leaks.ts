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

export const postgresLeaks: readonly PostgresLeak[] = [
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
  {
    name: "a table of nobody that is everybody's",
    plant: 'CREATE TABLE public.notes (id int); GRANT SELECT ON public.notes TO PUBLIC',
    ...{ kind: 'public-reach', object: 'notes', role: 'PUBLIC' },
    undo: 'DROP TABLE public.notes',
  },
  {
    name: 'a function with the rights of its owner that others may call',
    plant: `CREATE FUNCTION $a.peek() RETURNS bigint LANGUAGE sql SECURITY DEFINER SET search_path = $a
      AS 'SELECT count(*) FROM thing'; ALTER FUNCTION $a.peek() OWNER TO $a_owner;
      GRANT EXECUTE ON FUNCTION $a.peek() TO PUBLIC`,
    ...{ kind: 'security-definer', object: '$a.peek()', role: 'PUBLIC' },
    undo: 'DROP FUNCTION $a.peek()',
  },
  {
    name: 'a function with the rights of somebody else that the app may call',
    plant: `CREATE FUNCTION public.spy() RETURNS bigint LANGUAGE sql SECURITY DEFINER
      AS 'SELECT count(*) FROM $b.thing'`,
    ...{ kind: 'security-definer', object: 'spy()', role: 'PUBLIC' },
    undo: 'DROP FUNCTION public.spy()',
  },
  {
    name: 'a function with the rights of its owner and the search path of its caller',
    plant: `CREATE FUNCTION $a.loose() RETURNS bigint LANGUAGE sql SECURITY DEFINER
      AS 'SELECT 1::bigint'; REVOKE ALL ON FUNCTION $a.loose() FROM PUBLIC;
      ALTER FUNCTION $a.loose() OWNER TO $a_owner`,
    ...{ kind: 'search-path', object: '$a.loose()', role: '' },
    undo: 'DROP FUNCTION $a.loose()',
  },
  {
    name: 'a view into the schema of another',
    plant: `CREATE VIEW $a.joined AS SELECT t.id FROM $a.thing t JOIN $b.thing USING (id);
      ALTER VIEW $a.joined OWNER TO $a_owner`,
    ...{ kind: 'cross-schema-view', object: '$a.joined', role: '$a_owner' },
    undo: 'DROP VIEW $a.joined',
  },
  {
    name: 'a view of another into this schema',
    plant: 'CREATE VIEW $b.borrowed AS SELECT id FROM $a.thing; ALTER VIEW $b.borrowed OWNER TO $b_owner',
    ...{ kind: 'cross-schema-view', object: '$b.borrowed', role: '$b_owner' },
    undo: 'DROP VIEW $b.borrowed',
  },
  {
    name: 'a foreign key to the table of another',
    plant: 'ALTER TABLE $a.thing ADD CONSTRAINT far FOREIGN KEY (id) REFERENCES $b.thing (id)',
    ...{ kind: 'cross-schema-foreign-key', object: '$a.thing', role: '$a_owner' },
  },
  {
    name: 'a child of the table of another',
    plant: 'CREATE TABLE $a.child () INHERITS ($b.thing); ALTER TABLE $a.child OWNER TO $a_owner',
    ...{ kind: 'cross-schema-inheritance', object: '$a.child', role: '$a_owner' },
    undo: 'DROP TABLE $a.child',
  },
  {
    name: 'a trigger that calls a function of another',
    plant: `CREATE FUNCTION $b.hear() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
      ALTER FUNCTION $b.hear() OWNER TO $b_owner;
      CREATE TRIGGER heard AFTER INSERT ON $a.thing FOR EACH ROW EXECUTE FUNCTION $b.hear()`,
    ...{ kind: 'cross-schema-trigger', object: '$a.thing', role: '$b_owner' },
    undo: 'DROP TRIGGER heard ON $a.thing; DROP FUNCTION $b.hear()',
  },
  {
    name: 'a default out of the sequence of another',
    plant: `ALTER TABLE $a.thing ALTER COLUMN n SET DEFAULT nextval('$b.thing_n_seq')`,
    ...{ kind: 'cross-schema-default', object: '$a.thing', role: '$a_owner' },
    undo: `ALTER TABLE $a.thing ALTER COLUMN n SET DEFAULT nextval('$a.thing_n_seq')`,
  },
  {
    name: 'a table that belongs to another',
    plant: 'CREATE TABLE $a.squat (id int); ALTER TABLE $a.squat OWNER TO $b_owner',
    ...{ kind: 'foreign-owner', object: '$a.squat', role: '$b_owner' },
    undo: 'DROP TABLE $a.squat',
  },
  {
    name: 'a schema that belongs to another',
    plant: 'ALTER SCHEMA $a OWNER TO $stranger',
    ...{ kind: 'foreign-owner', object: '$a', role: '$stranger' },
    undo: 'ALTER SCHEMA $a OWNER TO $a_owner',
  },
  {
    name: 'an object outside of the schemas',
    plant: 'CREATE TABLE public.lost (id int); ALTER TABLE public.lost OWNER TO $a_app',
    ...{ kind: 'stray-object', object: 'public.lost', role: '$a_app' },
    undo: 'DROP TABLE public.lost',
  },
  {
    name: 'a schema in which everybody may make objects',
    plant: 'GRANT CREATE ON SCHEMA public TO PUBLIC',
    ...{ kind: 'public-create', object: 'public', role: 'PUBLIC' },
  },
  {
    name: 'a database into which everybody comes',
    plant: 'GRANT CONNECT, TEMPORARY ON DATABASE $database TO PUBLIC',
    ...{ kind: 'database-grant', object: '$database', role: 'PUBLIC' },
  },
  {
    name: 'an app that may make schemas',
    plant: 'GRANT CREATE ON DATABASE $database TO $a_app',
    ...{ kind: 'database-grant', object: '$database', role: '$a_app' },
  },
  {
    name: 'a right in another database',
    plant: 'GRANT CONNECT ON DATABASE postgres TO $a_app',
    ...{ kind: 'foreign-grant', object: 'postgres', role: '$a_app' },
  },
  {
    name: 'a foreign server with an account for the app',
    plant: `CREATE FOREIGN DATA WRAPPER far; CREATE SERVER there FOREIGN DATA WRAPPER far;
      CREATE USER MAPPING FOR $a_app SERVER there`,
    ...{ kind: 'foreign-server', object: 'there', role: '$a_app' },
    undo: 'DROP FOREIGN DATA WRAPPER far CASCADE',
  },
  {
    name: 'a foreign server that the app may use',
    plant: `CREATE FOREIGN DATA WRAPPER far; CREATE SERVER there FOREIGN DATA WRAPPER far;
      GRANT USAGE ON FOREIGN SERVER there TO $a_app`,
    ...{ kind: 'foreign-grant', object: 'there', role: '$a_app' },
    undo: 'DROP FOREIGN DATA WRAPPER far CASCADE',
  },
  {
    name: 'a table whose rows are on another server',
    plant: `CREATE FOREIGN DATA WRAPPER far; CREATE SERVER there FOREIGN DATA WRAPPER far;
      CREATE FOREIGN TABLE $a.remote (id int) SERVER there; ALTER FOREIGN TABLE $a.remote OWNER TO
        $a_owner`,
    ...{ kind: 'foreign-table', object: '$a.remote', role: '$a_owner' },
    undo: 'DROP FOREIGN DATA WRAPPER far CASCADE',
  },
  {
    name: 'a publication of its tables',
    plant: 'CREATE PUBLICATION heard FOR TABLE $a.thing',
    ...{ kind: 'publication', object: 'heard', role: '$admin' },
    undo: 'DROP PUBLICATION heard',
  },
  {
    name: "a large object that is everybody's",
    plant:
      'SELECT lo_create(4711); ALTER LARGE OBJECT 4711 OWNER TO $a_app; ' +
      'GRANT SELECT ON LARGE OBJECT 4711 TO PUBLIC',
    ...{ kind: 'large-object-grant', object: '4711', role: 'PUBLIC' },
    undo: 'SELECT lo_unlink(4711)',
  },
];
