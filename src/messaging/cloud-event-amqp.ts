import { isRecord } from '../kernel/options.js';
import { encodeBase64 } from './base64.js';
import { isBytes, type Payload, utf8 } from './bytes.js';
import { type CloudEvent, checkedEvent } from './cloud-event.js';
import { binaryEvent, contentTypeFor, type HeaderForm, headersFor } from './cloud-event-binary.js';
import { type BodySource, dataBytes } from './cloud-event-data.js';
import { type CloudEventEncoding, isStructured } from './cloud-event-encoding.js';
import { type HeaderSource, pairsOf } from './cloud-event-headers.js';
import { cloudEventToJson, eventInBody } from './cloud-event-json.js';
import { type CloudEventLimits, limitsOf } from './cloud-event-limits.js';
import { refuseAttribute, refuseMessage } from './cloud-event-refusal.js';
import { contentModeOf, EVENT_TYPE } from './media-type.js';

/** An event as an AMQP message carries it, in the shape of amqplib. */
export interface AmqpCloudEvent {
  /** What `publish` takes as options, beside your own. */
  readonly properties: {
    /** Left out where nothing says what the data is. */
    readonly contentType?: string;
    /** Attributes under `cloudEvents_`: booleans and integers as such, all else as texts. */
    readonly headers: Readonly<Record<string, string | number | boolean>>;
  };
  /** The body; amqplib wants a `Buffer` of it. Empty for an event without data in binary mode. */
  readonly content: Payload;
}

/** What an AMQP message brought; a `ConsumeMessage` of amqplib is one. */
export interface AmqpMessage {
  /** Of them, the content type and the application properties, which AMQP 0-9-1 calls headers. */
  readonly properties: {
    /** The media type of the body. */
    readonly contentType?: string | null | undefined;
    /** Native values or canonical texts. */
    readonly headers?: HeaderSource | null | undefined;
  };
  /** The body. */
  readonly content?: BodySource;
}

const amqpForm: HeaderForm = {
  prefixes: ['cloudEvents_', 'cloudEvents:'],
  // Clients do not agree on what binary is; its canonical text is understood by all.
  write: value => (isBytes(value) ? encodeBase64(value) : value),
  read: nativeValue,
};

/** Puts an event into an AMQP message. Throws a `CloudEventError` for an event that breaks a rule. */
export function cloudEventToAmqp(event: CloudEvent, encoding?: CloudEventEncoding): AmqpCloudEvent {
  if (isStructured(encoding)) {
    return { properties: { contentType: EVENT_TYPE, headers: {} }, content: utf8(cloudEventToJson(event)) };
  }
  const checked = checkedEvent(event);
  const type = contentTypeFor(checked);
  const headers = headersFor(checked, amqpForm, 'datacontenttype') as Record<string, string>;
  const properties = type === undefined ? { headers } : { contentType: type, headers };
  return { properties, content: dataBytes(checked.data, type) ?? utf8('') };
}

/**
 * Reads the event of an AMQP message, with either separator and with native values or texts. Throws a
 * `CloudEventError` for anything but one valid event within the limits.
 */
export function cloudEventFromAmqp(message: AmqpMessage, limits?: CloudEventLimits): CloudEvent {
  const checked = limitsOf(limits);
  const { contentType, headers } = message?.properties ?? {};
  const type = contentType ?? undefined;
  if (type !== undefined && typeof type !== 'string') refuseMessage('the content type must be a text', type);
  const mode = contentModeOf(type);
  if (mode === 'structured') return eventInBody(message.content, checked);
  if (mode === 'batch') return refuseMessage('a message must hold one event', type);
  return binaryEvent(pairsOf(headers), amqpForm, type, message?.content, checked);
}

/** A native timestamp, a `Date` or seconds as amqplib has them, is told as RFC 3339; a long as a number. */
function nativeValue(attribute: string, value: unknown): unknown {
  if (typeof value === 'bigint') return Number(value);
  const seconds = isRecord(value) && value['!'] === 'timestamp' ? Number(value['value']) : undefined;
  const date = seconds === undefined ? value : new Date(seconds * 1000);
  if (!(date instanceof Date)) return value;
  if (Number.isNaN(date.getTime())) return refuseAttribute(attribute, 'a timestamp that there is', value);
  return date.toISOString();
}
