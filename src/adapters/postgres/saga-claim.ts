import type { ClaimedSaga, Drivable } from '../../saga/saga-store.js';
import type { Row } from './client.js';
import type { Database } from './database.js';
import { toColumn } from './names.js';
import { columns, fromNow, toRecord } from './saga-rows.js';
import { OVER } from './saga-tables.js';

/** What a claim changes; `had` is who had it before, whose lease is over. */
const taking = (lease: string): string => `
  SET owner = $1, epoch = s.epoch + 1, wake_at = ${fromNow(lease)}`;

/**
 * Each kind has its due ones in order; of those that come first the earliest are taken. What another owner
 * is just taking hold of is passed over.
 */
const claimIn = (s: string): string => `
  WITH next AS (
    SELECT id, had, row_number() OVER (ORDER BY wake_at) AS place FROM (
      SELECT c.* FROM json_to_recordset($2::json) AS k(definition text, version bigint, hash text)
      CROSS JOIN LATERAL (
        SELECT s.id, s.owner AS had, s.wake_at FROM ${s}.saga s
        WHERE s.definition = k.definition AND s.version = k.version AND s.hash = k.hash
          AND s.wake_at <= now() AND s.status NOT IN ${OVER} AND s.status <> 'parked'
        ORDER BY s.wake_at LIMIT $3::int FOR UPDATE SKIP LOCKED
      ) c ORDER BY wake_at LIMIT $3::int
    ) due
  )
  UPDATE ${s}.saga s ${taking('$4')} FROM next WHERE s.id = next.id
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
  const kinds = drivable.map(({ definition, version, hash }) => {
    return { definition: toColumn(definition), version, hash: toColumn(hash) };
  });
  const rows = await db.run(claimIn(db.schema), [toColumn(owner), JSON.stringify(kinds), limit, leaseMs]);
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
