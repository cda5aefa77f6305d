import { randomInt } from 'node:crypto';

/** The kinds of records that are asked for, by their numbers. */
export const dnsTypes = { A: 1, AAAA: 28, SRV: 33 } as const;

/** A kind of record. */
export type DnsType = keyof typeof dnsTypes;

/** One record of an answer. */
export interface DnsRecord {
  readonly type: number;
  /** How long it is true, in s. */
  readonly ttl: number;
  /** An address, or a name with a port. */
  readonly host: string;
  readonly port: number;
  readonly priority: number;
  readonly weight: number;
}

/** What a server has answered. */
export interface DnsAnswer {
  /** 0 for all is well, 3 for no such name. */
  readonly code: number;
  /** Whether there is more, which TCP would have. */
  readonly truncated: boolean;
  readonly records: readonly DnsRecord[];
}

/** A question as bytes, by a number that nobody can guess. */
export interface DnsQuestion {
  readonly id: number;
  readonly bytes: Buffer;
}

const MOST_JUMPS = 64;
const HEADER = 12;

/** @throws RangeError for what is no name. */
export function writeQuestion(name: string, type: DnsType): DnsQuestion {
  const id = randomInt(65_536);
  const labels = name.replace(/\.$/, '').split('.');
  const isName = labels.every(label => label.length > 0 && Buffer.byteLength(label) <= 63);
  if (!isName || name.length > 253) throw new RangeError(`dns: ${name} is no name`);
  const header = Buffer.alloc(HEADER);
  header.writeUInt16BE(id, 0);
  // Recursion is wanted; one question.
  header.writeUInt16BE(0x0100, 2);
  header.writeUInt16BE(1, 4);
  const parts = labels.flatMap(label => [Buffer.from([Buffer.byteLength(label)]), Buffer.from(label)]);
  const end = Buffer.from([0, 0, dnsTypes[type], 0, 1]);
  return { id, bytes: Buffer.concat([header, ...parts, end]) };
}

/** A name, which may go on elsewhere in the message; `next` is behind it. */
function readName(bytes: Buffer, from: number): { readonly name: string; readonly next: number } {
  const labels: string[] = [];
  let at = from;
  let next: number | undefined;
  for (let jumps = 0; ; ) {
    const length = bytes.readUInt8(at);
    if (length === 0) return { name: labels.join('.').toLowerCase(), next: next ?? at + 1 };
    if (length >= 0xc0) {
      next ??= at + 2;
      at = bytes.readUInt16BE(at) & 0x3fff;
      if (++jumps > MOST_JUMPS) throw new RangeError('dns: a name without an end');
      continue;
    }
    if (length > 63 || at + 1 + length > bytes.length) throw new RangeError('dns: a label that is too long');
    labels.push(bytes.toString('latin1', at + 1, at + 1 + length));
    if (labels.length > 128) throw new RangeError('dns: a name that is too long');
    at += 1 + length;
  }
}

function readAddress(bytes: Buffer): string {
  if (bytes.length === 4) return bytes.join('.');
  const groups = Array.from({ length: 8 }, (_, at) => bytes.readUInt16BE(2 * at).toString(16));
  return `[${groups.join(':')}]`;
}

function readRecord(
  bytes: Buffer,
  type: number,
  ttl: number,
  from: number,
  to: number,
): DnsRecord | undefined {
  const bare = { type, ttl, port: 0, priority: 0, weight: 0 };
  const length = to - from;
  if ((type === dnsTypes.A && length === 4) || (type === dnsTypes.AAAA && length === 16)) {
    return { ...bare, host: readAddress(bytes.subarray(from, to)) };
  }
  if (type !== dnsTypes.SRV || length < 7) return undefined;
  const [priority, weight, port] = [0, 2, 4].map(offset => bytes.readUInt16BE(from + offset));
  const { name: host } = readName(bytes, from + 6);
  // A service that says `.` is not there.
  return host === '' ? undefined : { ...bare, host, port: port!, priority: priority!, weight: weight! };
}

/**
 * An answer to a question; `undefined` for what is none to it: anybody may send something to a port.
 *
 * @throws RangeError for what is no message.
 */
export function readAnswer(bytes: Buffer, { id, bytes: asked }: DnsQuestion): DnsAnswer | undefined {
  if (bytes.length < HEADER || bytes.readUInt16BE(0) !== id) return undefined;
  const flags = bytes.readUInt16BE(2);
  const isAnswer = (flags & 0x8000) !== 0 && bytes.readUInt16BE(4) === 1;
  const question = readName(bytes, HEADER);
  const same = readName(asked, HEADER).name === question.name;
  const kind = bytes.subarray(question.next, question.next + 4);
  if (!isAnswer || !same || !kind.equals(asked.subarray(-4))) return undefined;
  const records: DnsRecord[] = [];
  let at = question.next + 4;
  for (let left = bytes.readUInt16BE(6); left > 0; left--) {
    at = readName(bytes, at).next;
    const type = bytes.readUInt16BE(at);
    const ttl = bytes.readUInt32BE(at + 4);
    const end = at + 10 + bytes.readUInt16BE(at + 8);
    if (end > bytes.length) throw new RangeError('dns: an answer that is cut off');
    const record = readRecord(bytes, type, ttl > 0x7fffffff ? 0 : ttl, at + 10, end);
    if (record !== undefined && type === kind.readUInt16BE(0)) records.push(record);
    at = end;
  }
  return { code: flags & 15, truncated: (flags & 0x0200) !== 0, records };
}
