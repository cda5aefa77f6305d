/** Addresses and ranges of IP, as eight groups of 16 bits; IPv4 is the part of IPv6 that stands for it. */

/** An address. */
export type IpAddress = readonly number[];

/** All addresses that begin alike. */
export interface IpRange {
  readonly address: IpAddress;
  readonly bits: number;
}

const FOUR = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/;
const GROUP = /^[\da-f]{1,4}$/i;
const MAPPED = [0, 0, 0, 0, 0, 0xffff];

function readFour(text: string): number[] | undefined {
  const parts = FOUR.exec(text)?.slice(1);
  if (parts === undefined || parts.some(part => Number(part) > 255 || /^0\d/.test(part))) return undefined;
  const [a, b, c, d] = parts.map(Number) as [number, number, number, number];
  return [a * 256 + b, c * 256 + d];
}

function readGroups(text: string, isEnd: boolean): number[] | undefined {
  if (text === '') return [];
  const groups: number[] = [];
  const parts = text.split(':');
  for (const [place, part] of parts.entries()) {
    const four = isEnd && place === parts.length - 1 ? readFour(part) : undefined;
    if (four !== undefined) groups.push(...four);
    else if (GROUP.test(part)) groups.push(Number.parseInt(part, 16));
    else return undefined;
  }
  return groups;
}

/** An address without brackets; a zone after `%` is left out. `undefined` for what is none. */
export function readIp(text: string): IpAddress | undefined {
  const four = readFour(text);
  if (four !== undefined) return [...MAPPED, ...four];
  const halves = text.replace(/%[\w.-]+$/, '').split('::');
  if (halves.length > 2) return undefined;
  const whole = halves.length === 1;
  const head = readGroups(halves[0]!, whole);
  const tail = whole ? [] : readGroups(halves[1]!, true);
  if (head === undefined || tail === undefined) return undefined;
  const missing = 8 - head.length - tail.length;
  if (whole) return missing === 0 ? head : undefined;
  return missing < 1 ? undefined : [...head, ...Array<number>(missing).fill(0), ...tail];
}

/** Whether it is one of IPv4. */
export const isFour = (address: IpAddress): boolean =>
  MAPPED.every((group, place) => address[place] === group);

/** The address in one form: IPv4 with dots, IPv6 in eight groups. */
export function showIp(address: IpAddress): string {
  if (!isFour(address)) return address.map(group => group.toString(16)).join(':');
  const [high, low] = address.slice(6) as [number, number];
  return [high >> 8, high & 255, low >> 8, low & 255].join('.');
}

/** Whom an address stands for where calls are counted: with IPv6 everybody has a /64 to choose from. */
export function ipKey(address: IpAddress): string {
  if (isFour(address)) return showIp(address);
  return `${address
    .slice(0, 4)
    .map(group => group.toString(16))
    .join(':')}::/64`;
}

/** `10.0.0.0/8`, `fd00::/8`, or one address; `undefined` where it is none. */
export function readRange(text: string): IpRange | undefined {
  const [ip, digits, more] = text.split('/');
  const address = readIp(ip!);
  if (address === undefined || more !== undefined) return undefined;
  if (digits === undefined) return { address, bits: 128 };
  // Those of IPv4 count from where its part begins.
  const bits = /^\d{1,3}$/.test(digits) ? Number(digits) + (text.includes('.') ? 96 : 0) : 129;
  return bits > 128 ? undefined : { address, bits };
}

/** Whether an address is in a range. */
export function inRange({ address: from, bits }: IpRange, address: IpAddress): boolean {
  return from.every((group, place) => {
    // How many bits of this group are not of the range.
    const shift = Math.min(16, Math.max(0, 16 * (place + 1) - bits));
    return group >> shift === address[place]! >> shift;
  });
}
