import type { PostgresLeak } from './postgres-leaks.js';

/** Ways around all grants. */
export const reachLeaks: readonly PostgresLeak[] = [
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
