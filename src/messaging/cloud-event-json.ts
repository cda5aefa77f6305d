import { CloudEventError } from '../kernel/errors.js';
import { isRecord } from '../kernel/options.js';
import { decodeBase64, encodeBase64 } from './base64.js';
import { isBytes } from './bytes.js';
import { type CloudEvent, checkedEvent, eventFrom } from './cloud-event.js';
import { bodyText, jsonText, parsedJson } from './cloud-event-data.js';
import {
  AttributeMeter,
  type CloudEventLimits,
  checkLimit,
  type Limits,
  limitsOf,
} from './cloud-event-limits.js';
import { refuseAttribute, refuseMessage } from './cloud-event-refusal.js';
import { isJson } from './media-type.js';

/**
 * The JSON of an event, `application/cloudevents+json`. Bytes are `data_base64`. Throws a `CloudEventError`
 * for an event that breaks a rule, and for data without a JSON form.
 *
 * @example
 * ```ts
 * import { cloudEvent, cloudEventFromJson, cloudEventToJson } from 'keelson';
 *
 * const text = cloudEventToJson(cloudEvent({ id: '1', source: '/a', type: 'b', data: null }));
 * cloudEventFromJson(text).data; // => null
 * ```
 */
export function cloudEventToJson(event: CloudEvent): string {
  const { data, ...attributes } = checkedEvent(event);
  const members: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(attributes)) {
    members[name] = isBytes(value) ? encodeBase64(value) : value;
  }
  const head = JSON.stringify(members).slice(0, -1);
  if (data === undefined) return `${head}}`;
  if (isBytes(data)) return `${head},"data_base64":"${encodeBase64(data)}"}`;
  return `${head},"data":${jsonText(data)}}`;
}

/** The JSON of a batch, `application/cloudevents-batch+json`. Throws as {@link cloudEventToJson} does. */
export function cloudEventsToJson(events: readonly CloudEvent[]): string {
  return `[${events.map(event => cloudEventToJson(event)).join(',')}]`;
}

/**
 * The event in a JSON text, or in its UTF-8 bytes. A key of `data` that is called `__proto__` is a property
 * like any other. Throws a `CloudEventError` for anything but one valid event within the limits.
 */
export function cloudEventFromJson(json: string | Uint8Array, limits?: CloudEventLimits): CloudEvent {
  return eventInBody(json, limitsOf(limits));
}

/** The events of a JSON batch. Throws a `CloudEventError` if any of them is none, and says which. */
export function cloudEventsFromJson(json: string | Uint8Array, limits?: CloudEventLimits): CloudEvent[] {
  return eventsInBody(json, limitsOf(limits));
}

/** The event that is the body of a message in structured mode. */
export function eventInBody(body: unknown, limits: Limits): CloudEvent {
  return eventOf(parsedJson(bodyText(body, limits), 'an event'), limits);
}

/** The events that are the body of a message in batched mode. */
export function eventsInBody(body: unknown, limits: Limits): CloudEvent[] {
  const list = parsedJson(bodyText(body, limits), 'a batch');
  if (!Array.isArray(list)) return refuseMessage('a batch must be a list', list);
  checkLimit(limits, 'maxEvents', list.length);
  return list.map((each, index) => {
    try {
      return eventOf(each, limits);
    } catch (cause) {
      return refuseInBatch(index, cause as CloudEventError);
    }
  });
}

function refuseInBatch(index: number, cause: CloudEventError): never {
  throw new CloudEventError(`${cause.message}, in event ${index} of the batch`, cause.attribute, { cause });
}

function eventOf(json: unknown, limits: Limits): CloudEvent {
  if (!isRecord(json)) return refuseMessage('an event must be an object', json);
  const attributes = new Map<string, unknown>();
  const meter = new AttributeMeter(limits);
  for (const [name, value] of Object.entries(json)) {
    if (name === 'data' || name === 'data_base64' || value === null) continue;
    meter.add(name, value);
    attributes.set(name, value);
  }
  return eventFrom(attributes, dataOf(json, attributes.get('datacontenttype')));
}

function dataOf(json: Readonly<Record<string, unknown>>, type: unknown): unknown {
  const base64 = Object.hasOwn(json, 'data_base64') ? (json['data_base64'] ?? undefined) : undefined;
  if (!Object.hasOwn(json, 'data')) return base64 === undefined ? undefined : bytesOf(base64);
  const { data } = json;
  if (base64 !== undefined) return refuseAttribute('data_base64', 'absent where there is `data`', base64);
  // Senders that know no absence say null; only JSON has a null to be told apart from it.
  return data === null && typeof type === 'string' && !isJson(type) ? undefined : data;
}

function bytesOf(base64: unknown): Uint8Array {
  const bytes = typeof base64 === 'string' ? decodeBase64(base64) : undefined;
  return bytes ?? refuseAttribute('data_base64', 'base64 of RFC 4648 with padding', base64);
}
