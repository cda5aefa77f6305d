/** The head of an HTTP/2 request in the form of HTTP/1.1: RFC 9113, 8.2 and 8.3. */

/** A head, as a message of HTTP/1.1 would have it. */
export interface PlainHead {
  readonly method: string;
  readonly target: string;
  /** Name, value, name, value …: with `Host`, and `Transfer-Encoding` for a body of unknown length. */
  readonly fields: readonly string[];
}

/** Fields of one connection: a message of HTTP/2 that has them is malformed. */
const FORBIDDEN = /* @__PURE__ */ new Set([
  ...['connection', 'keep-alive', 'proxy-connection', 'transfer-encoding', 'upgrade', 'http2-settings'],
]);
const PSEUDO = /* @__PURE__ */ new Set([':method', ':scheme', ':authority', ':path']);

/** The pseudo-header fields by name, and how many fields they take; `undefined` where one is none. */
function pseudoFields(raw: readonly string[]): ReadonlyMap<string, string> | undefined {
  const found = new Map<string, string>();
  for (let at = 0; at < raw.length && raw[at]!.startsWith(':'); at += 2) {
    const name = raw[at]!;
    if (!PSEUDO.has(name) || found.has(name)) return undefined;
    found.set(name, raw[at + 1]!);
  }
  return found;
}

/** The method and the target, where the pseudo-header fields are those of a request. */
function requestLine(pseudo: ReadonlyMap<string, string>): readonly [string, string] | undefined {
  const method = pseudo.get(':method');
  const path = pseudo.get(':path');
  const scheme = pseudo.get(':scheme');
  if (method === 'CONNECT') {
    const authority = pseudo.get(':authority');
    return authority === undefined || path !== undefined || scheme !== undefined
      ? undefined
      : [method, authority];
  }
  if (method === undefined || path === undefined) return undefined;
  if (scheme !== 'https' && scheme !== 'http') return undefined;
  return path.startsWith('/') || path === '*' ? [method, path] : undefined;
}

/**
 * Reads the head of a request of HTTP/2: name, value, name, value … as they came. A `host` that differs from
 * `:authority` is kept beside it, so that there are two. `undefined` for what is malformed.
 *
 * @param ended whether the request has no body.
 */
export function readHttp2Head(raw: readonly string[], ended: boolean): PlainHead | undefined {
  const pseudo = pseudoFields(raw);
  if (pseudo === undefined) return undefined;
  const line = requestLine(pseudo);
  if (line === undefined) return undefined;
  const authority = pseudo.get(':authority');
  const fields: string[] = authority === undefined ? [] : ['Host', authority];
  // Where the cookies stand, which is behind a name: 0 before the first.
  let cookieAt = 0;
  let framed = ended;
  for (let at = pseudo.size * 2; at < raw.length; at += 2) {
    const [name, value] = [raw[at]!, raw[at + 1]!];
    if (name.startsWith(':') || name !== name.toLowerCase() || FORBIDDEN.has(name)) return undefined;
    if (name === 'te' && value.toLowerCase() !== 'trailers') return undefined;
    if (name === 'host' && value === authority) continue;
    if (name === 'cookie' && cookieAt > 0) {
      // One field again, or a server of HTTP/1.1 would take them for different ones.
      fields[cookieAt] += `; ${value}`;
      continue;
    }
    if (name === 'content-length') framed = true;
    if (name === 'cookie') cookieAt = fields.length + 1;
    fields.push(name, value);
  }
  if (!framed) fields.push('Transfer-Encoding', 'chunked');
  return { method: line[0], target: line[1], fields };
}
