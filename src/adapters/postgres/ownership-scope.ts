import { literal } from './names.js';
import type { Place } from './provision-place.js';

const list = (names: readonly string[]): string => `ARRAY[${names.map(literal).join(', ')}]::text[]`;

/** A grantee as the server names it. */
export const nameOf = (oid: string): string =>
  `CASE WHEN ${oid} = 0 THEN 'PUBLIC' ELSE pg_catalog.pg_get_userbyid(${oid})::text END`;

/**
 * What every look begins with: `part` are the roles of the service by what they are for, `mine` its
 * schemas, `others` those of others, `extended` what extensions have made, `stranger` whoever may have
 * nothing here. A superuser may do all and needs no grant, so that one to it says nothing.
 */
export function scopeOf({ roles, schema, own, shared, trust }: Place): string {
  const parts = Object.entries(roles).map(([part, role]) => `('${part}', '${role}')`);
  return `WITH part AS (
    SELECT r.oid, r.rolname::text AS name, p.part FROM (VALUES ${parts.join(', ')}) AS p(part, name)
    JOIN pg_catalog.pg_roles r ON r.rolname = p.name
  ), mine AS (
    SELECT oid, nspname::text AS name FROM pg_catalog.pg_namespace WHERE nspname IN ('${schema}', '${own}')
  ), others AS (
    SELECT oid, nspname::text AS name FROM pg_catalog.pg_namespace
    WHERE nspname NOT IN ('${schema}', '${own}') AND nspname !~ '^pg_' AND nspname <> 'information_schema'
  ), reachable AS (
    SELECT oid, name FROM others WHERE name <> ALL (${list(shared)})
  ), extended AS (
    SELECT classid, objid FROM pg_catalog.pg_depend WHERE deptype = 'e'
  ), accepted AS (
    SELECT oid FROM pg_catalog.pg_roles WHERE rolsuper OR rolname = ANY (${list(trust)})
    UNION SELECT oid FROM part
  )`;
}

/** Columns of a finding. */
export const FINDING = 'kind, object, role, says, mend';
