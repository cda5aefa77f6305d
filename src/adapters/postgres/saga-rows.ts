import { createHash } from 'node:crypto';
import type { SagaRecord, SignalTarget } from '../../saga/saga-store.js';
import type { Row } from './client.js';
import { fromColumn, toColumn } from './names.js';

/** A longer text is found by its hash: an index takes no more than some 2700 bytes. */
const LONGEST_KEY = 300;
const HASHED = 'sha256:';

/** Any text as an index can hold it. */
export function toIndex(text: string): string {
  const column = toColumn(text);
  if (column.length <= LONGEST_KEY && !column.startsWith(HASHED)) return column;
  return HASHED + createHash('sha256').update(column).digest('hex');
}

/** A time in whole epoch ms. */
export const ms = (time: string): string => `extract(epoch FROM date_trunc('milliseconds', ${time})) * 1000`;

/** So many ms from now. */
export const fromNow = (span: string): string => `now() + ${span}::float8 * interval '1 ms'`;

const LAST_MS = 8.64e15;

/** A time as a statement takes it: in whole ms, and never early; the latest that there is for a later one. */
export const toMs = (at: number | undefined): number | null =>
  at === undefined ? null : Math.min(Math.ceil(at), LAST_MS);

/** All of a saga `s`, by the names that {@link toRecord} knows. */
export const columns =
  (): string => `s.id, s.definition, s.version::text, s.hash, coalesce(s.long_key, s.key) AS key,
  s.parent, s.input, s.state, s.status, s.cancellable, s.cancel, s.epoch, s.revision, s.signals, s.owner,
  ${ms('s.wake_at')} AS wake_at, ${ms('s.created_at')} AS created_at, ${ms('s.updated_at')} AS updated_at`;

const text = (value: unknown): string | undefined =>
  value === null || value === undefined ? undefined : fromColumn(value as string);

const time = (value: unknown): number | undefined =>
  value === null || value === undefined ? undefined : Math.round(Number(value));

/** JSON as it was put; nothing where there was nothing. */
export const fromJson = (value: unknown): unknown =>
  value === null || value === undefined ? undefined : JSON.parse(value as string);

/** JSON of anything, and nothing for what it does not know. */
export const toJson = (value: unknown): string | null => JSON.stringify(value) ?? null;

/** A record as the database answers with it. */
export function toRecord(row: Row): SagaRecord {
  return {
    id: fromColumn(row['id'] as string),
    definition: fromColumn(row['definition'] as string),
    version: Number(row['version']),
    hash: fromColumn(row['hash'] as string),
    key: text(row['key']),
    parent: text(row['parent']),
    input: fromJson(row['input']),
    state: fromJson(row['state']) as SagaRecord['state'],
    status: row['status'] as SagaRecord['status'],
    cancellable: row['cancellable'] === true,
    cancel: text(row['cancel']),
    epoch: Number(row['epoch']),
    revision: Number(row['revision']),
    signals: Number(row['signals']),
    owner: text(row['owner']),
    wakeAt: time(row['wake_at']),
    createdAt: time(row['created_at'])!,
    updatedAt: time(row['updated_at'])!,
  };
}

/** Where the signals for a target stand: a definition and a key, or none and an id. */
export function addressOf(target: SignalTarget): readonly [definition: string, key: string] {
  return 'id' in target ? ['', toColumn(target.id)] : [toColumn(target.definition), toIndex(target.key)];
}
