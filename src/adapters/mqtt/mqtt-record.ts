import type { InRecord, OutRecord } from '../../messaging/driver.js';
import { header } from '../../messaging/headers.js';
import type { MqttProperties, MqttPublication } from './mqtt-connection.js';

/** The user property that names those that are escaped. No header can be called so. */
const ESCAPED = '~escaped';

/** What brokers close a connection for: control characters, halves of characters, what is none. */
const unsafe = /[\p{Cc}\p{Cs}\p{Noncharacter_Code_Point}]/u;
const toEscape = /[%\p{Cc}\p{Cs}\p{Noncharacter_Code_Point}]/gu;

const hex = (unit: string): string => `%${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;

/** Each unit of UTF-16 that cannot stand there as `%` and four digits. */
function escaped(text: string): string {
  return text.replace(toEscape, found => found.split('').map(hex).join(''));
}

function unescaped(text: string): string {
  return text.replace(/%([0-9a-f]{4})/g, (_, digits: string) => String.fromCharCode(parseInt(digits, 16)));
}

/** So many seconds are the longest that a message can have. */
const LONGEST_EXPIRY = 2 ** 32 - 1;

/** What is said of a message, as MQTT 5 carries it. */
export function propertiesOf({ headers, expiresAt }: OutRecord, now: number): MqttProperties {
  const userProperties: Record<string, string> = {};
  const marked: string[] = [];
  let contentType: string | undefined;
  for (const name in headers) {
    const value = headers[name]!;
    if (name === header.contentType && !unsafe.test(value)) contentType = value;
    else if (unsafe.test(value)) {
      userProperties[name] = escaped(value);
      marked.push(name);
    } else userProperties[name] = value;
  }
  if (marked.length > 0) userProperties[ESCAPED] = marked.join(' ');
  // The client says that an empty one is longer than it is: the broker would wait for the rest.
  const isBare = Object.keys(userProperties).length === 0;
  return {
    ...(isBare ? {} : { userProperties }),
    ...(contentType === undefined ? {} : { contentType }),
    ...(expiresAt === undefined ? {} : { messageExpiryInterval: secondsUntil(expiresAt, now) }),
  };
}

/** Upwards: the broker counts in seconds, and the bus itself looks at what is left. */
function secondsUntil(expiresAt: number, now: number): number {
  return Math.min(Math.max(1, Math.ceil((expiresAt - now) / 1_000)), LONGEST_EXPIRY);
}

const bytes = (text: string): number => Buffer.byteLength(text);

/** The bytes of the packet, at most. */
export function packetSize(topic: string, properties: MqttProperties, body: Uint8Array): number {
  // The fixed header, the id, and the lengths and numbers of properties.
  let size = 5 + 2 + 2 + 4 + 5 + bytes(topic) + body.byteLength;
  if (properties.contentType !== undefined) size += 3 + bytes(properties.contentType);
  const { userProperties = {} } = properties;
  for (const name in userProperties) size += 5 + bytes(name) + bytes(String(userProperties[name]));
  return size;
}

/** The bytes of a body without a copy. */
export function bufferOf(body: Uint8Array): Buffer {
  return Buffer.from(body.buffer, body.byteOffset, body.byteLength);
}

/** What came, as the bus takes it. Somebody else may have written a property twice: the last one counts. */
export function recordOf(topic: string, { payload, properties }: MqttPublication): InRecord {
  const headers: Record<string, string> = {};
  const { userProperties = {}, contentType } = properties ?? {};
  const marked = String(userProperties[ESCAPED] ?? '').split(' ');
  for (const [name, value] of Object.entries(userProperties)) {
    if (name === ESCAPED) continue;
    const text = typeof value === 'string' ? value : String(value.at(-1));
    headers[name] = marked.includes(name) ? unescaped(text) : text;
  }
  if (contentType !== undefined) headers[header.contentType] = contentType;
  const body = typeof payload === 'string' ? Buffer.from(payload) : payload;
  return { topic, key: headers['partitionkey'], headers, body };
}
