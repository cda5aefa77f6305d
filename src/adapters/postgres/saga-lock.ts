import type { LockRequest } from '../../saga/saga-store.js';
import type { Database } from './database.js';
import { toColumn } from './names.js';
import { toIndex } from './saga-rows.js';
import { OVER } from './saga-tables.js';

/** Whether whoever has a lock `l` keeps it: a parked saga for the lease of its lock, any other to its end. */
const kept = `h.status NOT IN ${OVER}
  AND (h.status <> 'parked' OR h.updated_at + l.lease_ms * interval '1 ms' > now())`;

const mine = `s.id = $2 AND s.epoch = $3 AND s.status NOT IN ${OVER}`;

/** Takes a free lock, or one that the saga has, and tells who had it before. */
const takeIn = (s: string): string => `
  WITH taken AS (
    INSERT INTO ${s}.saga_lock AS l (lock, saga, lease_ms)
    SELECT $1::text, s.id, $4::float8 FROM ${s}.saga s WHERE ${mine}
    ON CONFLICT (lock) DO UPDATE SET lease_ms = excluded.lease_ms, taken_at = now()
      WHERE l.saga = excluded.saga
    RETURNING 1
  )
  SELECT EXISTS (SELECT 1 FROM taken) AS taken, (SELECT l.saga FROM ${s}.saga_lock l
    WHERE l.lock = $1 AND NOT EXISTS (SELECT 1 FROM ${s}.saga h WHERE h.id = l.saga AND ${kept})) AS lapsed`;

/**
 * Takes a lock from a saga that keeps it no longer. It names that saga: who else came meanwhile is not to be
 * judged by what this statement can see.
 */
const inheritIn = (s: string): string => `
  UPDATE ${s}.saga_lock l SET saga = s.id, lease_ms = $4::float8, taken_at = now() FROM ${s}.saga s
  WHERE ${mine} AND l.lock = $1 AND l.saga = $5
    AND NOT EXISTS (SELECT 1 FROM ${s}.saga h WHERE h.id = $5 AND ${kept})
  RETURNING 1`;

/** Whether the saga has the lock now. */
export async function takeLock(db: Database, request: LockRequest): Promise<boolean> {
  const { lock, saga, epoch, leaseMs } = request;
  const params = [toIndex(lock), toColumn(saga), epoch, leaseMs];
  const [row] = await db.run(takeIn(db.schema), params);
  if (row?.['taken'] === true) return true;
  const lapsed = row?.['lapsed'];
  if (lapsed === null || lapsed === undefined) return false;
  return (await db.run(inheritIn(db.schema), [...params, lapsed])).length > 0;
}
