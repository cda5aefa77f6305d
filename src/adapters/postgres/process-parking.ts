import type { ErrorWords } from '../../core/saga-state.js';
import type { DiscardedCommand, ParkedCommand, ParkedQuery } from '../../saga/process-parking.js';
import type { Row } from './client.js';
import type { Database } from './database.js';
import { fromColumn, toColumn } from './names.js';
import { ms } from './saga-rows.js';

const evidence = (): string => `o.key, o.id, o.body, o.tries, o.crashes, o.error,
  ${ms('o.failing_since')} AS since, ${ms('o.parked_at')} AS parked_at`;

function commandOf(row: Row): ParkedCommand {
  const { key, id, body, error } = row as Readonly<Record<string, string>>;
  return {
    key: fromColumn(key!),
    id: id!,
    body: body!,
    tries: row['tries'] as number,
    crashes: row['crashes'] as number,
    error: JSON.parse(error!) as ErrorWords,
    since: Math.round(Number(row['since'])),
    parkedAt: Math.round(Number(row['parked_at'])),
  };
}

export async function parkedCommands(
  db: Database,
  process: string,
  { after, limit }: ParkedQuery,
): Promise<readonly (ParkedCommand & { readonly waiting: number })[]> {
  const outbox = `${db.schema}.process_outbox`;
  const text = `SELECT ${evidence()},
      (SELECT count(*) FROM ${outbox} w WHERE w.kind = o.kind AND w.key = o.key)::int AS waiting
    FROM ${outbox} o
    WHERE o.kind = $1 AND o.parked_at IS NOT NULL AND ($2::text IS NULL OR o.key > $2::text)
    ORDER BY o.key LIMIT $3::int`;
  const rows = await db.run(text, [process, after === undefined ? null : toColumn(after), limit]);
  return rows.map(row => ({ ...commandOf(row), waiting: row['waiting'] as number }));
}

/** What waits behind `head` may be handed out again, in its turn. */
const release = (s: string, head: string): string => `
  UPDATE ${s}.process_outbox o SET due = now() FROM ${head} h
  WHERE o.kind = h.kind AND o.key = h.key AND o.pos > h.pos AND o.due = 'infinity'`;

export async function unparkCommand(db: Database, process: string, key: string): Promise<string | undefined> {
  const { schema: s } = db;
  // What may have ended programs is handed out alone all the same.
  const text = `WITH head AS (
      UPDATE ${s}.process_outbox SET parked_at = NULL, due = now(), attempts = 0, tries = 0, crashes = 0,
        failing_since = NULL, error = NULL
      WHERE kind = $1 AND key = $2 AND parked_at IS NOT NULL RETURNING kind, key, pos, id
    ), behind AS (${release(s, 'head')})
    SELECT id FROM head`;
  const [row] = await db.run(text, [process, toColumn(key)]);
  return row?.['id'] as string | undefined;
}

export async function discardCommand(
  db: Database,
  process: string,
  key: string,
  id: string,
  reason: string,
): Promise<boolean> {
  const { schema: s } = db;
  const columns = 'kind, key, id, body, tries, crashes, failing_since, error, parked_at';
  const text = `WITH head AS (
      DELETE FROM ${s}.process_outbox
      WHERE kind = $1 AND key = $2 AND id = $3 AND parked_at IS NOT NULL RETURNING pos, ${columns}
    ), behind AS (${release(s, 'head')})
    INSERT INTO ${s}.process_discarded (${columns}, reason) SELECT ${columns}, $4 FROM head
    RETURNING pos`;
  const rows = await db.run(text, [process, toColumn(key), toColumn(id), toColumn(reason)]);
  return rows.length === 1;
}

export async function discardedCommands(
  db: Database,
  process: string,
  { after, limit }: ParkedQuery,
): Promise<readonly DiscardedCommand[]> {
  const text = `SELECT o.pos::text, ${evidence()}, o.reason, ${ms('o.discarded_at')} AS discarded_at
    FROM ${db.schema}.process_discarded o WHERE o.kind = $1 AND o.pos > coalesce($2::bigint, 0)
    ORDER BY o.pos LIMIT $3::int`;
  const rows = await db.run(text, [process, after ?? null, limit]);
  return rows.map(row => ({
    ...commandOf(row),
    position: row['pos'] as string,
    reason: fromColumn(row['reason'] as string),
    discardedAt: Math.round(Number(row['discarded_at'])),
  }));
}
