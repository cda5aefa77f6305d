import { type Payload, utf8 } from './bytes.js';
import { type CloudEvent, checkedEvent } from './cloud-event.js';
import { binaryEvent, contentTypeFor, type HeaderForm, headersFor } from './cloud-event-binary.js';
import { type BodySource, dataBytes } from './cloud-event-data.js';
import { type CloudEventEncoding, isStructured } from './cloud-event-encoding.js';
import { type HeaderSource, headerText, headerValue, pairsOf } from './cloud-event-headers.js';
import { cloudEventToJson, eventInBody } from './cloud-event-json.js';
import { type CloudEventLimits, limitsOf } from './cloud-event-limits.js';
import { refuseMessage } from './cloud-event-refusal.js';
import { canonicalText } from './cloud-event-rules.js';
import { contentModeOf, EVENT_TYPE } from './media-type.js';

/** The key of a Kafka record; `null` for none. */
export type KafkaKey = string | Uint8Array | null;

/** How an event is put into a Kafka record. */
export interface KafkaEncoding extends CloudEventEncoding {
  /**
   * The key, or what picks it for an event: `partitionKeyOf`, for one. The event stays as it is.
   * @default null
   */
  readonly key?: KafkaKey | ((event: CloudEvent) => KafkaKey) | undefined;
}

/** An event as a Kafka record carries it; a message of kafkajs. */
export interface KafkaCloudEvent {
  /** What the encoding said. */
  readonly key: KafkaKey;
  /** `null` for an event without data in binary mode: a tombstone in a compacted topic. */
  readonly value: Payload | null;
  /** Texts, to be sent in UTF-8. */
  readonly headers: Readonly<Record<string, string>>;
}

/** What a Kafka record brought; a message of kafkajs is one. */
export interface KafkaMessage {
  /** Texts or UTF-8 bytes. */
  readonly headers?: HeaderSource | undefined;
  /** The value. */
  readonly value?: BodySource;
}

const kafkaForm: HeaderForm = {
  prefixes: ['ce_'],
  write: canonicalText,
  read: headerValue,
};

/** The key mapper of the specification: the extension `partitionkey`, `null` where an event has none. */
export function partitionKeyOf(event: CloudEvent): string | null {
  const { partitionkey } = event as { partitionkey?: unknown };
  return typeof partitionkey === 'string' ? partitionkey : null;
}

/** Puts an event into a Kafka record. Throws a `CloudEventError` for an event that breaks a rule. */
export function cloudEventToKafka(event: CloudEvent, encoding?: KafkaEncoding): KafkaCloudEvent {
  const structured = isStructured(encoding, 'key');
  const checked = checkedEvent(event);
  const asked = encoding?.key ?? null;
  const key = typeof asked === 'function' ? asked(checked) : asked;
  if (structured) {
    return { key, value: utf8(cloudEventToJson(checked)), headers: { 'content-type': EVENT_TYPE } };
  }
  const type = contentTypeFor(checked);
  const headers = headersFor(checked, kafkaForm, 'datacontenttype') as Record<string, string>;
  if (type !== undefined) headers['content-type'] = type;
  return { key, value: dataBytes(checked.data, type) ?? null, headers };
}

/**
 * Reads the event of a Kafka record; its key is no part of it. Kafka has no batches of events. Throws a
 * `CloudEventError` for anything but one valid event within the limits.
 */
export function cloudEventFromKafka(message: KafkaMessage, limits?: CloudEventLimits): CloudEvent {
  const checked = limitsOf(limits);
  const pairs = pairsOf(message?.headers);
  const type = headerText(pairs, 'content-type');
  const mode = contentModeOf(type);
  if (mode === 'structured') return eventInBody(message.value, checked);
  if (mode === 'batch') return refuseMessage('a record must hold one event', type);
  return binaryEvent(pairs, kafkaForm, type, message?.value, checked);
}
