/** What an address has to be, in words. */
export const addressRule = '`host:port`, or an origin such as `http://10.0.0.5:8080`, with IPv6 in brackets';

const LONGEST = 300;
const SCHEME = /^[a-z][a-z0-9+.-]{0,30}$/;
const LABEL = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/i;

function isIpv4(host: string): boolean {
  const parts = host.split('.');
  return parts.length === 4 && parts.every(part => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) <= 255);
}

/** Groups of hexadecimal digits with one `::` at most, and perhaps an IPv4 address at the end. */
function isIpv6(host: string): boolean {
  const halves = host.split('::');
  if (halves.length > 2) return false;
  let groups = 0;
  for (const [at, half] of halves.entries()) {
    if (half === '') continue;
    const parts = half.split(':');
    const isEnd = at === halves.length - 1;
    for (const [place, part] of parts.entries()) {
      if (/^[0-9a-f]{1,4}$/i.test(part)) groups++;
      else if (isEnd && place === parts.length - 1 && isIpv4(part)) groups += 2;
      else return false;
    }
  }
  return halves.length === 2 ? groups <= 7 : groups === 8;
}

/** A name whose last part is a number is read as an IPv4 address by some, so it has to be one. */
function isHost(host: string): boolean {
  if (host.startsWith('[')) return host.endsWith(']') && isIpv6(host.slice(1, -1));
  const labels = host.split('.');
  if (/^(\d+|0x[0-9a-f]*)$/i.test(labels.at(-1)!)) return isIpv4(host);
  return host.length <= 253 && labels.every(label => LABEL.test(label));
}

const isPort = (port: string): boolean => /^[1-9]\d{0,4}$/.test(port) && Number(port) <= 65_535;

/**
 * Whether somebody may be sent there: a host, which is a name, an IPv4 address or an IPv6 address in
 * brackets, and a port. No path, no query, no credentials, no white space, no escapes.
 */
export function isAddress(address: string): boolean {
  if (address.length > LONGEST) return false;
  const end = address.indexOf('://');
  if (end >= 0 && !SCHEME.test(address.slice(0, end))) return false;
  const authority = end < 0 ? address : address.slice(end + 3);
  const colon = authority.lastIndexOf(':');
  const hasPort = colon > authority.lastIndexOf(']');
  if (!hasPort) return end >= 0 && isHost(authority);
  return isHost(authority.slice(0, colon)) && isPort(authority.slice(colon + 1));
}
