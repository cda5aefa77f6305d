import { nameOf } from './ownership-scope.js';
import type { Place } from './provision-place.js';

/** The database itself: nobody comes in who has no business here, and nobody makes schemas in it. */
export const databases = ({ place, roles }: Place): string => `SELECT 'database-grant' AS kind,
    format('%I', d.datname) AS object, g.name AS role,
    format('%s may %s', g.name, string_agg(a.privilege_type, ', ' ORDER BY a.privilege_type)) AS says,
    format('REVOKE %s ON DATABASE %I FROM %s', string_agg(a.privilege_type, ', '), d.datname,
      CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE format('%I', g.name) END) AS mend
  FROM pg_catalog.pg_database d
  CROSS JOIN LATERAL aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) a
  CROSS JOIN LATERAL (SELECT ${nameOf('a.grantee')} AS name) g
  WHERE d.datname = current_database() AND a.grantee <> d.datdba AND (a.grantee = 0
    OR a.grantee IN (SELECT oid FROM part) AND (a.is_grantable OR a.privilege_type <> 'CONNECT')
      AND NOT (${place === 'database'} AND g.name = '${roles.owner}' AND NOT a.is_grantable)
    OR ${place === 'database'} AND NOT EXISTS (SELECT FROM accepted s WHERE s.oid = a.grantee))
  GROUP BY d.datname, a.grantee, g.name`;

/** Where anybody may make something, a name that is found first can be made there. */
export const publicCreate = `SELECT 'public-create' AS kind, format('%I', n.nspname) AS object, 'PUBLIC' AS
  role,
    'everybody may make objects in it, to be found by those who leave out the schema' AS says,
    format('REVOKE CREATE ON SCHEMA %I FROM PUBLIC', n.nspname) AS mend
  FROM pg_catalog.pg_namespace n CROSS JOIN LATERAL aclexplode(coalesce(n.nspacl, acldefault('n',
    n.nspowner))) a
  WHERE a.grantee = 0 AND a.privilege_type = 'CREATE' AND n.oid NOT IN (SELECT oid FROM mine)
    AND n.nspname !~ '^pg_(toast|temp)'`;

/** What is another's and everybody's: the service can touch it without anybody having said so. */
export const publicReach = `SELECT CASE r.definer WHEN true THEN 'security-definer' ELSE 'public-reach' END
  AS kind,
    r.object, 'PUBLIC' AS role, format('everybody may %s it%s', string_agg(r.right, ', ' ORDER BY r.right),
      CASE WHEN r.definer THEN ', with the rights of ' || pg_catalog.pg_get_userbyid(r.owner) ELSE '' END)
        AS says,
    format('REVOKE ALL ON %s %s FROM PUBLIC', r.what, r.object) AS mend
  FROM (
    SELECT CASE c.relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END AS what, c.oid::regclass::text AS
      object,
      a.privilege_type AS right, a.grantee, c.relnamespace AS space, false AS definer, c.relowner AS owner,
      'pg_catalog.pg_class'::regclass AS class, c.oid AS oid
    FROM pg_catalog.pg_class c CROSS JOIN LATERAL aclexplode(c.relacl) a
    UNION ALL
    SELECT 'TABLE', c.oid::regclass::text, format('%s (%I)', a.privilege_type, t.attname), a.grantee,
      c.relnamespace, false, c.relowner, 'pg_catalog.pg_class'::regclass, c.oid
    FROM pg_catalog.pg_attribute t JOIN pg_catalog.pg_class c ON c.oid = t.attrelid
    CROSS JOIN LATERAL aclexplode(t.attacl) a
    UNION ALL
    SELECT 'ROUTINE', f.oid::regprocedure::text, a.privilege_type, a.grantee, f.pronamespace, true,
      f.proowner,
      'pg_catalog.pg_proc'::regclass, f.oid
    FROM pg_catalog.pg_proc f
    CROSS JOIN LATERAL aclexplode(coalesce(f.proacl, acldefault('f', f.proowner))) a WHERE f.prosecdef
  ) r
  WHERE r.grantee = 0 AND r.space IN (SELECT oid FROM reachable)
    AND EXISTS (SELECT FROM part p WHERE p.part <> 'owner' AND has_schema_privilege(p.oid, r.space,
      'USAGE'))
    AND NOT EXISTS (SELECT FROM extended e WHERE e.classid = r.class AND e.objid = r.oid)
  GROUP BY r.definer, r.what, r.object, r.owner`;

/**
 * A function with the rights of its owner finds what its caller wants it to, unless it says where to look.
 */
export const openDefiners = `SELECT 'search-path' AS kind, f.oid::regprocedure::text AS object, '' AS role,
    'it runs with the rights of its owner and looks for names where its caller says' AS says,
    format('ALTER ROUTINE %s SET search_path = %I, pg_temp', f.oid::regprocedure, s.name) AS mend
  FROM pg_catalog.pg_proc f JOIN mine s ON s.oid = f.pronamespace
  WHERE f.prosecdef AND NOT EXISTS (SELECT FROM unnest(f.proconfig) c WHERE c LIKE 'search_path=%')`;

/** Two tables of which one is ours and the other is neither ours, the server's, nor an extension's. */
const apart = (one: string, other: string): string => `(
    ${one}.relnamespace IN (SELECT oid FROM mine) AND ${other}.relnamespace IN (SELECT oid FROM reachable)
      AND NOT EXISTS (SELECT FROM extended e WHERE e.classid = 'pg_catalog.pg_class'::regclass
        AND e.objid = ${other}.oid)
    OR ${other}.relnamespace IN (SELECT oid FROM mine) AND ${one}.relnamespace IN (SELECT oid FROM
      reachable))`;

const crossing = (kind: string, what: string, drop: string, joins: string): string => `
  SELECT DISTINCT '${kind}' AS kind, a.oid::regclass::text AS object,
    pg_catalog.pg_get_userbyid(a.relowner)::text AS role, format('${what} %s', b.oid::regclass) AS says,
    ${drop} AS mend
  FROM ${joins} WHERE ${apart('a', 'b')}`;

const views = (): string =>
  crossing(
    'cross-schema-view',
    'it shows rows of',
    `format('DROP VIEW %s, and keep a copy that events feed', a.oid::regclass)`,
    `pg_catalog.pg_rewrite w JOIN pg_catalog.pg_class a ON a.oid = w.ev_class
    JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_rewrite'::regclass AND d.objid = w.oid
      AND d.refclassid = 'pg_catalog.pg_class'::regclass
    JOIN pg_catalog.pg_class b ON b.oid = d.refobjid`,
  );
const foreignKeys = (): string =>
  crossing(
    'cross-schema-foreign-key',
    'its rows hang on those of',
    `format('ALTER TABLE %s DROP CONSTRAINT %I', a.oid::regclass, k.conname)`,
    `pg_catalog.pg_constraint k JOIN pg_catalog.pg_class a ON a.oid = k.conrelid
    JOIN pg_catalog.pg_class b ON b.oid = k.confrelid AND k.contype = 'f'`,
  );
const children = (): string =>
  crossing(
    'cross-schema-inheritance',
    'it is a part of',
    `format('ALTER TABLE %s NO INHERIT %s, or DETACH PARTITION', a.oid::regclass, b.oid::regclass)`,
    `pg_catalog.pg_inherits i JOIN pg_catalog.pg_class a ON a.oid = i.inhrelid
    JOIN pg_catalog.pg_class b ON b.oid = i.inhparent`,
  );
const columnDefaults = (): string =>
  crossing(
    'cross-schema-default',
    'a column takes its default from',
    `format('ALTER TABLE %s ALTER COLUMN %I DROP DEFAULT', a.oid::regclass,
      (SELECT attname FROM pg_catalog.pg_attribute t WHERE t.attrelid = v.adrelid AND t.attnum = v.adnum))`,
    `pg_catalog.pg_attrdef v JOIN pg_catalog.pg_class a ON a.oid = v.adrelid
    JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_attrdef'::regclass AND d.objid = v.oid
      AND d.refclassid = 'pg_catalog.pg_class'::regclass
    JOIN pg_catalog.pg_class b ON b.oid = d.refobjid`,
  );

const triggers = `SELECT 'cross-schema-trigger' AS kind, c.oid::regclass::text AS object,
    pg_catalog.pg_get_userbyid(f.proowner)::text AS role,
    format('each change of it calls %s', f.oid::regprocedure) AS says,
    format('DROP TRIGGER %I ON %s', t.tgname, c.oid::regclass) AS mend
  FROM pg_catalog.pg_trigger t JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid
  JOIN pg_catalog.pg_proc f ON f.oid = t.tgfoid
  WHERE NOT t.tgisinternal AND (c.relnamespace IN (SELECT oid FROM mine)
      AND f.pronamespace IN (SELECT oid FROM reachable)
    OR f.pronamespace IN (SELECT oid FROM mine) AND c.relnamespace IN (SELECT oid FROM reachable))
    AND NOT EXISTS (SELECT FROM extended e WHERE e.classid = 'pg_catalog.pg_proc'::regclass AND e.objid =
      f.oid)`;

/** What is read by whom the grants do not name. */
const publications = `SELECT 'publication' AS kind, format('%I', p.pubname) AS object,
    pg_catalog.pg_get_userbyid(u.pubowner)::text AS role,
    format('it sends the rows of %s tables to whoever subscribes', count(*)) AS says,
    format('DROP PUBLICATION %I, or ALTER PUBLICATION %1$I DROP TABLE %s', p.pubname,
      string_agg(format('%I.%I', p.schemaname, p.tablename), ', ')) AS mend
  FROM pg_catalog.pg_publication_tables p JOIN pg_catalog.pg_publication u ON u.pubname = p.pubname
  WHERE p.schemaname IN (SELECT name FROM mine) AND u.pubowner NOT IN (SELECT oid FROM accepted WHERE oid
    IN (
    SELECT r.oid FROM pg_catalog.pg_roles r WHERE NOT r.rolsuper))
  GROUP BY p.pubname, u.pubowner`;

const remotes = `SELECT 'foreign-table' AS kind, c.oid::regclass::text AS object,
    pg_catalog.pg_get_userbyid(c.relowner)::text AS role, format('its rows are on the server %s',
      s.srvname) AS says,
    format('DROP FOREIGN TABLE %s, and keep a copy that events feed', c.oid::regclass) AS mend
  FROM pg_catalog.pg_foreign_table t JOIN pg_catalog.pg_class c ON c.oid = t.ftrelid
  JOIN pg_catalog.pg_foreign_server s ON s.oid = t.ftserver WHERE c.relnamespace IN (SELECT oid FROM mine)
  UNION ALL
  SELECT 'foreign-server', format('%I', m.srvname), m.usename::text,
    format('%s has an account there', m.usename),
    format('DROP USER MAPPING FOR %s SERVER %I', CASE m.umuser WHEN 0 THEN 'PUBLIC' ELSE
      quote_ident(m.usename) END,
      m.srvname)
  FROM pg_catalog.pg_user_mappings m WHERE m.umuser = 0 OR m.umuser IN (SELECT oid FROM part)
  UNION ALL
  SELECT 'foreign-server', format('%I', s.srvname), 'PUBLIC', 'everybody may use it',
    format('REVOKE ALL ON FOREIGN SERVER %I FROM PUBLIC', s.srvname)
  FROM pg_catalog.pg_foreign_server s CROSS JOIN LATERAL aclexplode(s.srvacl) a WHERE a.grantee = 0
  UNION ALL
  SELECT 'large-object-grant', l.oid::text, 'PUBLIC', format('everybody may %s it', a.privilege_type),
    format('REVOKE ALL ON LARGE OBJECT %s FROM PUBLIC', l.oid)
  FROM pg_catalog.pg_largeobject_metadata l CROSS JOIN LATERAL aclexplode(l.lomacl) a
  WHERE a.grantee = 0 AND l.lomowner NOT IN (SELECT oid FROM part)`;

export const reachLooks = (place: Place): readonly string[] => [
  databases(place),
  publicCreate,
  publicReach,
  openDefiners,
  ...[views(), foreignKeys(), children(), columnDefaults(), triggers, publications, remotes],
];
