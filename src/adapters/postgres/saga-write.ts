import type { SagaWrite, WriteAnswer } from '../../saga/saga-store.js';
import type { Row } from './client.js';
import type { Database } from './database.js';
import { fromColumn, toColumn } from './names.js';
import { fromNow, toJson, toMs } from './saga-rows.js';
import { OVER } from './saga-tables.js';

/** How much of the history of a saga is kept: so many events, or none. */
export interface HistoryRules {
  readonly history: boolean;
  readonly maxHistory: number;
}

const input = `json_to_recordset($1::json) AS i(id text, epoch int, revision int, state text, status text,
  cancellable boolean, heeds boolean, count int, events json, consumed json, release boolean, wake float8,
  signals int)`;

/** The row counts only as its owner knew it; whoever changed it meanwhile is seen when its lock is had. */
const putIn = (s: string): string => `
  UPDATE ${s}.saga s SET state = i.state, status = i.status, cancellable = i.cancellable,
    revision = s.revision + 1, told = s.told + i.count, updated_at = now(),
    owner = CASE WHEN i.release THEN NULL ELSE s.owner END,
    wake_at = CASE
      WHEN NOT i.release THEN s.wake_at
      WHEN i.status IN ${OVER} OR i.status = 'parked' THEN NULL
      WHEN i.signals <> s.signals THEN now()
      ELSE to_timestamp(i.wake / 1000) END
  FROM ${input}
  WHERE s.id = i.id AND s.epoch = i.epoch AND s.revision = i.revision AND (i.heeds OR s.cancel IS NULL)
  RETURNING s.id, s.definition, s.key, s.epoch, s.told, i.count, i.status, i.events, i.consumed`;

const tellIn = (s: string): string => `told AS (
  INSERT INTO ${s}.saga_event (saga, seq, at, epoch, event)
  SELECT d.id, d.told - d.count + e.place, now(), d.epoch, e.event
  FROM done d CROSS JOIN LATERAL json_array_elements_text(d.events) WITH ORDINALITY AS e(event, place))`;

/** Where the signals of the sagas of a batch are. */
const addresses = (more: string): string => `(
  SELECT '' AS definition, id AS key, consumed FROM done WHERE ${more}
  UNION ALL SELECT definition, key, consumed FROM done WHERE key IS NOT NULL AND ${more})`;

/** Of what is over nothing is used up: it all goes, and a row is changed once in a statement. */
const useIn = (s: string): string => `used AS (
  UPDATE ${s}.saga_signal g SET used = true, payload = NULL
  FROM (SELECT a.definition, a.key, c.pos::bigint FROM ${addresses(`status NOT IN ${OVER}`)} a
    CROSS JOIN LATERAL json_array_elements_text(a.consumed) AS c(pos)) u
  WHERE g.definition = u.definition AND g.key = u.key AND g.pos = u.pos AND NOT g.used)`;

/** Nobody will want the signals and the locks of what is over. */
const endIn = (s: string): string => `unwanted AS (
  DELETE FROM ${s}.saga_signal g USING ${addresses(`status IN ${OVER}`)} a
  WHERE g.definition = a.definition AND g.key = a.key), unlocked AS (
  DELETE FROM ${s}.saga_lock l USING done d WHERE l.saga = d.id AND d.status IN ${OVER})`;

/** One statement for a batch: all parts of a write happen, or none. What no write of it needs is left out. */
function writeIn(s: string, parts: { tells: boolean; uses: boolean; ends: boolean }): string {
  const steps = [
    ...(parts.tells ? [tellIn(s)] : []),
    ...(parts.uses ? [useIn(s)] : []),
    ...(parts.ends ? [endIn(s)] : []),
  ];
  const all = [`done AS (${putIn(s)})`, ...steps];
  return `WITH ${all.join(', ')} SELECT id, told, count FROM done`;
}

const standIn = (s: string): string => `
  SELECT id, epoch, revision, cancel FROM ${s}.saga
  WHERE id IN (SELECT json_array_elements_text($1::json))`;

const trimIn = (s: string): string => `
  DELETE FROM ${s}.saga_event h USING json_to_recordset($1::json) AS i(id text, upto int)
  WHERE h.saga = i.id AND h.seq <= i.upto`;

const renewIn = (s: string): string => `
  UPDATE ${s}.saga s SET wake_at = ${fromNow('i.lease')}
  FROM json_to_recordset($1::json) AS i(id text, epoch int, lease float8)
  WHERE s.id = i.id AND s.epoch = i.epoch AND s.owner IS NOT NULL RETURNING s.id`;

const isOver = (status: string): boolean => status === 'completed' || status === 'compensated';

function rowOf(write: SagaWrite, history: boolean) {
  const { id, epoch, revision, state, status, cancellable, events, consumed, release, heedsCancel } = write;
  return {
    ...{ id: toColumn(id), epoch, revision, state: toJson(state), status, cancellable, heeds: heedsCancel },
    count: history ? events.length : 0,
    events: history ? events.map(toJson) : [],
    // Ids of signals are numbers here; any other is of no signal.
    consumed: consumed.filter(one => /^\d{1,18}$/.test(one)),
    release: release !== undefined,
    wake: toMs(release?.wakeAt),
    signals: release?.signals ?? 0,
  };
}

/** Writes a batch in which no saga stands twice. */
export async function writeBatch(
  db: Database,
  writes: readonly SagaWrite[],
  { history, maxHistory }: HistoryRules,
): Promise<readonly WriteAnswer[]> {
  const rows = writes.map(write => rowOf(write, history));
  const tells = rows.some(({ count }) => count > 0);
  const uses = rows.some(({ consumed }) => consumed.length > 0);
  const ends = rows.some(({ status }) => isOver(status));
  const text = writeIn(db.schema, { tells, uses, ends });
  const written = await db.run(text, [JSON.stringify(rows)]);
  await trim(db, written, maxHistory);
  const done = new Set(written.map(row => row['id']));
  const left = writes.filter(({ id }) => !done.has(toColumn(id)));
  const why = left.length === 0 ? new Map<string, Row>() : await standings(db, left);
  return writes.map(write => (done.has(toColumn(write.id)) ? { kind: 'written' } : answerTo(write, why)));
}

/** The oldest events of long histories go, a hundred at a time. */
async function trim(db: Database, written: readonly Row[], maxHistory: number): Promise<void> {
  const long = written.filter(({ told, count }) => {
    return Number(told) > maxHistory && Number(told) % 100 < Number(count);
  });
  if (long.length === 0) return;
  const rows = long.map(({ id, told }) => ({ id, upto: Number(told) - maxHistory }));
  // If it fails they are a little longer until the next time.
  await db.run(trimIn(db.schema), [JSON.stringify(rows)]).catch(() => {});
}

async function standings(db: Database, writes: readonly SagaWrite[]): Promise<Map<string, Row>> {
  const ids = JSON.stringify(writes.map(({ id }) => toColumn(id)));
  return new Map((await db.run(standIn(db.schema), [ids])).map(row => [row['id'] as string, row]));
}

/** Why a write changed nothing. */
function answerTo({ id, epoch, revision, heedsCancel }: SagaWrite, why: Map<string, Row>): WriteAnswer {
  const row = why.get(toColumn(id));
  if (row === undefined || Number(row['epoch']) !== epoch) return { kind: 'stale' };
  const ahead = Number(row['revision']) - revision;
  // Only one with this epoch can have made it: this one, whose answer was lost.
  if (ahead === 1) return { kind: 'written' };
  const { cancel } = row;
  if (ahead !== 0 || heedsCancel || cancel === null) return { kind: 'stale' };
  return { kind: 'cancel', reason: fromColumn(cancel as string) };
}

/** A claim that is to be lengthened. */
export interface Renewal {
  readonly id: string;
  readonly epoch: number;
  readonly leaseMs: number;
}

/** Lengthens claims; false for each that is lost. */
export async function renewBatch(db: Database, claims: readonly Renewal[]): Promise<readonly boolean[]> {
  const rows = claims.map(({ id, epoch, leaseMs }) => ({ id: toColumn(id), epoch, lease: leaseMs }));
  const kept = await db.run(renewIn(db.schema), [JSON.stringify(rows)]);
  const ids = new Set(kept.map(row => row['id']));
  return rows.map(({ id }) => ids.has(id));
}
