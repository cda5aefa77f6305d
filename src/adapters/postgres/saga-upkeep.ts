import type { Database } from './database.js';
import { OPEN, OVER } from './saga-tables.js';

/** So many rows of a kind go in one statement. */
const PAGE = 1_000;

const old = (column: string): string => `${column} <= now() - $1::float8 * interval '1 ms'`;

/** What is a step of a saga under way is needed by that: for its answers, or to be undone. */
const sagasIn = (s: string): string => `
  WITH old AS (
    SELECT id FROM ${s}.saga c WHERE status IN ${OVER} AND ${old('updated_at')}
      AND NOT EXISTS (SELECT 1 FROM ${s}.saga p WHERE p.id = c.parent AND p.status NOT IN ${OVER})
    ORDER BY updated_at LIMIT $2::int FOR UPDATE SKIP LOCKED
  ), gone AS (
    DELETE FROM ${s}.saga s USING old WHERE s.id = old.id RETURNING 1
  ), told AS (
    DELETE FROM ${s}.saga_event e USING old WHERE e.saga = old.id
  )
  SELECT count(*)::int AS gone FROM gone`;

/** A saga that began, or ended, in the very moment when a signal came may have left it behind. */
const signalsIn = (s: string): string => `
  WITH old AS (
    SELECT g.pos, g.definition, g.key, g.tag FROM ${s}.saga_signal g WHERE ${old('g.sent_at')}
      AND NOT EXISTS (SELECT 1 FROM ${s}.saga s WHERE g.definition <> ''
        AND s.definition = g.definition AND s.key = g.key AND s.status NOT IN ${OVER})
      AND NOT EXISTS (SELECT 1 FROM ${s}.saga s WHERE g.definition = ''
        AND s.id = g.key AND s.status NOT IN ${OVER})
    ORDER BY g.sent_at LIMIT $2::int FOR UPDATE SKIP LOCKED
  ), gone AS (
    DELETE FROM ${s}.saga_signal g USING old
    WHERE g.definition = old.definition AND g.key = old.key AND g.tag = old.tag RETURNING 1
  )
  SELECT count(*)::int AS gone FROM gone`;

/** A lock that was asked for in the very moment when its saga ended. Who asks for it gets it anyway. */
const locksIn = (s: string): string => `
  DELETE FROM ${s}.saga_lock WHERE lock IN (
    SELECT l.lock FROM ${s}.saga_lock l WHERE l.taken_at < now() - interval '1 minute'
      AND NOT EXISTS (SELECT 1 FROM ${s}.saga h WHERE h.id = l.saga AND h.status IN ${OPEN})
    LIMIT ${PAGE} FOR UPDATE SKIP LOCKED)`;

async function deletePages(db: Database, text: string, ageMs: number, limit: number): Promise<number> {
  let gone = 0;
  while (gone < limit) {
    const most = Math.min(PAGE, limit - gone);
    const [row] = await db.run(text, [Math.min(ageMs, 2 ** 42), most]);
    gone += Number(row?.['gone']);
    if (Number(row?.['gone']) < most) break;
  }
  return gone;
}

/** Deletes what nobody needs, in pages, and passes over what somebody is just using. */
export async function purgeSagas(db: Database, ageMs: number, limit: number): Promise<number> {
  const sagas = await deletePages(db, sagasIn(db.schema), ageMs, limit);
  const signals = await deletePages(db, signalsIn(db.schema), ageMs, limit);
  await db.run(locksIn(db.schema));
  return sagas + signals;
}
