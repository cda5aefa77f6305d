import { literal } from './names.js';
import type { Place } from './provision-place.js';
import { settingsOf } from './provision-statements.js';

/** Roles and schemas that are not there: without them nothing else says much. */
export function missingIn({ roles, schema, own }: Place): string {
  const names = Object.values(roles).map(role => `('${role}')`);
  return `SELECT 'missing-role' AS kind, w.name AS object, w.name AS role, 'the role is not there' AS says,
      'provision the service' AS mend
    FROM (VALUES ${names.join(', ')}) AS w(name)
    WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_roles r WHERE r.rolname = w.name)
    UNION ALL
    SELECT 'missing-schema', w.name, '', 'the schema is not there', 'provision the service'
    FROM (VALUES ('${schema}'), ('${own}')) AS w(name)
    WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_namespace n WHERE n.nspname = w.name)`;
}

/** What a role can do by itself, past all grants. */
export const attributes = `SELECT 'role-attribute' AS kind, a.attribute AS object, p.name AS role,
    format('%s is %s', p.name, a.attribute) AS says, format('ALTER ROLE %I NO%s', p.name, a.attribute) AS
      mend
  FROM part p JOIN pg_catalog.pg_roles r ON r.oid = p.oid
  CROSS JOIN LATERAL (VALUES ('SUPERUSER', r.rolsuper), ('BYPASSRLS', r.rolbypassrls),
    ('CREATEROLE', r.rolcreaterole), ('CREATEDB', r.rolcreatedb), ('REPLICATION', r.rolreplication),
    ('LOGIN', r.rolcanlogin AND p.part = 'owner')) AS a(attribute, has)
  WHERE a.has
  UNION ALL
  SELECT 'role-limit', 'CONNECTION LIMIT', p.name, 'it may take all connections of the server',
    format('ALTER ROLE %I CONNECTION LIMIT 20', p.name)
  FROM part p JOIN pg_catalog.pg_roles r ON r.oid = p.oid WHERE r.rolconnlimit < 0 AND p.part <> 'owner'`;

/** Whoever is a member of a role has all that it has, or can take it. */
export const memberships = `SELECT 'role-membership' AS kind, g.rolname::text AS object, m.rolname::text AS
  role,
    format('%s has all that %s has', m.rolname, g.rolname) AS says,
    format('REVOKE %I FROM %I', g.rolname, m.rolname) AS mend
  FROM pg_catalog.pg_auth_members a
  JOIN pg_catalog.pg_roles g ON g.oid = a.roleid JOIN pg_catalog.pg_roles m ON m.oid = a.member
  WHERE (EXISTS (SELECT FROM part p WHERE p.oid = a.member)
      OR EXISTS (SELECT FROM part p WHERE p.oid = a.roleid)
        AND NOT EXISTS (SELECT FROM accepted s WHERE s.oid = a.member))
    AND NOT EXISTS (SELECT FROM part o, part i
      WHERE o.oid = a.roleid AND o.part = 'owner' AND i.oid = a.member AND i.part = 'migrator')`;

/** What holds for new connections of a role: those of this database before those of all. */
export function settings(place: Place): string {
  const { schema, own, shared } = place;
  const wanted = Object.entries(settingsOf(place)).flatMap(([role, all]) =>
    Object.entries(all).map(([name, value]) => `('${role}', '${name}', ${literal(value)})`),
  );
  const paths = [schema, own, 'pg_catalog', 'pg_temp', ...shared].map(literal);
  return `SELECT CASE w.setting WHEN 'search_path' THEN 'search-path' ELSE 'role-limit' END AS kind,
      w.setting AS object, w.role, CASE WHEN s.value IS NULL THEN 'it is not set'
        ELSE format('it is %L', s.value) END AS says,
      CASE w.setting WHEN 'search_path' THEN format('ALTER ROLE %I SET search_path = %s', w.role, w.value)
        ELSE format('ALTER ROLE %I SET %I = %L', w.role, w.setting, w.value) END AS mend
    FROM (VALUES ${wanted.join(', ')}) AS w(role, setting, value) JOIN part p ON p.name = w.role
    LEFT JOIN LATERAL (
      SELECT substr(c.config, strpos(c.config, '=') + 1) AS value FROM pg_catalog.pg_db_role_setting d
      CROSS JOIN LATERAL unnest(d.setconfig) AS c(config)
      WHERE d.setrole = p.oid AND split_part(c.config, '=', 1) = w.setting AND d.setdatabase IN (0,
        (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database()))
      ORDER BY d.setdatabase DESC LIMIT 1) s ON true
    WHERE s.value IS NULL OR CASE
      WHEN w.setting = 'search_path' THEN EXISTS (SELECT FROM unnest(string_to_array(s.value, ',')) AS
        e(name)
        WHERE btrim(e.name, ' "') NOT IN (${paths.join(', ')}))
      WHEN w.setting = 'role' THEN s.value <> w.value
      ELSE s.value IN ('0', '0ms', '0s') END`;
}

/** Which the owner of all things is to be, and what belongs to a role of ours somewhere else. */
export const owners = `SELECT 'foreign-owner' AS kind, o.identity AS object,
  pg_catalog.pg_get_userbyid(d.refobjid)::text AS role,
    format('it belongs to %s', pg_catalog.pg_get_userbyid(d.refobjid)) AS says,
    format('REASSIGN OWNED BY %I TO %I, or ALTER %s %s OWNER TO %2$I',
      pg_catalog.pg_get_userbyid(d.refobjid),
      (SELECT name FROM part WHERE part = 'owner'), upper(o.type), o.identity) AS mend
  FROM pg_catalog.pg_shdepend d
  CROSS JOIN LATERAL pg_catalog.pg_identify_object(d.classid, d.objid, d.objsubid) o
  WHERE d.deptype = 'o' AND d.dbid = (SELECT oid FROM pg_catalog.pg_database WHERE datname =
    current_database())
    AND (o.schema IN (SELECT name FROM mine) OR o.type = 'schema' AND o.identity IN (SELECT name FROM mine))
    AND d.refobjid <> ALL (SELECT oid FROM part WHERE part = 'owner')
  UNION ALL
  SELECT 'foreign-owner', n.nspname::text, pg_catalog.pg_get_userbyid(n.nspowner)::text,
    'it belongs to the superuser of the server',
    format('ALTER SCHEMA %I OWNER TO %I', n.nspname, (SELECT name FROM part WHERE part = 'owner'))
  FROM pg_catalog.pg_namespace n WHERE n.oid IN (SELECT oid FROM mine) AND n.nspowner = 10
  UNION ALL
  SELECT 'foreign-owner', c.oid::regclass::text, pg_catalog.pg_get_userbyid(c.relowner)::text,
    'it belongs to the superuser of the server',
    format('ALTER TABLE %s OWNER TO %I', c.oid::regclass, (SELECT name FROM part WHERE part = 'owner'))
  FROM pg_catalog.pg_class c WHERE c.relnamespace IN (SELECT oid FROM mine) AND c.relowner = 10
    AND c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f')
  UNION ALL
  SELECT 'foreign-owner', f.oid::regprocedure::text, pg_catalog.pg_get_userbyid(f.proowner)::text,
    'it belongs to the superuser of the server',
    format('ALTER ROUTINE %s OWNER TO %I', f.oid::regprocedure, (SELECT name FROM part WHERE part =
      'owner'))
  FROM pg_catalog.pg_proc f WHERE f.pronamespace IN (SELECT oid FROM mine) AND f.proowner = 10
  UNION ALL
  SELECT 'stray-object', o.identity, p.name, format('%s has a %s outside of its schemas', p.name, o.type),
    'move it into a schema of the service, or give it to who it is for'
  FROM pg_catalog.pg_shdepend d JOIN part p ON p.oid = d.refobjid
  CROSS JOIN LATERAL pg_catalog.pg_identify_object(d.classid, d.objid, d.objsubid) o
  WHERE d.deptype = 'o' AND d.dbid = (SELECT oid FROM pg_catalog.pg_database WHERE datname =
    current_database())
    AND coalesce(o.schema, '') NOT IN (SELECT name FROM mine)
    AND NOT (o.type = 'schema' AND o.identity IN (SELECT name FROM mine))
    AND o.type NOT IN ('default acl', 'large object', 'user mapping')
  UNION ALL
  SELECT 'other-database', coalesce(b.datname, 'a database that is gone')::text, p.name,
    format('%s has objects or rights in the database %s', p.name, b.datname),
    format('connect to %I and look there: DROP OWNED BY %I', b.datname, p.name)
  FROM (SELECT DISTINCT dbid, refobjid FROM pg_catalog.pg_shdepend WHERE deptype IN ('o', 'a') AND dbid <>
    0) d
  JOIN part p ON p.oid = d.refobjid JOIN pg_catalog.pg_database b ON b.oid = d.dbid
  WHERE b.datname <> current_database()`;

export const roleLooks = (place: Place): readonly string[] => [
  missingIn(place),
  attributes,
  memberships,
  settings(place),
  owners,
];
