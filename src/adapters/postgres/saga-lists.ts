import type { Drivable, HistoryEntry, SagaCounts, SagaQuery, SagaRecord } from '../../saga/saga-store.js';
import type { Database } from './database.js';
import { fromColumn, toColumn } from './names.js';
import { columns, fromJson, ms, toIndex, toRecord } from './saga-rows.js';
import { OPEN } from './saga-tables.js';

const statuses: readonly string[] = [
  ...['running', 'waiting', 'compensating', 'parked', 'completed', 'compensated'],
];

export async function getSaga(db: Database, id: string): Promise<SagaRecord | undefined> {
  const text = `SELECT ${columns()} FROM ${db.schema}.saga s WHERE s.id = $1`;
  const [row] = await db.run(text, [toColumn(id)]);
  return row === undefined ? undefined : toRecord(row);
}

export async function findSaga(
  db: Database,
  definition: string,
  key: string,
): Promise<SagaRecord | undefined> {
  const text = `SELECT ${columns()} FROM ${db.schema}.saga s WHERE s.definition = $1 AND s.key = $2`;
  const [row] = await db.run(text, [toColumn(definition), toIndex(key)]);
  return row === undefined ? undefined : toRecord(row);
}

export async function listSagas(db: Database, query: SagaQuery): Promise<readonly SagaRecord[]> {
  const { definition, status, after, limit } = query;
  if (status !== undefined && !statuses.includes(status)) return [];
  const params: unknown[] = [limit];
  const where = ['true'];
  const add = (column: string, value: string) => where.push(`${column} $${params.push(toColumn(value))}`);
  if (definition !== undefined) add('s.definition =', definition);
  if (after !== undefined) add('s.id >', after);
  // As it is written here the server knows that the index of what is open has it.
  if (status !== undefined) where.push(`s.status = '${status}'`);
  const text = `SELECT ${columns()} FROM ${db.schema}.saga s WHERE ${where.join(' AND ')}
    ORDER BY s.id LIMIT $1::int`;
  return (await db.run(text, params)).map(toRecord);
}

export async function countOpen(db: Database): Promise<readonly (Drivable & { readonly count: number })[]> {
  const rows = await db.run(`SELECT definition, version::text, hash, count(*)::int AS count
    FROM ${db.schema}.saga WHERE status IN ${OPEN} GROUP BY definition, version, hash`);
  return rows.map(({ definition, version, hash, count }) => ({
    definition: fromColumn(definition as string),
    version: Number(version),
    hash: fromColumn(hash as string),
    count: Number(count),
  }));
}

export async function countByStatus(db: Database): Promise<SagaCounts> {
  const rows = await db.run(`SELECT status, count(*)::int AS count FROM ${db.schema}.saga
    WHERE status IN ${OPEN} GROUP BY status`);
  const counts = Object.fromEntries(rows.map(({ status, count }) => [status, Number(count)]));
  return { running: 0, waiting: 0, compensating: 0, parked: 0, ...counts };
}

export async function readHistory(db: Database, id: string): Promise<readonly HistoryEntry[]> {
  const text = `SELECT seq, ${ms('at')} AS at, epoch, event FROM ${db.schema}.saga_event
    WHERE saga = $1 ORDER BY seq`;
  const rows = await db.run(text, [toColumn(id)]);
  return rows.map(({ seq, at, epoch, event }) => ({
    seq: Number(seq),
    at: Math.round(Number(at)),
    epoch: Number(epoch),
    event: fromJson(event) as HistoryEntry['event'],
  }));
}
