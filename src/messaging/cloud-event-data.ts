import { isBytes, type Payload, utf8, utf8Text } from './bytes.js';
import { checkLimit, type Limits } from './cloud-event-limits.js';
import { refuseAttribute, refuseMessage } from './cloud-event-refusal.js';
import { isJson, isText, isUtf8 } from './media-type.js';

/** The body of a message that came in: bytes, or a text where the protocol's library has read it already. */
export type BodySource = Uint8Array | ArrayBuffer | string | null | undefined;

/** A value as JSON. Throws a `CloudEventError` where it has none: a function, a circle, a BigInt. */
export function jsonText(data: unknown): string {
  let text: string | undefined;
  try {
    text = JSON.stringify(data);
  } catch (cause) {
    return refuseMessage('`data` must have a JSON form', data, cause);
  }
  return text ?? refuseAttribute('data', 'a value that JSON has', data);
}

/** A text as JSON reads it. Throws a `CloudEventError` for another. */
export function parsedJson(text: string, what: string): unknown {
  try {
    return JSON.parse(text.startsWith('\uFEFF') ? text.slice(1) : text);
  } catch (cause) {
    return refuseMessage(`${what} must be JSON`, text, cause);
  }
}

/** Data as the bytes of a binary-mode message; `undefined` where an event has none. */
export function dataBytes(data: unknown, type: string | undefined): Payload | undefined {
  if (data === undefined) return undefined;
  if (isBytes(data)) return data as Payload;
  if (type === undefined || isJson(type)) return utf8(jsonText(data));
  const text = data as string;
  if (!isUtf8(type))
    refuseAttribute('data', `a Uint8Array, as ${type} names another charset than UTF-8`, text);
  return utf8(text);
}

/**
 * Data of a binary-mode message: JSON is parsed, text in UTF-8 is a text, all else stays bytes. No bytes are
 * no data, but where a type other than JSON says that there is some: it is empty then.
 */
export function dataFrom(bytes: Uint8Array | undefined, type: string | undefined): unknown {
  if (bytes === undefined) return undefined;
  const isEmpty = bytes.length === 0;
  if (type === undefined) return isEmpty ? undefined : bytes;
  if (isJson(type)) {
    if (isEmpty) return undefined;
    const text = utf8Text(bytes) ?? refuseAttribute('data', 'JSON in UTF-8', bytes);
    return parsedJson(text, '`data`');
  }
  // Text of a charset that its type does not name is passed on as it is.
  return isText(type) ? (utf8Text(bytes) ?? bytes) : bytes;
}

/** The bytes of a body; `undefined` where there is none. */
export function bodyBytes(body: unknown, limits: Limits): Uint8Array | undefined {
  if (body === undefined || body === null) return undefined;
  const bytes = typeof body === 'string' ? textBytes(body, limits) : rawBytes(body);
  checkLimit(limits, 'maxBodyBytes', bytes.length);
  return bytes;
}

/** The text of a structured-mode body. */
export function bodyText(body: unknown, limits: Limits): string {
  if (typeof body === 'string') {
    // A text of n units has between n and 3n bytes: those are counted only where it matters.
    if (body.length * 3 > limits.maxBodyBytes) bodyBytes(body, limits);
    return body;
  }
  const bytes = bodyBytes(body, limits) ?? refuseMessage('a structured message must have a body', body);
  return utf8Text(bytes) ?? refuseMessage('the body must be UTF-8', bytes);
}

function textBytes(text: string, limits: Limits): Uint8Array {
  checkLimit(limits, 'maxBodyBytes', text.length);
  return utf8(text);
}

function rawBytes(body: unknown): Uint8Array {
  if (isBytes(body)) return body;
  if (body instanceof ArrayBuffer) return new Uint8Array(body);
  return refuseMessage('the body must be read before: a Uint8Array, an ArrayBuffer or a text', body);
}
