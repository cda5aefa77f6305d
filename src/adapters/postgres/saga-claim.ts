import type { ClaimedSaga, Drivable } from '../../saga/saga-store.js';
import type { Row } from './client.js';
import type { Database } from './database.js';
import { toColumn } from './names.js';
import { columns, fromNow, toRecord } from './saga-rows.js';
import { OVER } from './saga-tables.js';

/** What a claim changes; `had` is who had it before, whose lease is over. */
const taking = (lease: string): string => `
  SET owner = $1, epoch = s.epoch + 1, wake_at = ${fromNow(lease)}`;

/** Whether a saga is one to drive: neither over nor parked. */
const ACTIVE = `s.status NOT IN ${OVER} AND s.status <> 'parked'`;

/**
 * Each kind has its due ones in order; of those that come first the earliest are taken. What another owner
 * is just taking hold of is passed over.
 *
 * The planner is not misled: beside a million sagas that are over it would take a status for rare, though
 * what the index of the due has is active, and the statement for one that is worth compiling, which takes
 * longer than to run it. It knows nothing of a CASE. And a list of values is as long as it is, where a
 * function that answers with rows is taken for a hundred.
 */
const claimIn = (s: string, kinds: readonly string[]): string => `
  WITH next AS (
    SELECT id, had, row_number() OVER (ORDER BY wake_at) AS place FROM (
      SELECT c.* FROM (VALUES ${kinds.join(', ')}) AS k(definition, version, hash)
      CROSS JOIN LATERAL (
        SELECT s.id, s.owner AS had, s.wake_at FROM ${s}.saga s
        WHERE s.definition = k.definition AND s.version = k.version AND s.hash = k.hash
          AND s.wake_at <= now() AND CASE WHEN ${ACTIVE} THEN true ELSE false END
        ORDER BY s.wake_at LIMIT $2::int FOR UPDATE SKIP LOCKED
      ) c ORDER BY wake_at LIMIT $2::int
    ) due
  )
  UPDATE ${s}.saga s ${taking('$3')} FROM next WHERE s.id = next.id
  RETURNING next.place::int, next.had IS NOT NULL AS interrupted, ${columns()}`;

const claimOneIn = (s: string): string => `
  WITH next AS (
    SELECT s.id, s.owner AS had FROM ${s}.saga s
    WHERE s.id = $2 AND (s.owner IS NULL OR s.wake_at IS NULL OR s.wake_at <= now()) FOR UPDATE
  )
  UPDATE ${s}.saga s ${taking('$3')} FROM next WHERE s.id = next.id
  RETURNING next.had IS NOT NULL AS interrupted, ${columns()}`;

const toClaimed = (row: Row): ClaimedSaga => ({
  record: toRecord(row),
  interrupted: row['interrupted'] === true,
});

/** Takes what is due, the earliest first. */
export async function claimDue(
  db: Database,
  owner: string,
  drivable: readonly Drivable[],
  limit: number,
  leaseMs: number,
): Promise<readonly ClaimedSaga[]> {
  if (drivable.length === 0 || limit < 1) return [];
  const params: unknown[] = [toColumn(owner), limit, leaseMs];
  const kinds = drivable.map(({ definition, version, hash }) => {
    const at = params.push(toColumn(definition), version, toColumn(hash));
    return `($${at - 2}::text COLLATE "C", $${at - 1}::bigint, $${at}::text COLLATE "C")`;
  });
  const rows = await db.run(claimIn(db.schema, kinds), params);
  return [...rows].sort((one, other) => Number(one['place']) - Number(other['place'])).map(toClaimed);
}

/** Takes one saga, unless somebody has it. */
export async function claimOne(
  db: Database,
  owner: string,
  id: string,
  leaseMs: number,
): Promise<ClaimedSaga | undefined> {
  const [row] = await db.run(claimOneIn(db.schema), [toColumn(owner), toColumn(id), leaseMs]);
  return row === undefined ? undefined : toClaimed(row);
}
