import { type Payload, utf8 } from './bytes.js';
import { ceForm } from './ce-form.js';
import { type CloudEvent, checkedEvent } from './cloud-event.js';
import { binaryEvent, headersFor } from './cloud-event-binary.js';
import { type BodySource, dataBytes } from './cloud-event-data.js';
import { type CloudEventEncoding, isStructured } from './cloud-event-encoding.js';
import { type HeaderSource, headerText, pairsOf } from './cloud-event-headers.js';
import { cloudEventToJson, eventInBody } from './cloud-event-json.js';
import { type CloudEventLimits, limitsOf } from './cloud-event-limits.js';
import { refuseMessage } from './cloud-event-refusal.js';
import { contentModeOf, EVENT_TYPE } from './media-type.js';

/** An event as a NATS message carries it. */
export interface NatsCloudEvent {
  /** One value each; set them on the headers that the client makes. */
  readonly headers: Readonly<Record<string, string>>;
  /** The payload; empty for an event without data in binary mode. */
  readonly data: Payload;
}

/** What a NATS message brought; a `Msg` or `JsMsg` of the client is one. */
export interface NatsMessage {
  /** Left out by servers before 2.2, which have structured mode only. */
  readonly headers?: HeaderSource | undefined;
  /** The payload. */
  readonly data?: BodySource;
}

/** Puts an event into a NATS message. Throws a `CloudEventError` for an event that breaks a rule. */
export function cloudEventToNats(event: CloudEvent, encoding?: CloudEventEncoding): NatsCloudEvent {
  if (isStructured(encoding)) {
    return { headers: { 'Content-Type': EVENT_TYPE }, data: utf8(cloudEventToJson(event)) };
  }
  const checked = checkedEvent(event);
  const headers = headersFor(checked, ceForm) as Record<string, string>;
  return { headers, data: dataBytes(checked.data, checked.datacontenttype) ?? utf8('') };
}

/**
 * Reads the event of a NATS message: structured where `Content-Type` says so or there are no headers, else
 * binary. Throws a `CloudEventError` for anything but one valid event within the limits.
 */
export function cloudEventFromNats(message: NatsMessage, limits?: CloudEventLimits): CloudEvent {
  const checked = limitsOf(limits);
  const pairs = pairsOf(message?.headers);
  if (pairs.length === 0) return eventInBody(message?.data, checked);
  const type = headerText(pairs, 'content-type');
  const mode = contentModeOf(type);
  if (mode === 'structured') return eventInBody(message.data, checked);
  if (mode === 'batch') return refuseMessage('a message must hold one event', type);
  return binaryEvent(pairs, ceForm, undefined, message.data, checked);
}
