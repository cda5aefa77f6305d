import { type Msg, type MsgHdrs, headers as newHeaders } from '@nats-io/transport-node';
import { InvalidMessageError } from '../../kernel/bus-errors.js';
import { show } from '../../kernel/options.js';
import type { OutRecord } from '../../messaging/driver.js';
import { encodeHeaderValue } from '../../messaging/percent-encoding.js';

/** The only group that is to get a message; no header of a user's can be called so. */
const GROUP = 'Keelson-Group';
const MESSAGE_ID = 'Nats-Msg-Id';
const EXPECTED_STREAM = 'Nats-Expected-Stream';
/** Where the key is among CloudEvents attributes. */
const KEY = 'ce-partitionkey';
const REPLAYS = 'x-replays';
/** `NATS/1.0`, and the empty line at the end. */
const FRAME_BYTES = 12;

/** Headers as NATS carries them, and how many bytes they take. */
export interface WrittenHeaders {
  readonly headers: MsgHdrs;
  readonly bytes: number;
}

/** A header carries visible ASCII: anything else is percent-encoded, as the binding of CloudEvents has it. */
function encoded(name: string, value: string): string {
  try {
    return encodeHeaderValue(value);
  } catch {
    throw new InvalidMessageError(`nats: the header \`${name}\` must be well-formed, got ${show(value)}`);
  }
}

function written(fields: Readonly<Record<string, string>>): WrittenHeaders {
  const headers = newHeaders();
  let bytes = FRAME_BYTES;
  for (const name in fields) {
    const value = encoded(name, fields[name]!);
    headers.append(name, value);
    bytes += name.length + value.length + 4;
  }
  return { headers, bytes };
}

/**
 * What the server knows a record by: ids are those of a topic, and a dead letter that comes back is another
 * message each time.
 */
function messageId({ topic, id, group = '', headers }: OutRecord): string {
  return `${topic} ${group} ${headers[REPLAYS] ?? ''} ${id}`;
}

/** @throws InvalidMessageError for a text that is no Unicode. */
export function writeHeaders(record: OutRecord, stream: string): WrittenHeaders {
  const { key, group } = record;
  const own: Record<string, string> = { [MESSAGE_ID]: messageId(record), [EXPECTED_STREAM]: stream };
  if (key !== undefined) own[KEY] = key;
  if (group !== undefined) own[GROUP] = group;
  return written({ ...record.headers, ...own });
}

/** @throws InvalidMessageError for a text that is no Unicode. */
export function writeDeadHeaders(
  headers: Readonly<Record<string, string>>,
  id: string,
  stream: string,
): WrittenHeaders {
  return written({ ...headers, [MESSAGE_ID]: id, [EXPECTED_STREAM]: stream });
}

/** Headers as they were published, and what the driver itself reads of them. */
export interface ReadHeaders {
  readonly headers: Readonly<Record<string, string>>;
  readonly key: string | undefined;
  readonly group: string | undefined;
}

/** Headers as they were published. What somebody else has written as it pleased them stays as it is. */
export function readHeaders(headers: MsgHdrs | undefined): ReadHeaders {
  const reading = new Reading();
  for (const [name, values] of headers ?? []) reading.add(name, values.at(-1) ?? '');
  return reading.end();
}

/** What of headers is for the bus, one after the other; the last of those that are called alike counts. */
class Reading {
  readonly #headers: Record<string, string> = {};
  #group: string | undefined = undefined;

  add(name: string, value: string): void {
    if (name === GROUP) this.#group = decoded(value);
    else if (!name.startsWith('Nats-')) this.#headers[name] = decoded(value);
  }

  end(): ReadHeaders {
    const headers = this.#headers;
    return { headers, key: headers[KEY], group: this.#group };
  }
}

const BEGIN = 'NATS/1.0';
const LINE = '\r\n';

/**
 * As `readHeaders`, of a message whose data is known. The client takes longer to parse headers than all else
 * takes together, so that they are read as they came: they stand in front of the data. Where they do not, the
 * client is asked.
 */
export function headersOf(message: Msg, data: Uint8Array): ReadHeaders {
  const text = textBefore(message, data);
  if (text === undefined) return readHeaders(message.headers);
  const reading = new Reading();
  const last = text.length - LINE.length;
  for (let at = text.indexOf(LINE) + LINE.length, end = 0; at < last; at = end + LINE.length) {
    end = text.indexOf(LINE, at);
    const colon = text.indexOf(':', at);
    if (colon > -1 && colon < end) reading.add(text.slice(at, colon), text.slice(colon + 1, end).trim());
  }
  return reading.end();
}

/** Headers as they came; `undefined` where they do not stand there. */
function textBefore(message: Msg, data: Uint8Array): string | undefined {
  const { subject, reply = '' } = message;
  // The messages of the client tell their sizes, their type does not.
  const all = (message as { size?: () => number }).size?.() ?? 0;
  const size = all - subject.length - reply.length - data.byteLength;
  const from = data.byteOffset - size;
  if (size < FRAME_BYTES || from < 0) return undefined;
  const text = Buffer.from(data.buffer, from, size).toString();
  return text.startsWith(BEGIN) && text.endsWith(LINE + LINE) ? text : undefined;
}

function decoded(value: string): string {
  if (!value.includes('%')) return value;
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}
