import { isRecord } from '../kernel/options.js';
import { newId } from '../kernel/random.js';
import { isBytes } from './bytes.js';
import { refuseAttribute, refuseMessage } from './cloud-event-refusal.js';
import { type AttributeValue, checkCore, checkExtension, coreRules } from './cloud-event-rules.js';
import { isJson } from './media-type.js';

/** An event as CloudEvents 1.0 describes it: a frozen plain object. Make one with {@link cloudEvent}. */
export interface CloudEvent<T = unknown> {
  /** The version of the specification. */
  readonly specversion: '1.0';
  /** With `source` the identity of the event: a copy has both in common. */
  readonly id: string;
  /** Where it happened, a URI-reference. */
  readonly source: string;
  /** What happened, by convention a reversed domain name: `com.example.order.placed`. */
  readonly type: string;
  /** The media type of `data`. */
  readonly datacontenttype?: string;
  /** The schema of `data`, a URI. */
  readonly dataschema?: string;
  /** What it happened to, within `source`. */
  readonly subject?: string;
  /** When it happened: a timestamp of RFC 3339, the text as it came, with all its digits and its offset. */
  readonly time?: string;
  /** JSON, a text, or bytes. `null` is data; an event without data has no such property. */
  readonly data?: T;
  /** Extensions, each an {@link AttributeValue}, under names of a–z and 0–9. */
  readonly [extension: string]: unknown;
}

/** What {@link cloudEvent} takes. An attribute that is `null` or `undefined` is left out. */
export interface CloudEventInit<T = unknown> {
  /**
   * The version of the specification; there is no other.
   * @default '1.0'
   */
  readonly specversion?: '1.0' | null | undefined;
  /**
   * With `source` the identity of the event.
   * @default a new UUID
   */
  readonly id?: string | null | undefined;
  /** Where it happened, a URI-reference that is not empty. */
  readonly source: string;
  /** What happened, not empty. */
  readonly type: string;
  /**
   * The media type of `data`.
   * @default 'application/json' for data that is no `Uint8Array`
   */
  readonly datacontenttype?: string | null | undefined;
  /** The schema of `data`, a URI. */
  readonly dataschema?: string | null | undefined;
  /** What it happened to, within `source`; not empty. */
  readonly subject?: string | null | undefined;
  /** When it happened, a timestamp of RFC 3339. */
  readonly time?: string | null | undefined;
  /** JSON where `datacontenttype` says so or is left out; a text for any other type; or bytes. */
  readonly data?: T;
  /** Extensions, each an {@link AttributeValue}, under names of a–z and 0–9. */
  readonly [extension: string]: unknown;
}

/**
 * Makes an event: checks every attribute and freezes the result. Data is kept as it is, not copied. Throws a
 * `CloudEventError` that names the attribute, the rule and the value.
 *
 * @example
 * ```ts
 * import { cloudEvent } from 'keelson';
 *
 * const event = cloudEvent({ source: '/orders', type: 'com.example.order.placed', data: { cents: 995 } });
 * event.datacontenttype; // => 'application/json'
 * event.data?.cents; // => 995
 * ```
 */
export function cloudEvent<T = unknown>(init: CloudEventInit<T>): CloudEvent<T> {
  const { attributes, data } = parted(init);
  if (isUnset(attributes.get('specversion'))) attributes.set('specversion', '1.0');
  if (isUnset(attributes.get('id'))) attributes.set('id', newId());
  return eventFrom<T>(attributes, data);
}

/** Any object that should be an event, checked anew; what a protocol is about to carry. */
export function checkedEvent<T>(event: CloudEvent<T>): CloudEvent<T> {
  const { attributes, data } = parted(event);
  return eventFrom<T>(attributes, data);
}

/** An event of attributes in any order, which are used up, and of data, `undefined` for none. */
export function eventFrom<T>(attributes: Map<string, unknown>, data: unknown): CloudEvent<T> {
  const event: Record<string, unknown> = {};
  const implied = data === undefined || isBytes(data) ? undefined : 'application/json';
  if (isUnset(attributes.get('datacontenttype'))) attributes.set('datacontenttype', implied);
  for (const rule of coreRules) {
    const value = attributes.get(rule.name);
    if (rule.isRequired || !isUnset(value)) event[rule.name] = checkCore(rule, value);
    attributes.delete(rule.name);
  }
  for (const [name, value] of attributes) {
    if (!isUnset(value)) event[name] = checkExtension(name, value);
  }
  if (data !== undefined) event['data'] = checkData(data, event['datacontenttype'] as string | undefined);
  return Object.freeze(event) as unknown as CloudEvent<T>;
}

const isUnset = (value: unknown): boolean => value === undefined || value === null;

function parted(event: unknown): { attributes: Map<string, unknown>; data: unknown } {
  if (!isRecord(event)) return refuseMessage('an event must be an object', event);
  const attributes = new Map(Object.entries(event));
  attributes.delete('data');
  return { attributes, data: event['data'] };
}

function checkData(data: unknown, type: string | undefined): unknown {
  if (isBytes(data)) return data;
  if (ArrayBuffer.isView(data) || data instanceof ArrayBuffer)
    return refuseAttribute('data', 'a Uint8Array where it is binary', data);
  if (type === undefined || isJson(type)) return data;
  if (typeof data !== 'string')
    return refuseAttribute('data', `a text or a Uint8Array, as ${type} is not JSON`, data);
  // JSON escapes a lone surrogate; other text has no way to write one.
  return /\p{Cs}/u.test(data) ? refuseAttribute('data', 'free of lone surrogates', data) : data;
}
