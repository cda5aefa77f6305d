import { InvalidMessageError } from '../kernel/bus-errors.js';
import type { Codec } from './codec.js';
import type { OutRecord } from './driver.js';
import { header } from './headers.js';
import { formatTraceContext, type TraceContext } from './trace-context.js';

/** The names of all headers that the bus writes, and the values that are bounded: ids, times, numbers. */
const MOST_OTHERS = 8_192;

/** What all messages of a bus have in common. */
export class Envelope {
  /** The URI of the service. */
  readonly source: string;
  /** What the broker writes before the names of CloudEvents attributes. */
  readonly prefix: string;
  readonly codec: Codec;
  /** Whether handlers in this process get the very data that was published. */
  readonly byReference: boolean;
  #stampedAt = -1;
  #stamp = '';

  constructor(source: string, prefix: string, codec: Codec, byReference: boolean) {
    this.source = source;
    this.prefix = prefix;
    this.codec = codec;
    this.byReference = byReference;
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

/** What is said of a message on its way out. */
export interface Draft {
  readonly topic: string;
  readonly version: number;
  readonly id: string;
  /** Whether the id was made for it, and it is sent once. */
  readonly fresh: boolean;
  readonly key: string | undefined;
  readonly data: unknown;
  /** Epoch ms. */
  readonly time: number;
  readonly notBefore: number | undefined;
  readonly expiresAt: number | undefined;
  readonly priority: number;
  /** The user's own, checked. */
  readonly headers: Readonly<Record<string, string>> | undefined;
  readonly correlationId: string | undefined;
  readonly causationId: string | undefined;
  readonly idempotencyKey: string | undefined;
  readonly trace: TraceContext | undefined;
  readonly replyTo: string | undefined;
  /** Epoch ms at which its publisher stops caring. */
  readonly deadline: number | undefined;
}

/**
 * A message of this process on its way out: a CloudEvent in binary mode. Its attributes stand among the
 * headers, its data is the body. The headers are written when a driver asks for them: where a message never
 * leaves the process nobody does.
 */
export class OwnRecord implements OutRecord {
  readonly draft: Draft;
  readonly envelope: Envelope;
  #headers: Readonly<Record<string, string>> | undefined = undefined;
  #body: Uint8Array | undefined;

  /** @throws InvalidMessageError when the data cannot be written. */
  constructor(envelope: Envelope, draft: Draft) {
    this.draft = draft;
    this.envelope = envelope;
    // At once, for the data may be changed as soon as the publisher has the turn again.
    this.#body = envelope.byReference ? undefined : encoded(envelope.codec, draft);
  }

  get topic(): string {
    return this.draft.topic;
  }

  get id(): string {
    return this.draft.id;
  }

  get key(): string | undefined {
    return this.draft.key;
  }

  get notBefore(): number | undefined {
    return this.draft.notBefore;
  }

  get expiresAt(): number | undefined {
    return this.draft.expiresAt;
  }

  get priority(): number {
    return this.draft.priority;
  }

  /** Only what is replayed from dead letters is meant for one group. */
  get group(): undefined {
    return undefined;
  }

  get fresh(): boolean {
    return this.draft.fresh;
  }

  /** A number of bytes that its headers and body surely stay below, without a look at most of them. */
  get mostBytes(): number {
    const { headers, topic, id, key = '', trace } = this.draft;
    // What never leaves the process takes no room on any wire.
    if (this.envelope.byReference) return 0;
    if (headers !== undefined || trace !== undefined) return Infinity;
    const texts = 3 * (topic.length + id.length + key.length + this.envelope.source.length);
    return this.#body!.byteLength + texts + MOST_OTHERS;
  }

  get headers(): Readonly<Record<string, string>> {
    this.#headers ??= headersOf(this.envelope, this.draft);
    return this.#headers;
  }

  get body(): Uint8Array {
    this.#body ??= encoded(this.envelope.codec, this.draft);
    return this.#body;
  }
}

function encoded(codec: Codec, { topic, data }: Draft): Uint8Array {
  try {
    return codec.encode(data);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new InvalidMessageError(`${topic}: the data cannot be written: ${why}`, [], { cause });
  }
}

function headersOf(envelope: Envelope, draft: Draft): Readonly<Record<string, string>> {
  const { prefix } = envelope;
  const { key, correlationId, causationId, trace, idempotencyKey, expiresAt, deadline, replyTo } = draft;
  const headers: Record<string, string> = { ...draft.headers };
  headers[`${prefix}specversion`] = '1.0';
  headers[`${prefix}id`] = draft.id;
  headers[`${prefix}source`] = envelope.source;
  headers[`${prefix}type`] = draft.topic;
  headers[`${prefix}time`] = envelope.timeText(draft.time);
  headers[`${prefix}schemaversion`] = String(draft.version);
  headers[header.contentType] = envelope.codec.contentType;
  if (key !== undefined) headers[`${prefix}partitionkey`] = key;
  if (correlationId !== undefined) headers[`${prefix}correlationid`] = correlationId;
  if (causationId !== undefined) headers[`${prefix}causationid`] = causationId;
  if (trace !== undefined) Object.assign(headers, formatTraceContext(trace));
  if (idempotencyKey !== undefined) headers[header.idempotencyKey] = idempotencyKey;
  if (expiresAt !== undefined) headers[`${prefix}expirytime`] = new Date(expiresAt).toISOString();
  if (deadline !== undefined) headers[header.deadline] = String(Math.ceil(deadline));
  if (replyTo !== undefined) headers[header.replyTo] = replyTo;
  return headers;
}
