import { plainName } from './hop-fields.js';

/** What the fields of a request have to be before anybody goes by them: RFC 9110, 5 and 7; RFC 9112, 6. */

/** What the fields of a request say about the request itself. */
export interface RequestFacts {
  /** The names in lower case, one for each pair of the list that was read. */
  readonly names: readonly string[];
  /** The `Host` field; `undefined` where HTTP/1.0 sent none. */
  readonly host: string | undefined;
  /** What `Content-Length` says; `undefined` without one. */
  readonly length: number | undefined;
  readonly chunked: boolean;
  /** Whether it waits for a 100 before it sends its body. */
  readonly waits: boolean;
  /** The first protocol of `Upgrade`, in lower case, where `Connection` names that. */
  readonly upgrade: string | undefined;
  /** What `Connection` names, in lower case. */
  readonly listed: readonly string[];
  /** Methods by which some servers go in place of the one of the request, in upper case. */
  readonly overrides: readonly string[];
}

/** Why a request cannot be taken: a status, and a word for who sent it. */
export interface FieldRefusal {
  readonly status: 400 | 417 | 431 | 501;
  readonly why: string;
}

const TOKEN = /^[\w!#$%&'*+.^`|~-]+$/;
/** No control but a tab: a line end would begin another field. */
const VALUE = /^[\t\x20-\x7e\x80-\uffff]*$/;
/** What `Connection` must not name: to take them away changes who somebody is, or where the message ends. */
const KEPT = /* @__PURE__ */ new Set([
  ...['host', 'content-length', 'authorization', 'cookie', 'forwarded', 'via', 'date', 'content-type'],
  ...['x-real-ip', 'x-request-id', 'traceparent', 'tracestate', 'transfer-encoding', 'content-encoding'],
  ...['content-digest', 'repr-digest', 'signature', 'signature-input'],
]);
/** What may be in a connection without ever being asked about. */
const QUIET = /* @__PURE__ */ new Set(['close', 'keep-alive', 'upgrade', 'te', 'trailer', 'http2-settings']);

/** Fields in which clients name another method. */
const OVERRIDES = /* @__PURE__ */ new Set(['x-http-method-override', 'x-http-method', 'x-method-override']);

/** Whether a text is the name of a field. */
export const isFieldName = (name: string): boolean => TOKEN.test(name);
/** Whether a text can be the value of a field. */
export const isFieldValue = (value: string): boolean => VALUE.test(value);

const refused = (status: FieldRefusal['status'], why: string): FieldRefusal => ({ status, why });
const tokens = (value: string): string[] =>
  value
    .toLowerCase()
    .split(',')
    .map(token => token.trim())
    .filter(token => token !== '');

/** How the body is framed, or why nobody can tell. */
function framing(
  lengths: readonly string[],
  codings: readonly string[],
  version: string,
): FieldRefusal | { readonly length: number | undefined; readonly chunked: boolean } {
  if (codings.length === 0) {
    const [text] = lengths;
    if (text === undefined) return { length: undefined, chunked: false };
    if (lengths.length > 1) return refused(400, 'more than one Content-Length');
    if (!/^\d{1,15}$/.test(text)) return refused(400, 'a Content-Length that is no number');
    return { length: Number(text), chunked: false };
  }
  if (lengths.length > 0) return refused(400, 'both Content-Length and Transfer-Encoding');
  if (version === '1.0') return refused(400, 'Transfer-Encoding in HTTP/1.0');
  const all = tokens(codings.join(','));
  if (all.length === 1 && all[0] === 'chunked') return { length: undefined, chunked: true };
  const unknown = all.some(coding => coding !== 'chunked');
  return unknown ? refused(501, 'an unknown transfer coding') : refused(400, 'chunked other than once');
}

const guarded = (name: string, own: ReadonlySet<string>): boolean =>
  KEPT.has(name) || own.has(name) || name.startsWith('x-forwarded-');

/**
 * Reads the fields of a request: name, value, name, value … as they came.
 *
 * @param own names that `Connection` must not take away either, in lower case with `-` for `_`.
 */
export function readFields(
  raw: readonly string[],
  version: string,
  maxCount: number,
  own: ReadonlySet<string>,
): RequestFacts | FieldRefusal {
  if (raw.length > maxCount * 2) return refused(431, 'too many fields');
  const names: string[] = [];
  const of: Record<'host' | 'length' | 'coding' | 'connection' | 'expect' | 'upgrade', string[]> = {
    ...{ host: [], length: [], coding: [], connection: [], expect: [], upgrade: [] },
  };
  const overrides: string[] = [];
  for (let at = 0; at < raw.length; at += 2) {
    const [name, value] = [raw[at]!, raw[at + 1]!];
    if (!TOKEN.test(name) || !VALUE.test(value)) return refused(400, 'a field that is none');
    const lower = name.toLowerCase();
    names.push(lower);
    if (lower === 'host') of.host.push(value);
    else if (lower === 'content-length') of.length.push(value);
    else if (lower === 'transfer-encoding') of.coding.push(value);
    else if (lower === 'connection') of.connection.push(value);
    else if (lower === 'expect') of.expect.push(value.toLowerCase());
    else if (lower === 'upgrade') of.upgrade.push(value);
    else if (OVERRIDES.has(plainName(lower))) overrides.push(value.trim().toUpperCase());
  }
  const [host] = of.host;
  if (of.host.length > 1) return refused(400, 'more than one Host');
  if (host === undefined && version !== '1.0') return refused(400, 'no Host');
  const frame = framing(of.length, of.coding, version);
  if ('status' in frame) return frame;
  if (of.expect.some(value => value !== '100-continue')) return refused(417, 'an unknown expectation');
  const listed = tokens(of.connection.join(','));
  if (listed.some(name => !TOKEN.test(name) || guarded(plainName(name), own))) {
    return refused(400, 'a Connection that names what it must not');
  }
  const waits = of.expect.length > 0 && version !== '1.0';
  const [protocol] = listed.includes('upgrade') ? tokens(of.upgrade.join(',')) : [];
  const named = listed.filter(name => !QUIET.has(name));
  return { names, host, ...frame, waits, upgrade: protocol, listed: named, overrides };
}
