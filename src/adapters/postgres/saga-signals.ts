import type { NewSignal, StoredSignal } from '../../saga/saga-store.js';
import type { Database } from './database.js';
import { fromColumn, toColumn } from './names.js';
import { addressOf, fromJson, toIndex, toJson } from './saga-rows.js';
import { OVER } from './saga-tables.js';

/** Whom a signal is for: `$1` is a definition and `$2` a key, or `$1` is empty and `$2` an id. */
const byKey = 'definition = $1 AND key = $2';
const byId = `$1::text = '' AND id = $2`;

/** What changes in a saga for which something came. One that is due already keeps its place. */
const waking = `signals = signals + 1, wake_at = CASE
  WHEN owner IS NULL AND status <> 'parked' THEN least(wake_at, now()) ELSE wake_at END`;

const keepIn = (s: string, where: string): string => `
  WITH room AS (
    SELECT count(*) < $6::int AS free FROM (SELECT FROM ${s}.saga_signal
      WHERE definition = $1 AND key = $2 AND NOT used LIMIT $6::int) few
  ), kept AS (
    INSERT INTO ${s}.saga_signal (definition, key, tag, name, payload)
    SELECT $1::text, $2::text, $3::text, $4::text, $5::text FROM room
    WHERE free AND NOT EXISTS (SELECT 1 FROM ${s}.saga WHERE ${where} AND status IN ${OVER})
    ON CONFLICT DO NOTHING RETURNING 1
  )
  SELECT EXISTS (SELECT FROM kept) AS kept, free OR EXISTS (SELECT FROM ${s}.saga_signal
    WHERE definition = $1 AND key = $2 AND tag = $3) AS fits FROM room`;

/** Answers with the status before. */
const tellIn = (s: string, where: string): string => `
  WITH told AS (UPDATE ${s}.saga SET ${waking} WHERE ${where} AND status NOT IN ${OVER})
  SELECT status FROM ${s}.saga WHERE ${where}`;

const dropIn = (s: string): string =>
  `DELETE FROM ${s}.saga_signal WHERE definition = $1 AND key = $2 AND tag = $3`;

const waitingIn = (s: string): string => `
  SELECT g.pos::text, g.name, g.payload FROM (
    SELECT '' AS definition, s.id AS key FROM ${s}.saga s WHERE s.id = $1
    UNION ALL SELECT s.definition, s.key FROM ${s}.saga s WHERE s.id = $1 AND s.key IS NOT NULL
  ) a JOIN ${s}.saga_signal g ON g.definition = a.definition AND g.key = a.key
  WHERE NOT g.used ORDER BY g.pos`;

/**
 * Keeps a signal, and then tells its saga: two transactions, in this order. A saga that is given back in
 * between is told; one that is given back before the first sees the signal when it looks. `full`: as many as
 * `most` wait for it.
 */
export async function keepSignal(
  db: Database,
  signal: NewSignal,
  most: number,
): Promise<'kept' | 'known' | 'late' | 'full'> {
  const { name, dedupe, payload } = signal;
  const [definition, key] = addressOf(signal.target);
  const where = definition === '' ? byId : byKey;
  const tag = toIndex(JSON.stringify([name, dedupe]));
  const params = [definition, key, tag, toColumn(name), toJson(payload), most];
  const [found] = await db.run(keepIn(db.schema, where), params);
  const { kept, fits } = found as { readonly kept: boolean; readonly fits: boolean };
  const [there] = await db.run(tellIn(db.schema, where), [definition, key]);
  const status = there?.['status'];
  if (status !== 'completed' && status !== 'compensated') return kept ? 'kept' : fits ? 'known' : 'full';
  // It came to its end in between.
  if (kept) await db.run(dropIn(db.schema), [definition, key, tag]);
  return 'late';
}

export async function waitingSignals(db: Database, id: string): Promise<readonly StoredSignal[]> {
  const rows = await db.run(waitingIn(db.schema), [toColumn(id)]);
  return rows.map(({ pos, name, payload }) => {
    return { id: pos as string, name: fromColumn(name as string), payload: fromJson(payload) };
  });
}

const cancelIn = (s: string): string => `
  UPDATE ${s}.saga SET cancel = coalesce(cancel, $2), ${waking}
  WHERE id = $1 AND status NOT IN ${OVER} AND (cancellable OR cancel IS NOT NULL) RETURNING 1`;

/** Notes that a saga is to be cancelled, while that is possible. */
export async function cancelSaga(
  db: Database,
  id: string,
  reason: string,
): Promise<'accepted' | 'refused' | 'over' | 'unknown'> {
  const done = await db.run(cancelIn(db.schema), [toColumn(id), toColumn(reason)]);
  if (done.length > 0) return 'accepted';
  const [row] = await db.run(`SELECT status FROM ${db.schema}.saga WHERE id = $1`, [toColumn(id)]);
  if (row === undefined) return 'unknown';
  return row['status'] === 'completed' || row['status'] === 'compensated' ? 'over' : 'refused';
}

export async function wakeSaga(db: Database, id: string): Promise<void> {
  const text = `UPDATE ${db.schema}.saga SET ${waking} WHERE id = $1 AND status NOT IN ${OVER}`;
  await db.run(text, [toColumn(id)]);
}
