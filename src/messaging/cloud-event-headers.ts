import { isBytes, utf8Text } from './bytes.js';
import { refuseAttribute, refuseMessage } from './cloud-event-refusal.js';

/**
 * Headers as libraries have them: an object, or something that can be iterated over as pairs, as `Headers`, a
 * `Map`, and the headers of NATS. A list of values has one value.
 */
export type HeaderSource = Iterable<readonly [string, unknown]> | Readonly<Record<string, unknown>>;

/** Headers as pairs, without those that have no value. Throws a `CloudEventError` for what are no headers. */
export function pairsOf(headers: unknown): [string, unknown][] {
  if (headers === undefined || headers === null) return [];
  if (typeof headers !== 'object') return refuseMessage('headers must be an object', headers);
  const pairs = Symbol.iterator in headers ? [...(headers as Iterable<unknown>)] : Object.entries(headers);
  return pairs.flatMap(pair => {
    if (!Array.isArray(pair) || typeof pair[0] !== 'string')
      return refuseMessage('headers must be pairs of a name and a value', pair);
    const value: unknown = only(pair[1]);
    return value === undefined || value === null ? [] : [[pair[0], value] as [string, unknown]];
  });
}

const only = (value: unknown): unknown => (Array.isArray(value) && value.length < 2 ? value[0] : value);

/** The one value of a header whose name comes in any case. Throws a `CloudEventError` for several. */
export function headerText(pairs: readonly [string, unknown][], wanted: string): string | undefined {
  const found = pairs.filter(([name]) => name.length === wanted.length && name.toLowerCase() === wanted);
  if (found.length === 0) return undefined;
  if (found.length > 1) return refuseMessage(`\`${wanted}\` must be there once`, found);
  return headerValue(wanted, found[0]![1]);
}

/** A header value as text; bytes are UTF-8. */
export function headerValue(name: string, value: unknown): string {
  if (typeof value === 'string') return value;
  const text = isBytes(value) ? utf8Text(value) : undefined;
  return text ?? refuseAttribute(name, 'a text in one header', value);
}
