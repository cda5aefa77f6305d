import { encodeBase64 } from './base64.js';
import { isBytes } from './bytes.js';
import { refuseAttribute } from './cloud-event-refusal.js';
import { isMediaType } from './media-type.js';
import { isTimestamp } from './timestamp.js';
import { isUri, isUriReference } from './uri-reference.js';

/**
 * The value of an attribute: String, URI, URI-reference and Timestamp are texts, Integer is a number of 32
 * bits, Boolean a boolean, and Binary a `Uint8Array`.
 */
export type AttributeValue = string | number | boolean | Uint8Array;

/** What an attribute of the specification has to be. */
export interface CoreRule {
  readonly name: string;
  readonly says: string;
  readonly holds: (text: string) => boolean;
  readonly isRequired?: true;
}
const filled = { says: 'a text that is not empty', holds: (text: string) => text !== '' };
const isSource = (text: string): boolean => text !== '' && isUriReference(text);

/** The attributes of the specification, in the order in which events have them. */
export const coreRules: readonly CoreRule[] = [
  { name: 'specversion', says: '"1.0"', holds: text => text === '1.0', isRequired: true },
  { name: 'id', ...filled, isRequired: true },
  { name: 'source', says: 'a URI-reference that is not empty', holds: isSource, isRequired: true },
  { name: 'type', ...filled, isRequired: true },
  { name: 'datacontenttype', says: 'a media type', holds: isMediaType },
  { name: 'dataschema', says: 'a URI', holds: isUri },
  { name: 'subject', ...filled },
  { name: 'time', says: 'a timestamp of RFC 3339', holds: isTimestamp },
];

/** Returns the value of a core attribute when it keeps its rule; throws a `CloudEventError` otherwise. */
export function checkCore({ name, says, holds }: CoreRule, value: unknown): string {
  if (typeof value !== 'string' || !holds(value)) return refuseAttribute(name, says, value);
  return checkText(name, value);
}

/** Returns an extension when its name and value keep their rules; throws a `CloudEventError` otherwise. */
export function checkExtension(name: string, value: unknown): AttributeValue {
  if (name === 'data' || !/^[a-z\d]+$/.test(name))
    return refuseAttribute(name, 'named by a–z and 0–9, and not `data`', value);
  if (typeof value === 'string') return checkText(name, value);
  if (typeof value === 'boolean' || isBytes(value)) return value;
  // The addition makes 0 of -0, which no text can tell from it.
  if (typeof value === 'number' && (value | 0) === value) return value + 0;
  return refuseAttribute(name, 'a text, an integer of 32 bits, a boolean or a Uint8Array', value);
}

function checkText(name: string, text: string): string {
  // Most are ASCII, which is told ten times as fast.
  return /[^ -~]/.test(text) && /[\p{Cc}\p{Cs}\p{Noncharacter_Code_Point}]/u.test(text)
    ? refuseAttribute(name, 'free of control characters, noncharacters and lone surrogates', text)
    : text;
}

/** The canonical text of a value, as the protocols carry it that have texts only. */
export function canonicalText(value: AttributeValue): string {
  return isBytes(value) ? encodeBase64(value) : String(value);
}
