import type { NewSaga, SagaRecord } from '../../saga/saga-store.js';
import type { Row } from './client.js';
import type { Database } from './database.js';
import { toColumn } from './names.js';
import { columns, fromNow, ms, toIndex, toJson, toRecord } from './saga-rows.js';

/** What became of a new saga. */
export interface Inserted {
  readonly record: SagaRecord;
  readonly inserted: boolean;
}

const input = `json_to_recordset($1::json) AS i(id text, definition text, version bigint, hash text, key text,
  "longKey" text, parent text, input text, state text, status text, cancellable boolean, owner text,
  lease float8)`;

const insertIn = (s: string): string => `
  INSERT INTO ${s}.saga AS s (id, definition, version, hash, key, long_key, parent, input, state, status,
    cancellable, owner, epoch, wake_at)
  SELECT id, definition, version, hash, key, "longKey", parent, input, state, status, cancellable, owner,
    CASE WHEN owner IS NULL THEN 0 ELSE 1 END, ${fromNow('lease')}
  FROM ${input} ON CONFLICT DO NOTHING
  RETURNING id, ${ms('wake_at')} AS wake_at, ${ms('created_at')} AS created_at`;

const thereIn = (s: string): string => `
  SELECT ${columns()} FROM ${s}.saga s WHERE s.id IN (
    SELECT i.id FROM ${input}
    UNION ALL
    SELECT k.id FROM ${input} JOIN ${s}.saga k ON k.definition = i.definition AND k.key = i.key)`;

const isOver = (status: string): boolean => status === 'completed' || status === 'compensated';

function paramOf(sagas: readonly NewSaga[]): string {
  return JSON.stringify(
    sagas.map(saga => {
      const { id, definition, version, hash, key, parent, owner, status, cancellable, leaseMs } = saga;
      const index = key === undefined ? null : toIndex(key);
      const column = key === undefined ? null : toColumn(key);
      const due = isOver(status) || status === 'parked' ? null : owner === undefined ? 0 : leaseMs;
      return {
        ...{ id: toColumn(id), definition: toColumn(definition), version, hash: toColumn(hash) },
        ...{ key: index, longKey: index === column ? null : column, lease: due, status, cancellable },
        ...{ parent: parent === undefined ? null : toColumn(parent) },
        ...{ owner: owner === undefined ? null : toColumn(owner) },
        ...{ input: toJson(saga.input), state: toJson(saga.state) },
      };
    }),
  );
}

function recordOf(saga: NewSaga, row: Row): SagaRecord {
  const { leaseMs: _, ...fields } = saga;
  const wakeAt = row['wake_at'] === null ? undefined : Math.round(Number(row['wake_at']));
  const createdAt = Math.round(Number(row['created_at']));
  const counts = { epoch: saga.owner === undefined ? 0 : 1, revision: 0, signals: 0, cancel: undefined };
  return { ...fields, ...counts, wakeAt, createdAt, updatedAt: createdAt };
}

/** All in one order, so that no two batches wait for each other. */
function inOrder(one: NewSaga, other: NewSaga): number {
  const [a, b] = [
    `${one.definition}\n${one.key}\n${one.id}`,
    `${other.definition}\n${other.key}\n${other.id}`,
  ];
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Keeps the sagas of a batch that are new, and answers for each with the one that is there. */
export async function insertBatch(db: Database, sagas: readonly NewSaga[]): Promise<readonly Inserted[]> {
  const sorted = [...sagas].sort(inOrder);
  const rows = await db.run(insertIn(db.schema), [paramOf(sorted)]);
  const made = new Map(rows.map(row => [row['id'], row]));
  const answers = new Map<NewSaga, Inserted>();
  for (const saga of sorted) {
    const row = made.get(toColumn(saga.id));
    if (row === undefined) continue;
    made.delete(toColumn(saga.id));
    answers.set(saga, { record: recordOf(saga, row), inserted: true });
  }
  const known = sagas.filter(saga => !answers.has(saga));
  if (known.length > 0) await findKnown(db, known, answers);
  return sagas.map(saga => answers.get(saga)!);
}

async function findKnown(
  db: Database,
  known: readonly NewSaga[],
  answers: Map<NewSaga, Inserted>,
): Promise<void> {
  const records = (await db.run(thereIn(db.schema), [paramOf(known)])).map(toRecord);
  const byId = new Map(records.map(record => [record.id, record]));
  const byKey = new Map(records.map(record => [`${record.definition}\n${record.key}`, record]));
  const gone: NewSaga[] = [];
  for (const saga of known) {
    const keyed = saga.key === undefined ? undefined : byKey.get(`${saga.definition}\n${saga.key}`);
    const record = byId.get(saga.id) ?? keyed;
    if (record === undefined) gone.push(saga);
    else answers.set(saga, { record, inserted: false });
  }
  // What stood in the way has been forgotten meanwhile.
  if (gone.length === 0) return;
  for (const [at, inserted] of (await insertBatch(db, gone)).entries()) answers.set(gone[at]!, inserted);
}
