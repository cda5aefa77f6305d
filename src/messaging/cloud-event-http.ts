import { type Payload, utf8 } from './bytes.js';
import { ceForm } from './ce-form.js';
import { type CloudEvent, checkedEvent } from './cloud-event.js';
import { binaryEvent, contentTypeFor, headersFor } from './cloud-event-binary.js';
import { type BodySource, dataBytes } from './cloud-event-data.js';
import { type CloudEventEncoding, isStructured } from './cloud-event-encoding.js';
import { type HeaderSource, headerText, pairsOf } from './cloud-event-headers.js';
import { cloudEventsToJson, cloudEventToJson, eventInBody, eventsInBody } from './cloud-event-json.js';
import { type CloudEventLimits, type Limits, limitsOf } from './cloud-event-limits.js';
import { refuseMessage } from './cloud-event-refusal.js';
import { BATCH_TYPE, contentModeOf, EVENT_TYPE } from './media-type.js';

/** An event as an HTTP request or response carries it; fits the options of `fetch` and of `Response`. */
export interface HttpCloudEvent {
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** `undefined` for an event without data in binary mode. */
  readonly body: Payload | undefined;
}

/** What an HTTP request or response brought. */
export interface HttpMessage {
  /** `Headers`, or the headers of `node:http`. */
  readonly headers: HeaderSource;
  /** The whole body, read before: `await request.arrayBuffer()`. */
  readonly body?: BodySource;
}

/**
 * Puts an event into an HTTP message. Throws a `CloudEventError` for an event that breaks a rule.
 *
 * @example
 * ```ts
 * import { cloudEvent, cloudEventToHttp } from 'keelson';
 *
 * const event = cloudEvent({ id: '1', source: '/a', type: 'b', subject: 'Euro €' });
 * cloudEventToHttp(event).headers['ce-subject']; // => 'Euro%20%E2%82%AC'
 * ```
 */
export function cloudEventToHttp(event: CloudEvent, encoding?: CloudEventEncoding): HttpCloudEvent {
  if (isStructured(encoding)) return jsonMessage(EVENT_TYPE, cloudEventToJson(event));
  const checked = checkedEvent(event);
  const type = contentTypeFor(checked);
  const headers = headersFor(checked, ceForm, 'datacontenttype') as Record<string, string>;
  if (type !== undefined) headers['content-type'] = type;
  return { headers, body: dataBytes(checked.data, type) };
}

/** Puts events into one HTTP message, in batched mode: only for a receiver who asked for it. */
export function cloudEventsToHttp(events: readonly CloudEvent[]): HttpCloudEvent {
  return jsonMessage(BATCH_TYPE, cloudEventsToJson(events));
}

/**
 * Reads the event of an HTTP message in binary or structured mode. Throws a `CloudEventError` for anything
 * but one valid event within the limits.
 */
export function cloudEventFromHttp(message: HttpMessage, limits?: CloudEventLimits): CloudEvent {
  return eventsIn(message, limitsOf(limits), false)[0]!;
}

/** Reads the events of an HTTP message in any mode: those of a batch, or a single one. */
export function cloudEventsFromHttp(message: HttpMessage, limits?: CloudEventLimits): CloudEvent[] {
  return eventsIn(message, limitsOf(limits), true);
}

function eventsIn(message: HttpMessage, limits: Limits, takesBatch: boolean): CloudEvent[] {
  const pairs = pairsOf(message?.headers);
  const type = headerText(pairs, 'content-type');
  const mode = contentModeOf(type);
  if (mode === 'structured') return [eventInBody(message.body, limits)];
  if (mode === 'binary') return [binaryEvent(pairs, ceForm, type, message?.body, limits)];
  return takesBatch
    ? eventsInBody(message.body, limits)
    : refuseMessage('a message must hold one event', type);
}

function jsonMessage(type: string, json: string): HttpCloudEvent {
  return { headers: { 'content-type': type }, body: utf8(json) };
}
