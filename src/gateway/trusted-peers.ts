import { type IpAddress, type IpRange, inRange, readIp, readRange } from '../core/ip-range.js';
import { refuse } from '../kernel/options.js';
import type { IncomingCall } from './gateway-request.js';

/** Reads a list of addresses and ranges. @throws TypeError that names the option. */
export function readRanges(owner: string, option: string, list: readonly string[]): IpRange[] {
  if (!Array.isArray(list)) refuse(owner, option, 'a list of addresses, or ranges such as 10.0.0.0/8', list);
  return list.map(
    text =>
      (typeof text === 'string' ? readRange(text) : undefined) ??
      refuse(owner, option, 'a list of addresses, or ranges such as 10.0.0.0/8', text),
  );
}

/** Whether one of them has the address. */
export const within = (ranges: readonly IpRange[], address: IpAddress): boolean =>
  ranges.some(range => inRange(range, address));

/** An address as `X-Forwarded-For` has it: some write a port, and brackets. */
function readHop(text: string): IpAddress | undefined {
  const trimmed = text.trim();
  const bracketed = /^\[([^\]]*)\](?::\d+)?$/.exec(trimmed)?.[1];
  return readIp(bracketed ?? trimmed.replace(/^(\d+\.\d+\.\d+\.\d+):\d+$/, '$1'));
}

/**
 * Who the client is: the peer, or where that is trusted the last one that no trusted peer has written down.
 * What stands left of an address that nobody can read is not believed.
 */
export function findClient(call: IncomingCall, trusted: readonly IpRange[]): void {
  let address = readIp(call.head.peer);
  call.address = address;
  if (address === undefined || !within(trusted, address)) return;
  call.trusted = true;
  const hops = call.header('x-forwarded-for')?.split(',') ?? [];
  for (const hop of hops.reverse()) {
    const next = readHop(hop);
    if (next === undefined) break;
    address = next;
    if (!within(trusted, next)) break;
  }
  call.address = address;
  const scheme = call.header('x-forwarded-proto')?.split(',').at(-1)?.trim().toLowerCase();
  if (scheme === 'http' || scheme === 'https') call.scheme = scheme;
}
