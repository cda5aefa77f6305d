import { type MsgHdrs, headers as newHeaders } from '@nats-io/transport-node';
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

/** Headers as they were published. What somebody else has written as it pleased them stays as it is. */
export function readHeaders(headers: MsgHdrs | undefined): {
  readonly headers: Readonly<Record<string, string>>;
  readonly key: string | undefined;
  readonly group: string | undefined;
} {
  const own: Record<string, string> = {};
  let group: string | undefined;
  for (const [name, values] of headers ?? []) {
    const value = decoded(values.at(-1) ?? '');
    if (name === GROUP) group = value;
    else if (!name.startsWith('Nats-')) own[name] = value;
  }
  return { headers: own, key: own[KEY], group };
}

function decoded(value: string): string {
  if (!value.includes('%')) return value;
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}
