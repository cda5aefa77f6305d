/** What of a message is for the next hop only: RFC 9110, 7.6.1; and what is told to the one after it. */

/** Fields of one connection, and what a proxy speaks of with its client: never handed on, either way. */
const HOP = /* @__PURE__ */ new Set([
  ...['connection', 'keep-alive', 'proxy-connection', 'proxy-authenticate', 'proxy-authorization'],
  ...['proxy-authentication-info', 'te', 'trailer', 'transfer-encoding', 'upgrade', 'http2-settings'],
]);
/** What never is a trailer: where a message ends, who asks, where it goes, how it is to be read. */
const NO_TRAILER = /* @__PURE__ */ new Set([
  ...['content-length', 'content-encoding', 'content-type', 'content-range', 'host', 'authorization'],
  ...[
    'set-cookie',
    'cookie',
    'cache-control',
    'expect',
    'max-forwards',
    'pragma',
    'range',
    'www-authenticate',
  ],
  ...['age', 'date', 'expires', 'location', 'retry-after', 'vary', 'warning', 'forwarded', 'via'],
]);

/** Many servers read `_` and `-` in a name as the same; so does who takes fields away. */
export const plainName = (lower: string): string =>
  lower.includes('_') ? lower.replaceAll('_', '-') : lower;

/**
 * Fields to hand on, of a list of name and value in turn: without those of the hop, those that `Connection`
 * names, and those that `drop` wants gone, which is asked for names in lower case with `-` for `_`.
 */
export function passFields(
  raw: readonly string[],
  names: readonly string[],
  listed: readonly string[],
  drop: (name: string) => boolean,
): string[] {
  const gone = new Set(listed.map(plainName));
  return without(raw, names, name => gone.has(name) || drop(name));
}

function without(
  raw: readonly string[],
  names: readonly string[],
  drop: (name: string) => boolean,
): string[] {
  const passed: string[] = [];
  for (const [at, lower] of names.entries()) {
    const name = plainName(lower);
    if (!HOP.has(name) && !drop(name)) passed.push(raw[at * 2]!, raw[at * 2 + 1]!);
  }
  return passed;
}

/** The names of a list of name and value in turn, in lower case. */
export function namesOf(raw: readonly string[]): string[] {
  const names: string[] = [];
  for (let at = 0; at < raw.length; at += 2) names.push(raw[at]!.toLowerCase());
  return names;
}

/** What `Connection` names, in a list of fields. */
export function listedOf(raw: readonly string[], names: readonly string[]): string[] {
  const listed: string[] = [];
  for (const [at, name] of names.entries()) {
    if (name !== 'connection') continue;
    for (const one of raw[at * 2 + 1]!.split(',')) listed.push(one.trim().toLowerCase());
  }
  return listed;
}

/** Trailers to hand on: without those that are none, and those that `drop` wants gone, as above. */
export function passTrailers(raw: readonly string[], drop: (name: string) => boolean): string[] {
  return without(raw, namesOf(raw), name => NO_TRAILER.has(name) || drop(name));
}

/** The text for one end of `Forwarded`: an address of IPv6 is in brackets and quotes. */
export function forwardedNode(ip: string): string {
  if (ip === '') return 'unknown';
  return ip.includes(':') ? `"[${ip}]"` : ip;
}

/** A value of `Forwarded`, in quotes where it is no token. */
export function forwardedValue(text: string): string {
  return /^[\w!#$%&'*+.^`|~-]+$/.test(text) ? text : `"${text.replace(/["\\]/g, '\\$&')}"`;
}

/** Whether a list of `Via` values names `pseudonym`: then a message has come back to where it was. */
export function hasVia(values: readonly string[], pseudonym: string): boolean {
  return values.some(value =>
    value.split(',').some(hop => hop.split(/[ \t]/).filter(Boolean)[1] === pseudonym),
  );
}
