import type { InRecord, RawDelivery } from './driver.js';
import { header, isWritten, numberIn } from './headers.js';
import type { Message } from './message.js';
import { type Envelope, OwnRecord } from './own-record.js';
import { parseTraceContext } from './trace-context.js';

/** A message while it is being taken in: its data comes last. */
export type Incoming = { -readonly [Fact in keyof Message]: Message[Fact] };

/** What stands on the outside of a record, without its data. */
export interface Received {
  /** Its data is `undefined` until it is read. */
  readonly message: Incoming;
  /** Epoch ms. */
  readonly expiresAt: number | undefined;
  readonly deadline: number | undefined;
  readonly replyTo: string | undefined;
  readonly idempotencyKey: string;
}

/**
 * Reads the outside of a record. A record of somebody who writes no CloudEvents is read as well: its id is
 * its position then.
 */
export function readRecord(
  envelope: Envelope,
  raw: Pick<RawDelivery, 'record' | 'position'>,
  attempt: number,
): Received {
  const { record } = raw;
  // One that never left the process says the same as its headers would.
  return record instanceof OwnRecord
    ? readOwn(record, attempt)
    : readHeaders(envelope.prefix, record, raw.position, attempt);
}

const none: Readonly<Record<string, string>> = /* @__PURE__ */ Object.freeze({});

function readOwn({ draft, envelope }: OwnRecord, attempt: number): Received {
  const { id } = draft;
  return {
    message: {
      id,
      topic: draft.topic,
      data: undefined,
      key: draft.key,
      version: draft.version,
      time: draft.time,
      attempt,
      source: envelope.source,
      correlationId: draft.correlationId ?? id,
      causationId: draft.causationId,
      trace: draft.trace,
      headers: draft.headers ?? none,
      replays: 0,
    },
    expiresAt: draft.expiresAt,
    deadline: draft.deadline,
    replyTo: draft.replyTo,
    idempotencyKey: draft.idempotencyKey ?? id,
  };
}

function readHeaders(
  prefix: string,
  { headers, topic, key }: InRecord,
  position: string,
  attempt: number,
): Received {
  const id = headers[`${prefix}id`] ?? position;
  const expiry = Date.parse(headers[`${prefix}expirytime`] ?? '');
  const time = Date.parse(headers[`${prefix}time`] ?? '');
  return {
    message: {
      id,
      topic,
      data: undefined,
      key: key ?? headers[`${prefix}partitionkey`],
      version: numberIn(headers, `${prefix}schemaversion`) ?? 1,
      time: Number.isNaN(time) ? undefined : time,
      attempt,
      source: headers[`${prefix}source`] ?? '',
      correlationId: headers[`${prefix}correlationid`] ?? id,
      causationId: headers[`${prefix}causationid`],
      trace: headers[header.traceparent] === undefined ? undefined : parseTraceContext(headers),
      headers: ownHeaders(headers, prefix),
      replays: numberIn(headers, header.replays) ?? 0,
    },
    expiresAt: Number.isNaN(expiry) ? undefined : expiry,
    deadline: numberIn(headers, header.deadline),
    replyTo: headers[header.replyTo],
    idempotencyKey: headers[header.idempotencyKey] ?? id,
  };
}

function ownHeaders(
  headers: Readonly<Record<string, string>>,
  prefix: string,
): Readonly<Record<string, string>> {
  const own: Record<string, string> = {};
  for (const name in headers) {
    if (!isWritten(name, prefix)) own[name] = headers[name]!;
  }
  return own;
}
