import { InvalidMessageError } from '../kernel/bus-errors.js';
import type { Codec } from './codec.js';
import type { InRecord, OutRecord } from './driver.js';
import { checkHeaders, header, isWritten, numberIn } from './headers.js';
import type { Message, MessageFacts } from './message.js';
import { childTraceContext, formatTraceContext, parseTraceContext } from './trace-context.js';

/** What all messages of a bus have in common. */
export class Envelope {
  /** The URI of the service. */
  readonly source: string;
  /** What the broker writes before the names of CloudEvents attributes. */
  readonly prefix: string;
  readonly codec: Codec;
  #stampedAt = -1;
  #stamp = '';

  constructor(source: string, prefix: string, codec: Codec) {
    this.source = source;
    this.prefix = prefix;
    this.codec = codec;
  }

  /** The text of a time: most messages of a millisecond share it. */
  timeText(at: number): string {
    if (at !== this.#stampedAt) {
      this.#stampedAt = at;
      this.#stamp = new Date(at).toISOString();
    }
    return this.#stamp;
  }
}

/** A message on its way out. */
export interface Draft {
  readonly topic: string;
  readonly version: number;
  readonly id: string;
  readonly key: string | undefined;
  readonly data: unknown;
  readonly facts: MessageFacts;
  /** Epoch ms. */
  readonly now: number;
  readonly notBefore: number | undefined;
  readonly expiresAt: number | undefined;
  readonly priority: number;
  readonly replyTo: string | undefined;
  /** Epoch ms at which its publisher stops caring. */
  readonly deadline: number | undefined;
}

/**
 * Writes a message as a CloudEvent in binary mode: attributes among the headers, data as the body.
 *
 * @throws InvalidMessageError when the data cannot be written.
 */
export function writeRecord(envelope: Envelope, draft: Draft): OutRecord {
  const { prefix, codec } = envelope;
  const { topic, id, key, facts, now, notBefore, expiresAt, priority, replyTo } = draft;
  const { causedBy } = facts;
  const headers: Record<string, string> =
    facts.headers === undefined ? {} : { ...checkHeaders('publish', facts.headers) };
  headers[`${prefix}specversion`] = '1.0';
  headers[`${prefix}id`] = id;
  headers[`${prefix}source`] = envelope.source;
  headers[`${prefix}type`] = topic;
  headers[`${prefix}time`] = envelope.timeText(now);
  headers[`${prefix}schemaversion`] = String(draft.version);
  headers[header.contentType] = codec.contentType;
  if (key !== undefined) headers[`${prefix}partitionkey`] = key;
  const correlation = facts.correlationId ?? causedBy?.correlationId;
  if (correlation !== undefined) headers[`${prefix}correlationid`] = correlation;
  if (causedBy !== undefined) headers[`${prefix}causationid`] = causedBy.id;
  const trace = facts.trace ?? (causedBy?.trace && childTraceContext(causedBy.trace));
  if (trace !== undefined) Object.assign(headers, formatTraceContext(trace));
  if (facts.idempotencyKey !== undefined) headers[header.idempotencyKey] = facts.idempotencyKey;
  if (expiresAt !== undefined) headers[`${prefix}expirytime`] = new Date(expiresAt).toISOString();
  if (draft.deadline !== undefined) headers[header.deadline] = String(Math.ceil(draft.deadline));
  if (replyTo !== undefined) headers[header.replyTo] = replyTo;
  let body: Uint8Array;
  try {
    body = codec.encode(draft.data);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new InvalidMessageError(`${topic}: the data cannot be written: ${why}`, [], { cause });
  }
  return { topic, id, key, headers, body, notBefore, expiresAt, priority, group: undefined };
}

/** What stands on the outside of a record, without its data. */
export interface Received {
  readonly message: Omit<Message, 'data'>;
  /** Epoch ms. */
  readonly expiresAt: number | undefined;
  readonly notBefore: number | undefined;
  readonly deadline: number | undefined;
  readonly replyTo: string | undefined;
  readonly idempotencyKey: string;
}

/**
 * Reads the outside of a record. A record of somebody who writes no CloudEvents is read as well: its id is
 * its position then.
 */
export function readRecord(
  { prefix }: Envelope,
  record: InRecord,
  position: string,
  attempt: number,
): Received {
  const { headers } = record;
  const id = headers[`${prefix}id`] ?? position;
  const expiry = Date.parse(headers[`${prefix}expirytime`] ?? '');
  const time = Date.parse(headers[`${prefix}time`] ?? '');
  return {
    message: {
      id,
      topic: record.topic,
      key: record.key ?? headers[`${prefix}partitionkey`],
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
    notBefore: numberIn(headers, header.notBefore),
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
