import { InvalidMessageError, RecordTooLargeError } from '../../kernel/bus-errors.js';
import { show } from '../../kernel/options.js';
import type { InRecord, OutRecord } from '../../messaging/driver.js';
import { header } from '../../messaging/headers.js';
import type { RabbitMessage, RabbitPublishing } from './rabbit-client.js';

/** What stands before the names of CloudEvents attributes, after the binding for AMQP. */
export const ATTRIBUTES = 'cloudEvents_';

/** What stands before what the driver itself says of a message; nobody else gets to see it. */
export const PRIVATE: string = `${ATTRIBUTES}keelson`;

/** What the driver says of a message that does not come by way of its topic. */
export const note = {
  topic: `${PRIVATE}topic`,
  key: `${PRIVATE}key`,
  /** Of a dead letter: the queue that it comes back to, and by what it is found. */
  queue: `${PRIVATE}queue`,
  place: `${PRIVATE}place`,
} as const;

/** The client writes all headers into 64 KiB, and the server takes them in one frame only. */
const LARGEST_HEADERS = 60_000;
/** Of each header: the lengths of its name and its value, and its kind. */
const OF_EACH = 6;
/** So long are short texts of the protocol at most, in bytes. */
const LONGEST_SHORT = 255;

/** Names that the server itself writes, and reads. */
const serverNames = /^x-(?:death|delivery-count|acquired-count|(?:first|last)-death-.*)$/;

const loneSurrogate = /\p{Surrogate}/u;
const bytesOf = (text: string): number => Buffer.byteLength(text);

/**
 * What a record is published with.
 *
 * @throws InvalidMessageError or RecordTooLargeError for what would not arrive as it is.
 */
export function propertiesOf(record: Pick<OutRecord, 'topic' | 'id' | 'key' | 'headers'>): RabbitPublishing {
  const { [header.contentType]: contentType, ...headers } = record.headers as Record<string, string>;
  const { key, id, topic } = record;
  if (key !== undefined && headers[`${ATTRIBUTES}partitionkey`] !== key) headers[note.key] = key;
  const inProperty = contentType !== undefined && bytesOf(contentType) <= LONGEST_SHORT;
  if (contentType !== undefined && !inProperty) headers[header.contentType] = contentType;
  let size = 0;
  for (const [name, value] of Object.entries(record.headers)) {
    if (serverNames.test(name)) {
      throw new InvalidMessageError(`${topic}: the header \`${name}\` is written by RabbitMQ itself`);
    }
    if (loneSurrogate.test(value)) {
      throw new InvalidMessageError(`${topic}: the header \`${name}\` must be Unicode, got ${show(value)}`);
    }
    size += OF_EACH + bytesOf(name) + bytesOf(value);
  }
  if (size > LARGEST_HEADERS) {
    const text = `${topic}: ${size} bytes of headers, one frame takes ${LARGEST_HEADERS}`;
    throw new RecordTooLargeError(text, { policy: 'rabbitmq' });
  }
  return {
    headers,
    persistent: true,
    mandatory: false,
    ...(inProperty ? { contentType } : {}),
    ...(bytesOf(id) <= LONGEST_SHORT ? { messageId: id } : {}),
  };
}

/** Headers as texts, without those of the server and of the driver; numbers and truths are written out. */
function textsOf(headers: object): Record<string, string> {
  const texts: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (serverNames.test(name) || name.startsWith(PRIVATE)) continue;
    // CloudEvents over AMQP may be written with another sign, which older peers do not know.
    const known = name.startsWith('cloudEvents:') ? `${ATTRIBUTES}${name.slice(12)}` : name;
    if (typeof value === 'string') texts[known] = value;
    else if (typeof value === 'number' || typeof value === 'boolean') texts[known] = String(value);
  }
  return texts;
}

/** What the driver has said of a message. */
export function noteIn({ properties }: RabbitMessage, name: string): string | undefined {
  const value = (properties.headers as Record<string, unknown> | undefined)?.[name];
  return typeof value === 'string' ? value : undefined;
}

/** A message of the broker as a record. */
export function recordOf(message: RabbitMessage): InRecord {
  const { properties, fields, content } = message;
  const headers = textsOf(properties.headers ?? {});
  const { contentType } = properties;
  if (typeof contentType === 'string') headers[header.contentType] = contentType;
  return {
    topic: noteIn(message, note.topic) ?? fields.routingKey,
    key: noteIn(message, note.key) ?? headers[`${ATTRIBUTES}partitionkey`],
    headers,
    body: content,
  };
}

/** How often it was delivered before, as far as the headers tell. */
export function deliveriesBefore({ properties, fields }: RabbitMessage, counting: boolean): number {
  const headers = (properties.headers ?? {}) as Record<string, unknown>;
  const own = Number(headers[header.attempt] ?? 0);
  const counted = headers['x-delivery-count'];
  const again = typeof counted === 'number' ? counted : !counting && fields.redelivered ? 1 : 0;
  return (Number.isSafeInteger(own) && own > 0 ? own : 0) + again;
}

/** The bytes of a body without a copy. */
export function bufferOf(body: Uint8Array): Buffer {
  return Buffer.from(body.buffer, body.byteOffset, body.byteLength);
}
