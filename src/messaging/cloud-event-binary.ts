import { type CloudEvent, eventFrom } from './cloud-event.js';
import { bodyBytes, dataFrom } from './cloud-event-data.js';
import { AttributeMeter, type Limits } from './cloud-event-limits.js';
import { refuseAttribute } from './cloud-event-refusal.js';
import type { AttributeValue } from './cloud-event-rules.js';
import { isEventType } from './media-type.js';

/** How a protocol names and writes attributes. */
export interface HeaderForm {
  /** In front of each attribute; the first is the one that is written. */
  readonly prefixes: readonly string[];
  /** Whether names come in any case. */
  readonly ignoresCase?: boolean;
  /** Whether headers that no attribute could have as its name are other people's. */
  readonly skipsOthers?: boolean;
  readonly write: (value: AttributeValue) => AttributeValue;
  readonly read: (attribute: string, value: unknown) => unknown;
}

/** The headers of an event, without data and those attributes that stand elsewhere. */
export function headersFor(
  event: CloudEvent,
  form: HeaderForm,
  elsewhere?: 'datacontenttype',
): Record<string, AttributeValue> {
  const headers: Record<string, AttributeValue> = {};
  for (const [name, value] of Object.entries(event)) {
    if (name === 'data' || name === elsewhere) continue;
    headers[form.prefixes[0] + name] = form.write(value as AttributeValue);
  }
  return headers;
}

/**
 * The content type of a message in binary mode. Throws a `CloudEventError` where data is an event itself: the
 * message would be taken for one in structured mode.
 */
export function contentTypeFor({ datacontenttype: type }: CloudEvent): string | undefined {
  return type !== undefined && isEventType(type)
    ? refuseAttribute('datacontenttype', 'another type than that of events, or the mode `structured`', type)
    : type;
}

/**
 * The event of a message in binary mode. `type` is the content type of the message, where the protocol has
 * the `datacontenttype` there; senders that write it as an attribute as well are understood as long as both
 * say the same.
 */
export function binaryEvent(
  pairs: readonly [string, unknown][],
  form: HeaderForm,
  type: unknown,
  body: unknown,
  limits: Limits,
): CloudEvent {
  const meter = new AttributeMeter(limits);
  const attributes = attributesIn(pairs, form, meter);
  if (type !== undefined && type !== null) {
    const own = attributes.get('datacontenttype') ?? type;
    if (own !== type) refuseAttribute('datacontenttype', 'the content type of the message, or left out', own);
    meter.add('datacontenttype', type);
    attributes.set('datacontenttype', type);
  }
  const told = attributes.get('datacontenttype');
  const data = dataFrom(bodyBytes(body, limits), typeof told === 'string' ? told : undefined);
  return eventFrom(attributes, data);
}

function attributesIn(
  pairs: readonly [string, unknown][],
  form: HeaderForm,
  meter: AttributeMeter,
): Map<string, unknown> {
  const attributes = new Map<string, unknown>();
  for (const [header, value] of pairs) {
    const name = attributeOf(header, form);
    if (name === undefined) continue;
    meter.add(name, value);
    if (attributes.has(name)) refuseAttribute(name, 'there once', value);
    attributes.set(name, form.read(name, value));
  }
  return attributes;
}

function attributeOf(header: string, form: HeaderForm): string | undefined {
  for (const prefix of form.prefixes) {
    const head = header.slice(0, prefix.length);
    if ((form.ignoresCase ? head.toLowerCase() : head) !== prefix) continue;
    const name = header.slice(prefix.length);
    if (form.skipsOthers && (name === 'data' || !/^[a-z\d]+$/.test(name))) return undefined;
    return form.ignoresCase ? name.toLowerCase() : name;
  }
  return undefined;
}
