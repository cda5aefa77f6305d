import { nameOf } from './ownership-scope.js';
import { ownTablesOf } from './provision-grants.js';
import type { Place } from './provision-place.js';

/**
 * All rights to what stands in our schemas, one by one, with what the server grants where nothing was said.
 */
const rights = `
  SELECT 'schema-grant' AS kind, 'SCHEMA' AS what, s.name AS schema, s.name AS bare, format('%I', s.name)
    AS object,
    ''::text AS sort, a.grantee, a.privilege_type AS right, a.is_grantable, n.nspowner AS owner, false AS
      definer
  FROM mine s JOIN pg_catalog.pg_namespace n ON n.oid = s.oid
  CROSS JOIN LATERAL aclexplode(coalesce(n.nspacl, acldefault('n', n.nspowner))) a
  UNION ALL
  SELECT CASE c.relkind WHEN 'S' THEN 'sequence-grant' ELSE 'table-grant' END,
    CASE c.relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, s.name, c.relname::text,
      c.oid::regclass::text,
    c.relkind::text, a.grantee, a.privilege_type, a.is_grantable, c.relowner, false
  FROM pg_catalog.pg_class c JOIN mine s ON s.oid = c.relnamespace
  CROSS JOIN LATERAL aclexplode(coalesce(c.relacl,
    acldefault(CASE c.relkind WHEN 'S' THEN 's' ELSE 'r' END::"char", c.relowner))) a
  WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
  UNION ALL
  SELECT 'column-grant', 'COLUMN', s.name, c.relname::text, format('%s.%I', c.oid::regclass, t.attname),
    format('%I', t.attname), a.grantee, a.privilege_type, a.is_grantable, c.relowner, false
  FROM pg_catalog.pg_attribute t JOIN pg_catalog.pg_class c ON c.oid = t.attrelid
  JOIN mine s ON s.oid = c.relnamespace CROSS JOIN LATERAL aclexplode(t.attacl) a
  UNION ALL
  SELECT CASE WHEN f.prosecdef THEN 'security-definer' ELSE 'routine-grant' END, 'ROUTINE', s.name,
    f.proname::text, f.oid::regprocedure::text, '', a.grantee, a.privilege_type, a.is_grantable, f.proowner,
    f.prosecdef
  FROM pg_catalog.pg_proc f JOIN mine s ON s.oid = f.pronamespace
  CROSS JOIN LATERAL aclexplode(coalesce(f.proacl, acldefault('f', f.proowner))) a
  UNION ALL
  SELECT 'type-grant', 'TYPE', s.name, t.typname::text, t.oid::regtype::text, '', a.grantee,
    a.privilege_type,
    a.is_grantable, t.typowner, false
  FROM pg_catalog.pg_type t JOIN mine s ON s.oid = t.typnamespace
  CROSS JOIN LATERAL aclexplode(coalesce(t.typacl, acldefault('T', t.typowner))) a
  WHERE t.typtype IN ('d', 'e', 'r') OR t.typtype = 'c'
    AND EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.oid = t.typrelid AND c.relkind = 'c')
  UNION ALL
  SELECT 'large-object-grant', 'LARGE OBJECT', '', l.oid::text, l.oid::text, '', a.grantee,
    a.privilege_type,
    a.is_grantable, l.lomowner, false
  FROM pg_catalog.pg_largeobject_metadata l JOIN part p ON p.oid = l.lomowner
  CROSS JOIN LATERAL aclexplode(l.lomacl) a`;

/** What was meant: all else is too much. */
function meant(place: Place): string {
  const { roles, schema, own } = place;
  const { app, relay, read } = roles;
  const ours = ownTablesOf(place).flatMap(({ table, app: appMay, relay: relayMay }) => [
    ...appMay.map(right => `('${table}', '${app}', '${right}')`),
    ...relayMay.map(right => `('${table}', '${relay}', '${right}')`),
  ]);
  const rows = `'SELECT', 'INSERT', 'UPDATE', 'DELETE'`;
  return `NOT r.is_grantable AND (
    r.kind = 'schema-grant' AND r.right = 'USAGE' AND (r.schema = '${schema}' AND g.name IN ('${app}',
      '${read}')
      OR r.schema = '${own}' AND g.name IN ('${app}', '${relay}'))
    OR r.schema = '${schema}' AND g.name = '${app}' AND (
      r.kind = 'table-grant' AND r.right IN (${rows}) OR r.kind = 'sequence-grant' AND r.right IN ('USAGE',
        'SELECT')
      OR r.what IN ('ROUTINE', 'TYPE'))
    OR r.schema = '${schema}' AND g.name = '${read}' AND r.kind = 'table-grant' AND r.right = 'SELECT'
      AND r.sort IN ('v', 'm')
    OR r.schema = '${own}' AND r.kind = 'table-grant'
      AND (r.bare, g.name, r.right) IN (VALUES ${ours.join(', ')}))`;
}

/** Rights to what is ours: of strangers, of everybody, and more than was meant for roles of ours. */
export const grants = (place: Place): string => `SELECT r.kind, r.object, g.name AS role,
    format('%s may %s it%s', g.name, string_agg(r.right, ', ' ORDER BY r.right),
      CASE WHEN bool_or(r.is_grantable) THEN ', and hand that on' ELSE '' END)
      || CASE WHEN bool_or(r.definer) THEN ', with the rights of its owner' ELSE '' END AS says,
    format('REVOKE %s ON %s %s FROM %s', CASE r.what WHEN 'COLUMN'
        THEN (SELECT string_agg(DISTINCT format('%s (%s)', x, r.sort), ', ') FROM
          unnest(array_agg(r.right)) x)
        ELSE string_agg(DISTINCT r.right, ', ') END,
      CASE r.what WHEN 'COLUMN' THEN 'TABLE' ELSE r.what END,
      CASE r.what WHEN 'COLUMN' THEN format('%I.%I', r.schema, r.bare) ELSE r.object END,
      CASE r.grantee WHEN 0 THEN 'PUBLIC' ELSE format('%I', g.name) END) AS mend
  FROM (${rights}) r CROSS JOIN LATERAL (SELECT ${nameOf('r.grantee')} AS name) g
  WHERE r.grantee <> r.owner
    AND (r.grantee IN (SELECT oid FROM part WHERE part <> 'owner')
      OR NOT EXISTS (SELECT FROM accepted s WHERE s.oid = r.grantee))
    AND NOT (${meant(place)})
  GROUP BY r.kind, r.what, r.schema, r.bare, r.object, r.sort, r.grantee, g.name`;

/** What will be granted on objects that are not there yet: by our owner, in our schemas, or to us. */
export const defaultPrivileges = (place: Place): string => `SELECT 'default-privilege' AS kind,
    format('%s of %s%s', CASE d.defaclobjtype WHEN 'r' THEN 'TABLES' WHEN 'S' THEN 'SEQUENCES'
      WHEN 'f' THEN 'ROUTINES' WHEN 'T' THEN 'TYPES' WHEN 'n' THEN 'SCHEMAS' ELSE 'LARGE OBJECTS' END,
      pg_catalog.pg_get_userbyid(d.defaclrole), coalesce(' in ' || n.nspname, '')) AS object, g.name AS
        role,
    format('%s will be let %s', g.name, string_agg(a.privilege_type, ', ')) AS says,
    format('ALTER DEFAULT PRIVILEGES FOR ROLE %I%s REVOKE %s ON %s FROM %s',
      pg_catalog.pg_get_userbyid(d.defaclrole), coalesce(format(' IN SCHEMA %I', n.nspname), ''),
      string_agg(a.privilege_type, ', '), CASE d.defaclobjtype WHEN 'r' THEN 'TABLES' WHEN 'S' THEN
        'SEQUENCES'
      WHEN 'f' THEN 'ROUTINES' WHEN 'T' THEN 'TYPES' WHEN 'n' THEN 'SCHEMAS' ELSE 'LARGE OBJECTS' END,
      CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE format('%I', g.name) END) AS mend
  FROM pg_catalog.pg_default_acl d LEFT JOIN pg_catalog.pg_namespace n ON n.oid = d.defaclnamespace
  CROSS JOIN LATERAL aclexplode(d.defaclacl) a CROSS JOIN LATERAL (SELECT ${nameOf('a.grantee')} AS name) g
  WHERE a.grantee <> d.defaclrole AND (
    (d.defaclrole IN (SELECT oid FROM part) OR d.defaclnamespace IN (SELECT oid FROM mine))
      AND (NOT EXISTS (SELECT FROM accepted s WHERE s.oid = a.grantee)
        OR a.grantee IN (SELECT oid FROM part) AND NOT (n.nspname = '${place.schema}' AND g.name =
          '${place.roles.app}'
          AND NOT a.is_grantable AND a.privilege_type IN ('SELECT', 'INSERT', 'UPDATE', 'DELETE', 'USAGE',
            'EXECUTE')
          AND NOT (d.defaclobjtype = 'S' AND a.privilege_type = 'UPDATE')))
    OR d.defaclrole NOT IN (SELECT oid FROM part) AND coalesce(n.nspname, '') NOT IN (SELECT name FROM mine)
      AND a.grantee IN (SELECT oid FROM part))
  GROUP BY d.defaclobjtype, d.defaclrole, n.nspname, a.grantee, g.name`;

/** That routines and types are everybody's is what the server does unless it was told not to. */
export const untoldDefaults = `SELECT 'default-privilege' AS kind, format('%s of %s', w.what, p.name) AS
  object,
    'PUBLIC' AS role, 'what its migrations make from now on is everybody''s' AS says,
    format('ALTER DEFAULT PRIVILEGES FOR ROLE %I REVOKE ALL ON %s FROM PUBLIC', p.name, w.what) AS mend
  FROM part p CROSS JOIN (VALUES ('f'::"char", 'ROUTINES'), ('T'::"char", 'TYPES')) AS w(type, what)
  WHERE p.part = 'owner' AND NOT EXISTS (SELECT FROM pg_catalog.pg_default_acl d
    WHERE d.defaclrole = p.oid AND d.defaclnamespace = 0 AND d.defaclobjtype = w.type)`;

/** Rights of ours to what is another's, of any kind of object, and in any place of the server. */
export const foreignGrants = `SELECT 'foreign-grant' AS kind, o.identity AS object, p.name AS role,
    format('%s was granted something on the %s', p.name, o.type) AS says,
    format('REVOKE ALL ON %s %s FROM %I', CASE o.type WHEN 'table column' THEN 'TABLE' WHEN 'view' THEN
      'TABLE'
      WHEN 'materialized view' THEN 'TABLE' WHEN 'foreign-data wrapper' THEN 'FOREIGN DATA WRAPPER'
      WHEN 'server' THEN 'FOREIGN SERVER' ELSE upper(o.type) END, o.identity, p.name) AS mend
  FROM pg_catalog.pg_shdepend d JOIN part p ON p.oid = d.refobjid
  CROSS JOIN LATERAL pg_catalog.pg_identify_object(d.classid, d.objid, d.objsubid) o
  WHERE d.deptype = 'a'
    AND (d.dbid = 0 OR d.dbid = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database()))
    AND NOT (d.classid = 'pg_catalog.pg_database'::regclass
      AND o.identity = (SELECT quote_ident(current_database())))
    AND o.type NOT IN ('default acl', 'large object')
    AND coalesce(o.schema, '') NOT IN (SELECT name FROM mine)
    AND NOT (o.type = 'schema' AND (o.identity IN (SELECT name FROM mine)
      OR o.identity NOT IN (SELECT quote_ident(name) FROM reachable)))`;

export const grantLooks = (place: Place): readonly string[] => [
  grants(place),
  defaultPrivileges(place),
  untoldDefaults,
  foreignGrants,
];
