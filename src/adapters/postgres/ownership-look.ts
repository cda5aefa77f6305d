import type { OwnershipFinding } from '../../data/ownership.js';
import type { PostgresClient } from './client.js';
import { grantLooks } from './ownership-grants.js';
import { reachLooks } from './ownership-reach.js';
import { roleLooks } from './ownership-roles.js';
import { FINDING, scopeOf } from './ownership-scope.js';
import type { Place } from './provision-place.js';

/** All looks as one statement, so that all see the same moment. */
export function ownershipStatement(place: Place): string {
  const looks = [...roleLooks(place), ...grantLooks(place), ...reachLooks(place)];
  const all = looks.map(look => `(SELECT ${FINDING} FROM (${look}) AS look)`);
  return `${scopeOf(place)}
  SELECT kind, object::text, role::text, says::text, mend::text FROM (${all.join('\nUNION ALL\n')}) AS found
  ORDER BY kind COLLATE "C", object::text COLLATE "C", role::text COLLATE "C", says COLLATE "C" LIMIT
    $1::int`;
}

export async function inspectPlace(
  client: PostgresClient,
  place: Place,
  limit: number,
): Promise<readonly OwnershipFinding[]> {
  const { rows } = await client.query(ownershipStatement(place), [limit]);
  return rows as readonly OwnershipFinding[];
}
