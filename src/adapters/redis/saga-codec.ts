import { createHash } from 'node:crypto';
import type { HistoryEntry, NewSaga, SagaRecord, SagaWrite, StoredSignal } from '../../saga/saga-store.js';

const LONE_SURROGATE = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/;

/** Any text as the server keeps it: half characters do not survive the way there, and a line break parts. */
export function toText(text: string): string {
  return text.startsWith('"') || text.includes('\n') || LONE_SURROGATE.test(text)
    ? JSON.stringify(text)
    : text;
}

export const fromText = (text: string): string =>
  text.startsWith('"') ? (JSON.parse(text) as string) : text;

/** A longer text makes no longer name of a key. */
const LONGEST_NAME = 200;

/** A text of which only that it is the same is ever asked. */
export function toName(text: string): string {
  const kept = toText(text);
  if (kept.length <= LONGEST_NAME && !kept.startsWith('sha256:')) return kept;
  return `sha256:${createHash('sha256').update(kept).digest('hex')}`;
}

/** An argument that may be absent. */
export const maybe = (text: string | undefined): string => (text === undefined ? '-' : `+${text}`);

const maybeText = (text: string | undefined): string => maybe(text === undefined ? text : toText(text));

export const flag = (value: boolean): string => (value ? '1' : '0');

const LAST_MS = 2 ** 53 - 1;

/** A time in whole ms, and never early. */
export const toMs = (at: number): string => String(Math.min(Math.ceil(at), LAST_MS));

/** The arguments of `insert`. */
export function insertArgs(saga: NewSaga): readonly string[] {
  const { id, definition, version, hash, key, parent, status, cancellable, owner, leaseMs } = saga;
  return [
    ...[toText(id), toText(definition), String(version), toText(hash), maybeText(key), maybeText(parent)],
    ...[maybe(JSON.stringify(saga.input)), JSON.stringify(saga.state), status, flag(cancellable)],
    ...[maybeText(owner), toMs(leaseMs)],
  ];
}

/** The arguments of `write`. */
export function writeArgs(write: SagaWrite, maxHistory: number): readonly string[] {
  const { id, epoch, revision, state, status, cancellable, events, consumed, release, heedsCancel } = write;
  const wakeAt = release?.wakeAt;
  return [
    ...[toText(id), String(epoch), String(revision), JSON.stringify(state), status, flag(cancellable)],
    ...[flag(heedsCancel), flag(release !== undefined), maybe(wakeAt === undefined ? wakeAt : toMs(wakeAt))],
    ...[String(release?.signals ?? 0), String(maxHistory), String(events.length)],
    ...events.map(event => JSON.stringify(event)),
    ...consumed,
  ];
}

/** The fields of a flat answer: names and values in turn. */
export function fieldsOf(flat: readonly string[]): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  for (let at = 0; at < flat.length; at += 2) fields.set(flat[at]!, flat[at + 1]!);
  return fields;
}

/** A saga as the server answers with it; `undefined` for none. */
export function toRecord(flat: readonly string[]): SagaRecord | undefined {
  if (flat.length === 0) return undefined;
  const fields = fieldsOf(flat);
  const text = (name: string) => (fields.has(name) ? fromText(fields.get(name)!) : undefined);
  const number = (name: string) => Number(fields.get(name));
  const input = fields.get('input');
  return {
    id: text('id')!,
    definition: text('definition')!,
    version: number('version'),
    hash: text('hash')!,
    key: text('key'),
    parent: text('parent'),
    input: input === undefined ? undefined : JSON.parse(input),
    state: JSON.parse(fields.get('state')!) as SagaRecord['state'],
    status: fields.get('status') as SagaRecord['status'],
    cancellable: fields.get('cancellable') === '1',
    cancel: text('cancel'),
    epoch: number('epoch'),
    revision: number('revision'),
    signals: number('signals'),
    owner: text('owner'),
    wakeAt: fields.has('wakeAt') ? number('wakeAt') : undefined,
    createdAt: number('createdAt'),
    updatedAt: number('updatedAt'),
  };
}

/** A signal as one text: a payload that is absent stays absent. */
export const signalText = (name: string, payload: unknown): string =>
  JSON.stringify(payload === undefined ? [name] : [name, payload]);

/** Signals by their places, in order. */
export function toSignals(flat: readonly string[]): readonly StoredSignal[] {
  const signals = [...fieldsOf(flat)].sort(([one], [other]) => Number(one) - Number(other));
  return signals.map(([id, text]) => {
    const [name, payload] = JSON.parse(text) as [string, unknown];
    return { id, name, payload };
  });
}

/** An event with its number, time and epoch before it. */
export function toEntry(text: string): HistoryEntry {
  const [, seq, at, epoch, event] = /^(\d+) (\d+) (\d+) (.*)$/s.exec(text)!;
  return {
    seq: Number(seq),
    at: Number(at),
    epoch: Number(epoch),
    event: JSON.parse(event!) as HistoryEntry['event'],
  };
}
