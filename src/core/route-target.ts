/** What a request asks for: the forms of RFC 9112, 3.2, and the host of RFC 9110, 7.2. */

/** A request target, taken apart. */
export interface RequestTarget {
  /** As it came, without the query; `*` where the request is for the server as a whole. */
  readonly path: string;
  /** With its `?`, byte for byte; empty without one. */
  readonly query: string;
  /** That of a target in absolute form: it counts in place of the `Host` field. */
  readonly authority: string | undefined;
}

/** A host, and its port where it says one. */
export interface RequestHost {
  /** In lower case, without the dot at its end; IPv6 in brackets. */
  readonly name: string;
  /** `undefined` where it is that of the scheme. */
  readonly port: number | undefined;
}

/** Visible characters, but for `#`. */
const QUERY = /^\?[!"$-~]*$/;
/** Up to the end of the authority. */
const ABSOLUTE = /^https?:\/\/([^/?#\\]*)/i;
/** A name or an IPv4 address: RFC 3986 takes more, DNS does not. */
const NAME = /^[a-z\d](?:[a-z\d_.-]*[a-z\d_])?\.?$/;
const BRACKETS = /^\[[\da-f:.]{2,45}\]$/;
const PORT = /^\d{0,5}$/;
const MAX_HOST = 255;

/** `undefined` for what is no target of this method, and for what only a tunnel would take. */
export function readTarget(method: string, target: string): RequestTarget | undefined {
  if (target === '*') {
    return method === 'OPTIONS' ? { path: '*', query: '', authority: undefined } : undefined;
  }
  const absolute = ABSOLUTE.exec(target);
  const rest = absolute === null ? target : target.slice(absolute[0].length);
  const mark = rest.indexOf('?');
  const query = mark < 0 ? '' : rest.slice(mark);
  if (query !== '' && !QUERY.test(query)) return undefined;
  const path = mark < 0 ? rest : rest.slice(0, mark);
  if (absolute !== null) return { path: path === '' ? '/' : path, query, authority: absolute[1]! };
  return path.startsWith('/') ? { path, query, authority: undefined } : undefined;
}

/** A `Host` field, or an authority without credentials; `undefined` where it is none. */
export function readHost(text: string): RequestHost | undefined {
  if (text.length > MAX_HOST) return undefined;
  const host = text.toLowerCase();
  const colon = host.lastIndexOf(':');
  const hasPort = colon > host.lastIndexOf(']');
  const name = hasPort ? host.slice(0, colon) : host;
  const digits = hasPort ? host.slice(colon + 1) : '';
  if (!PORT.test(digits) || Number(digits) > 65_535) return undefined;
  if (!BRACKETS.test(name) && (!NAME.test(name) || name.includes('..'))) return undefined;
  const port = digits === '' ? undefined : Number(digits);
  return { name: name.endsWith('.') ? name.slice(0, -1) : name, port };
}
