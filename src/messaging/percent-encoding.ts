import { refuseAttribute } from './cloud-event-refusal.js';

/** A header value of HTTP and NATS: UTF-8, percent-encoded but for `!` to `~` without `"` and `%`. */
export function encodeHeaderValue(value: string): string {
  return value.replace(/[^!#$&-~]/gu, encodeURIComponent);
}

/**
 * The value in a header: quotes around all of it are taken off, then one round of percent-decoding. Throws a
 * `CloudEventError` for what is no ASCII, an open quote, a broken escape, and bytes that are no UTF-8.
 */
export function decodeHeaderValue(attribute: string, header: string): string {
  if (/[^\t -~]/.test(header)) refuseAttribute(attribute, 'percent-encoded outside ASCII', header);
  const text = header.trim();
  const value = text.startsWith('"') ? unquoted(attribute, text) : text;
  if (!value.includes('%')) return value;
  try {
    return decodeURIComponent(value);
  } catch {
    return refuseAttribute(attribute, 'percent-encoded UTF-8', header);
  }
}

/** The content of a quoted-string of RFC 7230 §3.2.6: a backslash takes what follows as it is. */
function unquoted(attribute: string, text: string): string {
  const inner = text.slice(1, -1);
  const endsThere = text.length > 1 && text.endsWith('"') && !/["\\]/.test(inner.replace(/\\./g, ''));
  return endsThere
    ? inner.replace(/\\(.)/g, '$1')
    : refuseAttribute(attribute, 'a quoted string that ends where the header does', text);
}
